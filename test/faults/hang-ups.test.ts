/** Clients that hang up at every byte of every exchange, in every way: the process stays up, and keeps its held polls. */
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { createServer, connect, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { limitConcurrency } from '../support/limit-concurrency.ts'
import { openBrowser, type TestBrowser } from '../support/clients.ts'
import { makeFolder, openDeployment, run, type RunningProcess, type Deployment } from '../support/service-process.ts'
import { startProxy } from '../support/proxies.ts'
import { freePort } from '../support/redis.ts'

const request = (...lines: string[]): string => `${lines.join('\r\n')}\r\n\r\n`
const get = (path: string, ...headers: string[]): string => request(`GET ${path} HTTP/1.1`, 'Host: a', ...headers)
const webSocket = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version: 13']

/** Requests that lead Node's server to different events, states and refusals. */
const exchanges = ({ ticket, secret }: TestBrowser): Readonly<Record<string, string>> => ({
  'a tunnel': request('CONNECT x:80 HTTP/1.1', 'Host: x'),
  'a tunnel that is used': `${request('CONNECT x:80 HTTP/1.1', 'Host: x')}hello`,
  'a tunnel after a call': get('/health/live') + request('CONNECT x:80 HTTP/1.1', 'Host: x'),
  'a WebSocket': get('/', ...webSocket),
  'a WebSocket where a poll is': get(`/api/tickets/${ticket}?after=1&wait=25`, `Authorization: Ticket ${secret}`, ...webSocket),
  'HTTP/2 by upgrade': get('/', 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'),
  'HTTP/2 without an upgrade': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  nonsense: 'hello\r\n\r\n',
  'nonsense after a call': `${get('/health/live')}hello\r\n\r\n`,
  'two lengths': request('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 2', 'Content-Length: 3'),
  'an unknown coding': request('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked'),
  'an expectation': request('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 2', 'Content-Type: application/json', 'Expect: 100-continue') + '{}',
  'an unknown expectation': get('/api/session', 'Expect: the-unexpected'),
  'a body': request('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 16', 'Content-Type: application/json') + '{"return_to":"/"',
  'a body in chunks': request('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'Content-Type: application/json') + '2\r\n{}\r\n0\r\n\r\n',
  'a body that is too long': request('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 99999', 'Content-Type: application/json') + '{"a":',
  'calls in a row': get('/login') + get('/scan-login.js', 'Accept-Encoding: br') + get('/nothing') + get('/api/session'),
  'a held poll': get(`/api/tickets/${ticket}?after=1&wait=25`, `Authorization: Ticket ${secret}`),
  'a file': get('/scan-login.js'),
  'no Host': request('GET / HTTP/1.1'),
  'HTTP/1.0': request('GET /login HTTP/1.0'),
})

/** Too long to be cut at each byte. */
const longHead = `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(40_000)}\r\n\r\n`

const ways = ['end', 'resetAndDestroy'] as const
type Way = (typeof ways)[number]

/** Connects, sends a text, hangs up once it was sent, received, or answered, and waits until the connection is closed. */
const hangUp = async (port: number, text: string, way: Way, when: 'sent' | 'received' | 'answered'): Promise<void> => {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  const closed = new Promise((resolve) => { socket.once('close', resolve) }) // by an error, too
  await once(socket, 'connect').catch(() => {})
  await new Promise<void>((resolve) => { text === '' ? resolve() : socket.write(Buffer.from(text, 'latin1'), () => { resolve() }) })
  if (when === 'received') await sleep(5)
  if (when === 'answered') await Promise.race([once(socket, 'data').catch(() => {}), closed, sleep(50)]) // a held poll has no answer
  socket[way]()
  if (way === 'end') {
    socket.resume()
    await Promise.race([closed, sleep(100)])
    socket.destroy()
  }
  await closed
}

/** Polls until the ticket has moved, as a page does. */
const pollUntilMoved = async (browser: TestBrowser): Promise<string> => {
  for (;;) {
    const { json } = await browser.poll(1, 25)
    if (json.version > 1) return json.state
  }
}

const hangUpEverywhere = async (port: number, texts: Readonly<Record<string, string>>): Promise<void> => {
  const inTurn = limitConcurrency(64)
  const whole = Object.values(texts)
  const parts = whole.flatMap((text) => Array.from({ length: text.length + 1 }, (_, sent) => text.slice(0, sent)))
  await Promise.all([
    ...parts.flatMap((text) => ways.flatMap((way) => (['sent', 'received'] as const).map((when) => inTurn(() => hangUp(port, text, way, when))))),
    ...[...whole, longHead].flatMap((text) => ways.map((way) => inTurn(() => hangUp(port, text, way, 'answered')))),
  ])
}

const isAlive = async (deployment: Deployment, running: RunningProcess): Promise<boolean> =>
  await Promise.race([running.ended.then(() => false), deployment.call({ path: '/health/live' }).then(({ status }) => status === 200)])

/** Asserts that no error was logged. */
const assertNoErrors = (t: Test, running: RunningProcess): void => { t.notMatch(running.stdout(), /"level":(?:50|60)/) }

await t.test('E1 hang-ups: the process stays up and a held poll is answered when clients hang up at every byte of every exchange', async (t) => {
  const deployment = await openDeployment(t, { env: { LIMIT_GUESS: '1000000', LOG_LEVEL: 'warn' } })
  const running = await deployment.start()
  const browser = await openBrowser(deployment)
  const held = pollUntilMoved(browser)
  await hangUpEverywhere(deployment.port, exchanges(await openBrowser(deployment)))
  t.equal(await isAlive(deployment, running), true)
  const phone = await deployment.phone()
  t.equal((await phone.scan(browser.ticket)).status, 200)
  t.equal(await held, 'scanned')
  assertNoErrors(t, running)
})

for (const kind of ['haproxy', 'caddy'] as const) {
  await t.test(`E1 hang-ups: the process stays up when the clients are behind ${kind}`, async (t) => {
    const deployment = await openDeployment(t, { env: { LIMIT_GUESS: '1000000', LOG_LEVEL: 'warn', TRUST_PROXY: '127.0.0.1' } })
    const running = await deployment.start()
    const port = await freePort()
    await startProxy(t, kind, { listen: `127.0.0.1:${port}`, upstream: `127.0.0.1:${deployment.port}` })
    const all = exchanges(await openBrowser(deployment))
    const inTurn = limitConcurrency(16)
    for (let rounds = 0; rounds < 5; rounds++) {
      await Promise.all(Object.values(all).flatMap((text) => ways.flatMap((way) => (['sent', 'received', 'answered'] as const).map((when) => inTurn(() => hangUp(port, text, way, when))))))
    }
    t.equal(await isAlive(deployment, running), true)
    assertNoErrors(t, running)
  })
}

await t.test('E1 hang-ups: the demo stays up, too', async (t) => {
  const port = await freePort()
  const running = run(t, { script: 'src/demo/main.ts', folder: makeFolder(t), env: { PORT: String(port) } })
  while (!running.stdout().includes('/demo/phone')) await Promise.race([sleep(50), running.ended.then(({ stderr }) => { throw new Error(stderr) })])
  const { 'a tunnel': tunnel = '', 'a tunnel that is used': used = '', 'a WebSocket': upgrade = '', nonsense = '' } = exchanges({ ticket: '', secret: '' } as TestBrowser)
  await hangUpEverywhere(port, { tunnel, used, upgrade, nonsense })
  const made = await fetch(`http://localhost:${port}/api/tickets`, { method: 'POST' })
  t.equal(made.status, 201)
  t.match(await made.json(), { state: 'pending' })
})

await t.test('E1 hang-ups: the service can be reached again when it has run out of file descriptors', async (t) => {
  const deployment = await openDeployment(t)
  const running = await deployment.start()
  const open = readdirSync(`/proc/${running.pid}/fd`).length
  execFileSync('prlimit', ['--pid', String(running.pid), `--nofile=${open + 20}`])
  const sockets: Socket[] = []
  for (let i = 0; i < 200; i++) sockets.push(connect(deployment.port, '127.0.0.1').on('error', () => {}))
  await sleep(500)
  for (const socket of sockets) socket.resetAndDestroy()
  for (let tries = 0; tries < 50 && !await deployment.call({ path: '/health/live' }).then(() => true, () => false); tries++) await sleep(100)
  t.equal(await isAlive(deployment, running), true)
})

await t.test('E1 uncaught errors: a lost connection is logged with its stack and the process stays up; anything else ends it with 1', async (t) => {
  const peer = createServer((socket) => { socket.once('data', () => { socket.resetAndDestroy() }) }).listen(0, '127.0.0.1')
  await once(peer, 'listening')
  t.teardown(() => { peer.close() })
  const { port } = peer.address() as AddressInfo // an AddressInfo if it listens on a port
  const start = (what: string): RunningProcess => run(t, { script: 'test/support/serve-and-fail.ts', args: [what, String(port)], folder: makeFolder(t) })

  for (const what of ['sockets', 'rejection']) {
    const running = start(what)
    while (!running.stdout().includes('"answered":true')) await Promise.race([sleep(20), running.ended.then((ending) => { throw new Error(JSON.stringify(ending)) })])
    t.match(running.stdout(), /"level":50[^\n]*"code":"socket-unhandled"[^\n]*ECONNRESET[^\n]*"stack"/, what)
    const timesIn = (stdout: string): unknown[] => [...stdout.matchAll(/"code":"socket-unhandled".*"times":(\d+)/g)].map(([, times]) => times)
    t.strictSame(timesIn(running.stdout()), ['1'], 'one line a minute')
    running.kill('SIGINT')
    t.hasStrict(await running.ended, { code: 0, signal: null, stderr: '' })
    t.strictSame(timesIn(running.stdout()), what === 'sockets' ? ['1', '2'] : ['1'], 'and the rest at the end')
  }
  for (const what of ['bug', 'rejected bug', 'no error', 'missing file']) {
    const { code, stdout } = await start(what).ended
    t.equal(code, 1, what)
    t.match(stdout, /"level":60[^\n]*"code":"crashed"[^\n]*shutting down after an uncaught error/, what)
  }
})
