/** The fault proxy does to a real Redis what it promises: a test whose fault never happens would prove nothing. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { openFaultProxy } from '../support/fault-proxy.ts'
import { startRedis, sendInlineCommand } from '../support/redis.ts'
import { createCommandReader } from '../support/redis-commands.ts'

const resp = (...words: readonly string[]): string => `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`

const open = async (t: Test) => {
  const redis = await startRedis()
  t.teardown(() => redis.stop())
  const proxy = await openFaultProxy(t, redis.port)
  const port = Number(new URL(proxy.url).port)
  const join = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => { socket.destroy() })
    await once(socket, 'connect')
    return socket
  }
  return { redis, proxy, port, join }
}

/** Reads until `length` bytes have come. */
const receive = async (socket: Socket, length: number): Promise<string> => {
  let text = ''
  while (text.length < length) text += String((await once(socket, 'data'))[0])
  return text
}

/** Resolves with the error code with which a connection ended. */
const ending = async (socket: Socket): Promise<string> => {
  const [error] = await once(socket, 'error') as [NodeJS.ErrnoException] // a reset is an error
  return String(error.code)
}

await t.test('commands: they are whole, in order and named when they come in pieces', async (t) => {
  const text = `${resp('SET', 'a', '1\r\n*2\r\n')}${resp('EVAL', 'return 1', '0')}PING\r\n${resp('get', 'ä')}`
  for (const size of [1, 2, 7, 1000]) {
    const commandsOf = createCommandReader()
    const bytes = Buffer.from(text)
    const commands = []
    for (let at = 0; at < bytes.length; at += size) commands.push(...commandsOf(bytes.subarray(at, at + size)))
    t.strictSame(commands.map(({ name }) => name), ['SET', 'EVAL', 'PING', 'GET'], `in pieces of ${size}`)
    t.equal(Buffer.concat(commands.map(({ raw }) => raw)).toString(), text)
  }
})

await t.test('fault proxy: Redis has not received the command when the connection is cut before it', async (t) => {
  const { redis, proxy, join } = await open(t)
  const socket = await join()
  proxy.cut('before', 1)
  const ended = ending(socket)
  socket.write(resp('PING') + resp('SET', 'a', '1'))
  t.equal(await ended, 'ECONNRESET')
  t.equal(proxy.left, 0)
  t.equal(await sendInlineCommand(redis.port, 'EXISTS a'), ':0')
  const next = await join()
  next.write(resp('SET', 'a', '2'))
  t.equal(await receive(next, 5), '+OK\r\n', 'the next connection works')
})

await t.test('fault proxy: Redis has executed the command, and no answer comes, when the connection is cut after it', async (t) => {
  const { redis, proxy, join } = await open(t)
  const socket = await join()
  proxy.cut('after', 1, /^EVAL$/)
  socket.write(resp('SET', 'a', '1'))
  t.equal(await receive(socket, 5), '+OK\r\n', 'other commands pass')
  const ended = ending(socket)
  socket.write(resp('EVAL', 'return redis.call(\'INCR\', \'a\')', '0'))
  t.equal(await ended, 'ECONNRESET')
  t.equal(socket.bytesRead, 5, 'no answer came')
  t.equal(await sendInlineCommand(redis.port, 'INCR a'), ':3', 'once, and only once')
})

await t.test('fault proxy: open connections are reset, and new ones when it refuses', async (t) => {
  const { proxy, port, join } = await open(t)
  const first = await join()
  first.write(resp('PING'))
  await receive(first, 7)
  const ended = ending(first)
  proxy.reset()
  t.equal(await ended, 'ECONNRESET')
  proxy.refuse(true)
  t.equal(await ending(connect(port, '127.0.0.1')), 'ECONNRESET')
  proxy.refuse(false)
  const next = await join()
  next.write(resp('PING'))
  t.equal(await receive(next, 7), '+PONG\r\n')
})

await t.test('fault proxy: no bytes pass when it is silent, and connections that have missed some are reset afterwards', async (t) => {
  const { redis, proxy, join } = await open(t)
  const active = await join()
  const idle = await join()
  for (const socket of [active, idle]) {
    socket.write(resp('PING'))
    await receive(socket, 7)
  }
  proxy.silence(true)
  const ended = ending(active)
  active.write(resp('SET', 'a', '1'))
  while (active.writableLength > 0) await once(active, 'drain')
  await new Promise((resolve) => { setTimeout(resolve, 100) }) // the absence of bytes can't be awaited
  proxy.silence(false)
  t.equal(await ended, 'ECONNRESET')
  t.equal(await sendInlineCommand(redis.port, 'EXISTS a'), ':0')
  idle.write(resp('PING'))
  t.equal(await receive(idle, 7), '+PONG\r\n', 'an idle connection still works')
})

await t.test('fault proxy: answers come late and in order when it delays', async (t) => {
  const { proxy, join } = await open(t)
  const socket = await join()
  proxy.delay(100)
  const start = performance.now()
  socket.write(resp('ECHO', '1'))
  await new Promise((resolve) => { setTimeout(resolve, 20) }) // so that the first is still delayed
  proxy.delay(0)
  socket.write(resp('ECHO', '2'))
  t.equal(await receive(socket, 14), '$1\r\n1\r\n$1\r\n2\r\n')
  t.ok(performance.now() - start >= 100, 'not earlier than the delay')
})
