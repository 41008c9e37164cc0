/** Owns that the fault proxy does to a real Redis what it says: a test that relies on a fault that never came would prove nothing. */
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

/** Everything that came until `length` bytes are there. */
const heard = async (socket: Socket, length: number): Promise<string> => {
  let text = ''
  while (text.length < length) text += String((await once(socket, 'data'))[0])
  return text
}

/** How a connection ended. */
const ending = async (socket: Socket): Promise<string> => {
  const [error] = await once(socket, 'error') as [NodeJS.ErrnoException] // a reset is an error
  return String(error.code)
}

await t.test('commands: are whole, in order and named when they come in pieces', async (t) => {
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

await t.test('fault proxy: Redis has not seen the command when it was cut before', async (t) => {
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
  t.equal(await heard(next, 5), '+OK\r\n', 'the next one works')
})

await t.test('fault proxy: Redis has carried the command out and nobody hears of it when it was cut after', async (t) => {
  const { redis, proxy, join } = await open(t)
  const socket = await join()
  proxy.cut('after', 1, /^EVAL$/)
  socket.write(resp('SET', 'a', '1'))
  t.equal(await heard(socket, 5), '+OK\r\n', 'another command passes')
  const ended = ending(socket)
  socket.write(resp('EVAL', 'return redis.call(\'INCR\', \'a\')', '0'))
  t.equal(await ended, 'ECONNRESET')
  t.equal(socket.bytesRead, 5, 'no answer came')
  t.equal(await sendInlineCommand(redis.port, 'INCR a'), ':3', 'once, and only once')
})

await t.test('fault proxy: everybody is reset, and new connections only when it refuses', async (t) => {
  const { proxy, port, join } = await open(t)
  const first = await join()
  first.write(resp('PING'))
  await heard(first, 7)
  const ended = ending(first)
  proxy.reset()
  t.equal(await ended, 'ECONNRESET')
  proxy.refuse(true)
  t.equal(await ending(connect(port, '127.0.0.1')), 'ECONNRESET')
  proxy.refuse(false)
  const next = await join()
  next.write(resp('PING'))
  t.equal(await heard(next, 7), '+PONG\r\n')
})

await t.test('fault proxy: nothing is passed on when it is silent, and who has missed something is reset afterwards', async (t) => {
  const { redis, proxy, join } = await open(t)
  const spoke = await join()
  const kept = await join()
  for (const socket of [spoke, kept]) {
    socket.write(resp('PING'))
    await heard(socket, 7)
  }
  proxy.silence(true)
  const ended = ending(spoke)
  spoke.write(resp('SET', 'a', '1'))
  while (spoke.writableLength > 0) await once(spoke, 'drain')
  await new Promise((resolve) => { setTimeout(resolve, 100) }) // for what must not come there is nothing to await
  proxy.silence(false)
  t.equal(await ended, 'ECONNRESET')
  t.equal(await sendInlineCommand(redis.port, 'EXISTS a'), ':0')
  kept.write(resp('PING'))
  t.equal(await heard(kept, 7), '+PONG\r\n', 'who said nothing goes on')
})

await t.test('fault proxy: answers come late and in order when it delays', async (t) => {
  const { proxy, join } = await open(t)
  const socket = await join()
  proxy.delay(100)
  const start = performance.now()
  socket.write(resp('ECHO', '1'))
  await new Promise((resolve) => { setTimeout(resolve, 20) }) // so that the second finds the first under way
  proxy.delay(0)
  socket.write(resp('ECHO', '2'))
  t.equal(await heard(socket, 14), '$1\r\n1\r\n$1\r\n2\r\n')
  t.ok(performance.now() - start >= 100, 'no sooner than it was told to')
})
