/** Hostile clients over real sockets: slow, endless and ambiguous requests and vanished clients are bounded, and other clients are served. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { logIn, verdict } from '../support/login.ts'
import { sendRaw } from '../support/fuzz/wire.ts'
import { waitUntil } from '../support/waiting.ts'

const generous = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }

const listening = async (t: Test, env: Record<string, string> = {}): Promise<{ service: TestService, port: number }> => {
  const service = await openTestService(t, { env: { ...generous, ...env } })
  const { port } = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 }))
  return { service, port: Number(port) }
}

/** Connects a client that never closes its side, and ignores being closed. Destroyed when the test ends. */
const dial = async (t: Test, port: number): Promise<Socket> => {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => {}) // most are cut off
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  return socket
}

const connections = (service: TestService): Promise<number> => new Promise((resolve, reject) => {
  service.app.server.getConnections((error, count) => { error === null ? resolve(count) : reject(error) })
})

/** Waits until the service has no connections left; the test's own timeout bounds it. */
const waitUntilNoConnections = async (service: TestService): Promise<void> => {
  while (await connections(service) > 0) {
    await sleep(100)
    service.clock.advance(100)
  }
}

const lines = (...text: string[]): string => `${text.join('\r\n')}\r\n\r\n`
const bytes = (text: string): Buffer => Buffer.from(text, 'latin1')

await t.test('connections: clients that send slowly, nothing, or nonsense are cut off, and others can log in meanwhile', async (t) => {
  const { service, port } = await listening(t)
  const slow: Socket[] = []
  for (let i = 0; i < 300; i++) {
    const socket = await dial(t, port)
    slow.push(socket)
    if (i % 5 === 1) socket.write('GET /api/session HTTP/1.1\r\nHost: a\r\nX-A: ')
    if (i % 5 === 2) socket.write('POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n{"a":"')
    if (i % 5 === 3) socket.write('POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":')
    if (i % 5 === 4) socket.write('hello\r\n\r\n') // stays after its 400
  }
  const drip = setInterval(() => { for (const socket of slow) if (socket.writable) socket.write('x') }, 700)
  t.teardown(() => { clearInterval(drip) })
  t.ok(await connections(service) >= 240)
  for (let i = 0; i < 5; i++) t.equal((await logIn(service)).consumed.status, 200)
  await waitUntilNoConnections(service)
})

await t.test('connections: a client is cut off when it sends requests and never reads', async (t) => {
  const { service, port } = await listening(t, { MAX_WAIT: '0' })
  for (let i = 0; i < 5; i++) {
    const socket = await dial(t, port)
    socket.pause()
    socket.write(lines('GET /openapi.json HTTP/1.1', 'Host: a').repeat(8))
  }
  await waitUntil(() => service.logged().split('/openapi.json').length > 5)
  t.equal((await logIn(service)).consumed.status, 200)
  await waitUntilNoConnections(service)
})

await t.test('connections: requests get 431 when they have thousands of header lines or endless ones', async (t) => {
  const { port } = await listening(t)
  for (const head of [`${'a:\r\n'.repeat(10_000)}`, `X: ${'a'.repeat(34_000)}\r\n`, `Cookie: ${'a=b; '.repeat(8000)}\r\n`]) {
    t.match(await sendRaw(port, bytes(`GET /api/session HTTP/1.1\r\nHost: a\r\n${head}\r\n`)), /^HTTP\/1\.1 431 /)
  }
  t.match(await sendRaw(port, bytes(`GET /${'a'.repeat(34_000)} HTTP/1.1\r\nHost: a\r\n\r\n`)), /^HTTP\/1\.1 431 /)
  t.match(await sendRaw(port, bytes(lines('GET /api/session HTTP/1.1', 'Host: a', 'Connection: close', ...Array.from({ length: 500 }, () => 'a:')))), /^HTTP\/1\.1 401 /, 'headers within the limit are read')
})

await t.test('connections: an endless body gets 413 at the limit', async (t) => {
  const { service, port } = await listening(t)
  const socket = await dial(t, port)
  let received = ''
  socket.on('data', (data) => { received += data.toString() })
  socket.write('POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n')
  const pour = setInterval(() => { if (socket.writable) socket.write(`4000\r\n${' '.repeat(0x4000)}\r\n`) }, 20)
  t.teardown(() => { clearInterval(pour) })
  await waitUntilNoConnections(service)
  t.match(received, /^HTTP\/1\.1 413 [^]*"code":"payload-too-large"/)
})

