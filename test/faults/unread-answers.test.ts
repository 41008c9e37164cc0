/** Clients that send many requests and read no answer: others are served, and the memory is freed. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { openDeployment, type RunningProcess, type Deployment } from '../support/service-process.ts'
import { startProxy } from '../support/proxies.ts'
import { freePort } from '../support/redis.ts'
import { remote } from '../support/remote.ts'
import { waitAtMost } from '../support/waiting.ts'

/** Returns the resident memory of a process, in MB. */
const memoryOf = ({ pid }: RunningProcess): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const call = (path: string, ...headers: string[]): string => [`GET ${path} HTTP/1.1`, 'Host: a', ...headers, '', ''].join('\r\n')

/** For closing connections on a busy machine. */
const patienceMs = 60_000
/** Memory that may remain in use: counters, and code compiled meanwhile. */
const keptMb = 20

const isWithin = waitAtMost(patienceMs)

const reportsMemory = { NODE_OPTIONS: `--import ${join(import.meta.dirname, '../support/report-memory.ts')}` }

/** Returns the memory that a process has in use after a garbage collection, in MB. */
const inUse = async (running: RunningProcess): Promise<number> => {
  const reports = () => running.stdout().match(/"bytesInUse":\d+/g) ?? []
  const { length } = reports()
  running.kill('SIGWINCH')
  if (!await isWithin(() => reports().length > length)) throw new Error('the process does not report its memory')
  return Number(reports().at(-1)?.replace(/\D+/, '')) / 1024 / 1024
}

/** Asserts that the memory of closed connections is freed. */
const isGivenBack = async (t: Test, running: RunningProcess, quiet: number): Promise<void> => {
  let left = 0
  t.ok(await isWithin(async () => {
    left = await inUse(running)
    return left < quiet + keptMb
  }), `all connections are closed: ${Math.round(quiet)} → ${Math.round(left)} MB in use`)
  t.comment(`all connections are closed: ${Math.round(quiet)} → ${Math.round(left)} MB in use`)
}

const dial = async (t: Test, { port }: Pick<Deployment, 'port'>): Promise<Socket> => {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  return socket
}

/** Returns the requests to try, by name. */
const targets = async (deployment: Deployment): Promise<Readonly<Record<string, string>>> => {
  const { ticket, secret } = await openBrowser(deployment)
  return {
    'the script': call('/scan-login.js', 'Accept-Encoding: br'),
    'the plain script': call('/scan-login.js'),
    'a file': call('/scan-login.d.ts'),
    'the description': call('/openapi.json', 'Accept-Encoding: gzip'),
    'a poll': call(`/api/tickets/${ticket}?after=0`, `Authorization: Ticket ${secret}`),
    'a held poll': call(`/api/tickets/${ticket}?after=1&wait=25`, `Authorization: Ticket ${secret}`),
    'the code': call(`/api/tickets/${ticket}/code`),
    nothing: call('/nothing'),
  }
}

await t.test('E2 unread answers: others are served and the memory is freed when 30 sockets send 200 requests each and read nothing', async (t) => {
  const deployment = await openDeployment(t, { env: { LIMIT_GUESS: '1000000', LOG_LEVEL: 'warn', ...reportsMemory } })
  const running = await deployment.start()
  for (const text of Object.values(await targets(deployment))) (await dial(t, deployment)).write(text) // fills the caches
  t.equal((await openBrowser(deployment)).created.status, 201)
  const quiet = await inUse(running)
  for (const [what, text] of Object.entries(await targets(deployment))) {
    const before = memoryOf(running)
    const sockets = await Promise.all(Array.from({ length: 30 }, async () => {
      const socket = await dial(t, deployment)
      socket.pause()
      socket.write(text.repeat(200))
      return socket
    }))
    const browser = await openBrowser(deployment)
    t.equal(browser.created.status, 201, what)
    t.equal((await deployment.call({ path: '/scan-login.js', headers: { 'accept-encoding': 'br' } })).status, 200, what)
    const peak = memoryOf(running)
    for (const socket of sockets) socket.destroy()
    t.ok(peak < before * 2 + 50, `${what}: ${Math.round(before)} → ${Math.round(peak)} MB`)
    t.comment(`${what}: ${Math.round(before)} → ${Math.round(peak)} MB`)
  }
  await isGivenBack(t, running, quiet)
})

await t.test('E2 unread answers: others are served and the memory is freed when 200 clients behind nginx read nothing', async (t) => {
  const deployment = await openDeployment(t, { env: { LIMIT_GUESS: '1000000', LOG_LEVEL: 'warn', TRUST_PROXY: '127.0.0.1', ...reportsMemory } })
  const running = await deployment.start()
  const port = await freePort()
  await startProxy(t, 'nginx', { listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${deployment.port}` })
  const visitor = remote(`http://127.0.0.1:${port}`)
  t.teardown(() => visitor.close())
  for (const text of Object.values(await targets(deployment))) (await dial(t, { port })).write(text)
  t.equal((await openBrowser(visitor)).created.status, 201)
  const quiet = await inUse(running)
  for (const [what, text] of Object.entries(await targets(deployment))) {
    const before = memoryOf(running)
    const sockets = await Promise.all(Array.from({ length: 200 }, async () => {
      const socket = await dial(t, { port })
      socket.pause()
      socket.write(text.repeat(20))
      return socket
    }))
    t.equal((await openBrowser(visitor)).created.status, 201, what)
    t.equal((await visitor.call({ path: '/scan-login.js', headers: { 'accept-encoding': 'br' } })).status, 200, what)
    const peak = memoryOf(running)
    for (const socket of sockets) socket.destroy()
    t.ok(peak < before * 2 + 50, `${what}: ${Math.round(before)} → ${Math.round(peak)} MB`)
  }
  await isGivenBack(t, running, quiet)
})

await t.test('E2 unread answers: a connection is closed when it has nine unanswered calls, and not when it has eight', async (t) => {
  const deployment = await openDeployment(t)
  await deployment.start()
  const browser = await openBrowser(deployment)
  const poll = call(`/api/tickets/${browser.ticket}?after=1&wait=25`, `Authorization: Ticket ${browser.secret}`)
  for (const [times, isCut] of [[8, false], [9, true]] as const) {
    const socket = await dial(t, deployment)
    socket.resume().write(poll.repeat(times))
    const closed = once(socket, 'close').then(() => true)
    const first = await Promise.race([closed, isCut ? sleep(60_000, false) : once(socket, 'data').then(() => false)])
    t.equal(first, isCut, `${times} polls`)
  }
})

await t.test('idle connections: the longest idle ones are closed when one address has 3,000, and its other requests are served', async (t) => {
  const deployment = await openDeployment(t, { env: { LOG_LEVEL: 'warn' } })
  await deployment.start()
  const polling = await openBrowser(deployment)
  const held = polling.poll(1, 25)
  const sockets: Socket[] = []
  for (let i = 0; i < 3000; i++) {
    const socket = await dial(t, deployment)
    socket.resume().write(call('/health/live'))
    sockets.push(socket)
  }
  t.ok(await isWithin(() => sockets.filter(({ closed }) => !closed).length <= 512), 'no more than 512 are left')
  t.equal((await openBrowser(deployment)).created.status, 201)
  await polling.giveUp()
  t.equal((await held).json.state, 'cancelled', 'a connection with a held poll is not idle')
})
