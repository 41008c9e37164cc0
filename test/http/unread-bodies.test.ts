/** Calls that are answered before their body has arrived: on the same connection, the next call would be taken for the body. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { logIn } from '../support/login.ts'
import { openTestService, type TestService } from '../support/test-service.ts'

const listening = async (t: Test): Promise<{ service: TestService, port: number }> => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: 'https://shop.example', LIMIT_GUESS: '1000' } })
  const { port } = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 }))
  return { service, port: Number(port) }
}

/** Connects a client, which collects what it receives. */
const dial = async (t: Test, port: number): Promise<{ socket: Socket, received: () => string, ended: Promise<unknown> }> => {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true })
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  let text = ''
  socket.setEncoding('latin1').on('data', (data: string) => { text += data })
  return { socket, received: () => text, ended: once(socket, 'end') }
}

const head = (...lines: string[]): string => `${lines.join('\r\n')}\r\nHost: login.example.com\r\n\r\n`
const json = 'Content-Type: application/json'
const announced = 'Content-Length: 1000'

await t.test('unread body: the answer ends the connection, and a further call on it is not taken for the body, when a body is announced and not sent', async (t) => {
  const { service, port } = await listening(t)
  const { cookie, token } = await logIn(service)
  const browser = await openBrowser(service)
  const bystander = await openBrowser(service)
  const calls: ReadonlyArray<readonly [status: number, ...lines: string[]]> = [
    [200, 'GET /api/session/verify HTTP/1.1', announced, `Cookie: ${cookie}`],
    [200, 'GET /api/session/verify HTTP/1.1', 'Transfer-Encoding: chunked', `Cookie: ${cookie}`],
    [200, 'HEAD /api/session/verify HTTP/1.1', announced, `Authorization: Bearer ${token}`],
    [401, 'GET /api/session/verify HTTP/1.1', announced, json],
    [200, 'GET /api/session HTTP/1.1', announced, json, `Cookie: ${cookie}`],
    [200, `GET /api/tickets/${browser.ticket} HTTP/1.1`, announced, `Authorization: Ticket ${browser.secret}`],
    [200, 'GET /login HTTP/1.1', announced],
    [200, 'GET /style.css HTTP/1.1', announced, 'If-Match: *'],
    [200, 'GET /health/live HTTP/1.1', announced, 'Expect: 100-continue'],
    [302, 'GET / HTTP/1.1', announced, 'Expect: the-unexpected'],
    [200, 'GET /health/live HTTP/1.0', announced, 'Connection: keep-alive'],
    [204, 'OPTIONS /api/tickets HTTP/1.1', announced, json, 'Origin: https://shop.example', 'Access-Control-Request-Method: POST'],
    [404, 'POST /nothing HTTP/1.1', announced, json],
    [404, `GET /api/tickets/${browser.ticket} HTTP/1.1`, announced],
    [405, 'PUT /login HTTP/1.1', 'Transfer-Encoding: chunked', json],
    [403, 'POST /api/session/token HTTP/1.1', announced, json],
    [403, 'POST /api/tickets HTTP/1.1', announced, json, 'Origin: https://evil.example'],
    [413, 'POST /api/tickets HTTP/1.1', 'Content-Length: 2000000', json],
    [415, 'POST /api/tickets HTTP/1.1', announced, 'Content-Type: text/plain'],
    [415, 'DELETE /api/session HTTP/1.1', announced, 'Sec-Fetch-Site: same-origin'],
    [400, 'POST /api/tickets HTTP/1.1', announced, json, 'Host: evil.example'],
    [501, 'POST /api/tickets HTTP/1.1', 'Transfer-Encoding: gzip, chunked', json],
  ]
  for (const [status, ...lines] of calls) {
    const { socket, received, ended } = await dial(t, port)
    socket.write(head(...lines))
    await ended
    t.match(received(), new RegExp(`^(?:HTTP/1.1 100 Continue\r\n\r\n)?HTTP/1.1 ${status} `), lines.join())
    t.match(received(), /^connection: close\r$/im, lines.join())
    const answer = received()
    // In place of the body, and after one that has just been completed.
    socket.end(head(`DELETE /api/tickets/${bystander.ticket} HTTP/1.1`, `Authorization: Ticket ${bystander.secret}`))
    await once(socket, 'close')
    t.equal(received(), answer)
    t.hasStrict((await bystander.poll()).json, { state: 'pending' })
  }
})