await t.test('connections: pipelined calls are answered in order, held polls among them', async (t) => {
  const { service, port } = await listening(t, { MAX_HELD_POLLS: '50' })
  const browser = await openBrowser(service)
  const poll = lines(`GET /api/tickets/${browser.ticket}?after=1&wait=25 HTTP/1.1`, 'Host: a', `Authorization: Ticket ${browser.secret}`)
  const socket = await dial(t, port)
  let received = ''
  socket.on('data', (data) => { received += data.toString() })
  socket.write(poll.repeat(7) + lines('GET /health/live HTTP/1.1', 'Host: a'))
  await waitUntil(() => received.includes('"poll_after":2'))
  await browser.giveUp()
  await waitUntil(() => received.includes('{"status":"ok"}'))
  t.equal(received.match(/HTTP\/1\.1 200 /g)?.length, 8, 'every call is answered')
  t.match(received, /"state":"cancelled"/)
})

await t.test('connections: two thousand polls are held at once and answered when their time is up, while another visitor logs in', async (t) => {
  const { service, port } = await listening(t)
  const sockets = await Promise.all(Array.from({ length: 2000 }, async () => {
    const { ticket, secret } = await openBrowser(service)
    const socket = await dial(t, port)
    socket.write(lines(`GET /api/tickets/${ticket}?after=1&wait=25 HTTP/1.1`, 'Host: a', `Authorization: Ticket ${secret}`))
    return socket
  }))
  while (await connections(service) < 2000) await sleep(20)
  for (let i = 0; i < 3; i++) t.equal((await logIn(service)).consumed.status, 200)
  t.ok(sockets.every((socket) => socket.bytesRead === 0), 'all polls are held')
  for (const socket of sockets.slice(0, 1000)) socket.resetAndDestroy()
  for (const socket of sockets.slice(1000)) socket.resume()
  while (await connections(service) > 1000) await sleep(20)
  service.clock.advance(25_000)
  await waitUntil(() => sockets.slice(1000).every((socket) => socket.bytesRead > 0))
  t.equal((await logIn(service)).consumed.status, 200)
})

/** Requests that two servers in a row could read differently. Each is followed by a second request that must not be answered. */
const ambiguous: Record<string, string> = {
  'both lengths': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 6', 'Transfer-Encoding: chunked') + '0\r\n\r\nX',
  'both lengths, the other way round': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked', 'Content-Length: 6') + '0\r\n\r\nX',
  'two Content-Lengths': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 0', 'Content-Length: 40'),
  'two equal Content-Lengths': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 2', 'Content-Length: 2') + '{}',
  'a list of lengths': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 2, 2') + '{}',
  'a length with a sign': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: +2') + '{}',
  'a length in hex': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 0x2') + '{}',
  'a length beyond numbers': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 99999999999999999999') + '{}',
  'an unknown coding': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding: xchunked') + '0\r\n\r\n',
  'chunked twice': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked, identity') + '0\r\n\r\n',
  'a space before the colon': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding : chunked') + '0\r\n\r\n',
  'a bad chunk size': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked') + '0x1\r\nA\r\n0\r\n\r\n',
  'a chunk size with a bare LF': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked') + '2\n{}\r\n0\r\n\r\n',
  'a chunk longer than its size': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Type: application/json', 'Transfer-Encoding: chunked') + '1\r\n{}\r\n0\r\n\r\n',
  'an extension without end': lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Transfer-Encoding: chunked') + `2;${'a'.repeat(20_000)}\r\n{}\r\n0\r\n\r\n`,
  'a folded line': lines('GET /api/session HTTP/1.1', 'Host: a', 'X: a', ' b'),
  'a bare LF': 'GET /api/session HTTP/1.1\nHost: a\n\n',
  'a bare CR': lines('GET /api/session HTTP/1.1', 'Host: a', 'X: a\rY: b'),
  'a NUL': lines('GET /api/session HTTP/1.1', 'Host: a', 'X: a\0'),
  'a NUL in the target': lines('GET /login\0 HTTP/1.1', 'Host: a'),
  'a space in the target': lines('GET /login x HTTP/1.1', 'Host: a'),
  'a header without a name': lines('GET /api/session HTTP/1.1', 'Host: a', ': x'),
  'no Host': lines('GET /api/session HTTP/1.1', 'Connection: close'),
  'two Hosts': lines('GET /api/session HTTP/1.1', 'Host: login.example.com', 'Host: evil.example', 'Connection: close'),
  'an unknown version': lines('GET /api/session HTTP/1.2', 'Host: a'),
  'HTTP/2 without an upgrade': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'a TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'an unknown method': lines('BREW /api/session HTTP/1.1', 'Host: a'),
  'a tunnel': lines('CONNECT evil.example:443 HTTP/1.1', 'Host: a'),
}

await t.test('requests: one gets bad-request and has no effect, and nothing after it is read, when it is ambiguous', async (t) => {
  const { service, port } = await listening(t, { MAX_TICKETS: '1' })
  const smuggled = lines('POST /api/tickets HTTP/1.1', 'Host: a', 'Content-Length: 0', 'Connection: close')
  for (const [what, text] of Object.entries(ambiguous)) {
    const answer = await sendRaw(port, bytes(text + smuggled))
    t.match(answer, /^HTTP\/1\.1 400 /, what)
    t.equal(answer.match(/^HTTP\/1\.1 /gm)?.length, 1, `${what}: one answer`)
    t.match(answer, /^content-type: application\/problem\+json/im, what)
    t.match(answer, /"code":"bad-request"/, what)
    t.match(answer, /^connection: close/im, what)
  }
  t.equal((await openBrowser(service)).created.status, 201, 'the only slot is free')
})

await t.test('requests: an unusual target, method or protocol reaches no other resource', async (t) => {
  const { port } = await listening(t)
  const ask = (first: string, ...headers: string[]): Promise<string> => sendRaw(port, bytes(lines(first, 'Host: login.example.com', 'Connection: close', ...headers)))
  const statusOf = (answer: string): string => `${/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]} ${/"code":"([^"]+)"/.exec(answer)?.[1] ?? ''}`
  t.equal(statusOf(await ask('GET http://evil.example/api/session HTTP/1.1')), '401 unauthenticated', 'the host of an absolute-form target is ignored (RFC 9112 §3.2.2)')
  t.notMatch(await ask('GET http://evil.example/ HTTP/1.1'), /evil/)
  t.equal(statusOf(await ask('OPTIONS * HTTP/1.1')), '404 not-found')
  t.equal(statusOf(await ask('TRACE /api/session HTTP/1.1', 'Cookie: secret')), '405 method-not-allowed')
  t.notMatch(await ask('TRACE /api/session HTTP/1.1', 'X-Echo: hello-echo'), /hello-echo/)
  t.equal(statusOf(await ask('GET /api/session HTTP/1.1', 'Upgrade: websocket', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Version: 13')), '401 unauthenticated', 'an upgrade is ignored')
  t.equal(statusOf(await ask('GET /api/session HTTP/1.1', 'Expect: the-unexpected')), '401 unauthenticated', 'an unknown expectation is ignored')
  t.equal(statusOf(await sendRaw(port, bytes('GET /api/session HTTP/1.0\r\n\r\n'))), '401 unauthenticated', 'HTTP/1.0 needs no Host')
  const old = await sendRaw(port, bytes('GET /api/session\r\n\r\n'))
  t.match(old, /^HTTP\/1\.1 4/, 'HTTP/0.9 is refused')
})

await t.test('connections: nothing is left behind when a client vanishes in the middle of its call', async (t) => {
  const { service, port } = await listening(t, { MAX_HELD_POLLS: '1' })
  const browser = await openBrowser(service)
  for (const text of ['GET /api/ses', 'POST /api/tickets HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\n{', lines(`GET /api/tickets/${browser.ticket}?after=1&wait=25 HTTP/1.1`, 'Host: a', `Authorization: Ticket ${browser.secret}`)]) {
    for (const leave of ['resetAndDestroy', 'destroy', 'end'] as const) {
      const socket = await dial(t, port)
      socket.write(text)
      await sleep(20)
      socket[leave]()
    }
  }
  await waitUntilNoConnections(service)
  t.equal(verdict(await browser.poll(1, 0)), '200')
  t.notMatch(service.logged(), /"level":(?:50|60)/)
})