await t.test('unread body: the answer is not lost, and no further call is made, when the body is sent after it', async (t) => {
  const { service, port } = await listening(t)
  const bystander = await openBrowser(service)
  for (const [lines, body] of [
    [['POST /nothing HTTP/1.1', 'Content-Length: 100000', json], ' '.repeat(100_000)],
    [['POST /api/tickets HTTP/1.1', 'Content-Length: 100000', json], ' '.repeat(100_000)],
    [['POST /api/tickets HTTP/1.1', 'Transfer-Encoding: chunked', 'Content-Type: text/plain'], `186a0\r\n${' '.repeat(100_000)}\r\n0\r\n\r\n`],
    [['GET /api/session HTTP/1.1', 'Transfer-Encoding: chunked'], `186a0\r\n${' '.repeat(100_000)}\r\n0\r\n\r\n`],
  ] as const) {
    const { socket, received, ended } = await dial(t, port)
    socket.write(head(...lines))
    await once(socket, 'data')
    socket.end(body + head(`DELETE /api/tickets/${bystander.ticket} HTTP/1.1`, `Authorization: Ticket ${bystander.secret}`)) // an `error` would fail the test: a reset
    await ended
    await once(socket, 'close')
    t.match(received(), /^HTTP\/1\.1 4\d\d [^]*^connection: close\r$[^]*"request_id"[^"]+"[^"]+"\}$/m, lines.join())
    t.hasStrict((await bystander.poll()).json, { state: 'pending' })
  }
})

await t.test('unread body: the connection is ended soon when the client neither sends the body nor closes', async (t) => {
  const { service, port } = await listening(t)
  const accepted = once(service.app.server, 'connection') as Promise<[Socket]>
  const { socket, ended } = await dial(t, port)
  const [server] = await accepted
  const closed = once(server, 'close')
  socket.write(head('GET /api/session/verify HTTP/1.1', announced))
  await ended
  t.equal(server.destroyed, false, 'what the client may still send would reset it')
  service.clock.advance(2000)
  await closed
})

await t.test('unread body: the connection is ended at once when many further calls are sent after it', async (t) => {
  const { service, port } = await listening(t)
  const accepted = once(service.app.server, 'connection') as Promise<[Socket]>
  const { socket, received, ended } = await dial(t, port)
  const [server] = await accepted
  const closed = once(server, 'close')
  let calls = 0
  service.app.server.on('request', () => { calls++ })
  socket.on('error', () => {}) // the reset
  socket.write(head('GET /api/session/verify HTTP/1.1', 'Content-Length: 1'))
  await ended
  const answer = received()
  socket.write(`x${head('GET /api/session/verify HTTP/1.1').repeat(20)}`)
  await closed // Node keeps every call until its answer: within the time that is left to the client, one connection took 600 MiB
  t.equal(received(), answer)
  t.ok(calls > 1)
})

await t.test('unread body: the connection stays open when the body is empty or has arrived', async (t) => {
  const { service, port } = await listening(t)
  const { cookie } = await logIn(service)
  const { socket, received } = await dial(t, port)
  const answers = (): number => received().split('HTTP/1.1 ').length - 1
  const calls = [
    head('GET /api/session/verify HTTP/1.1', `Cookie: ${cookie}`),
    head('GET /api/session/verify HTTP/1.1', 'Content-Length: 0', `Cookie: ${cookie}`),
    head('GET /health/live HTTP/1.1'),
    head('GET /login HTTP/1.1', 'Connection: keep-alive'),
    head('HEAD /me HTTP/1.1'),
    head('PUT /login HTTP/1.1'),
    `${head('POST /api/tickets HTTP/1.1', 'Content-Length: 2', json)}{}`,
    `${head('POST /api/tickets HTTP/1.1', 'Transfer-Encoding: chunked', json)}2\r\n{}\r\n0\r\n\r\n`,
  ]
  for (const [index, call] of calls.entries()) {
    socket.write(call)
    while (answers() <= index) await once(socket, 'data')
    t.notMatch(received(), /^connection: close/im, call)
  }
})
