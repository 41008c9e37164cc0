/** The listener for scrapers, over a real port. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openMetrics } from '../../../src/http/metrics/metrics.ts'
import { maxConnections, serveMetrics } from '../../../src/http/metrics/metrics-server.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

const open = async (t: Test, text?: () => Promise<string>) => {
  const clock = createFakeClock()
  const metrics = await openMetrics(clock)
  const log = createRecordingLog()
  const server = await serveMetrics({ ...metrics, ...text !== undefined && { text } }, { host: '127.0.0.1', port: 0, clock, log })
  let isClosed = false
  const close = async (): Promise<void> => {
    if (!isClosed) await server.close()
    isClosed = true
  }
  t.teardown(close)
  return { port: server.port, close, clock, log, url: `http://127.0.0.1:${server.port}` }
}

await t.test('metrics listener: GET /metrics is OpenMetrics text, and nothing else is there', async (t) => {
  const { url } = await open(t)
  const answer = await fetch(`${url}/metrics`)
  t.equal(answer.status, 200)
  t.equal(answer.headers.get('content-type'), 'application/openmetrics-text; version=1.0.0; charset=utf-8')
  t.equal(answer.headers.get('cache-control'), 'no-store')
  const text = await answer.text()
  t.match(text, /^# TYPE scan_login_tickets counter\n(?:scan_login_tickets_total\{state="\w+"\} 0\n){6}/m)
  t.match(text, /^process_resident_memory_bytes \d+$/m)
  t.match(text, /^nodejs_eventloop_lag_p99_seconds /m)
  t.notMatch(text, /^nodejs_active_/m)
  t.match(text, /\n# EOF\n$/)
  t.equal((await fetch(`${url}/metrics?name=x`)).status, 200)
  for (const path of ['/', '/metrics/', '/metrics2', '/api/tickets', '/health/live', '//metrics', '/%6Detrics']) t.equal((await fetch(url + path)).status, 404, path)
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS']) {
    const refused = await fetch(`${url}/metrics`, { method, ...method === 'POST' && { body: 'x' } })
    t.equal(refused.status, 405, method)
    t.equal(refused.headers.get('allow'), 'GET')
  }
})

await t.test('metrics listener: scrapes at the same time are made once', async (t) => {
  const making = Promise.withResolvers<undefined>()
  let [made, finish] = [0, (): void => {}]
  const { port } = await open(t, async () => {
    made++
    making.resolve(undefined)
    await new Promise<void>((resolve) => { finish = resolve })
    return '# EOF\n'
  })
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  let received = ''
  socket.setEncoding('utf8').on('data', (text: string) => { received += text })
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(5)) // in one piece: all are there with the first
  await making.promise
  finish()
  while (received.split('# EOF\n').length < 6) await setImmediate()
  t.equal(made, 1)
})

await t.test('metrics listener: it answers 500, logs why once an hour the metrics can\'t be read, and goes on', async (t) => {
  let isBroken = true
  const { url, clock, log } = await open(t, async () => {
    if (isBroken) throw new Error('broken')
    return '# EOF\n'
  })
  const answer = await fetch(`${url}/metrics`)
  t.equal(answer.status, 500)
  t.equal(await answer.text(), '', 'without the error')
  t.match(log.lines, [/^error: the metrics could not be read\./])
  for (let scrape = 0; scrape < 3; scrape++) await (await fetch(`${url}/metrics`)).text()
  t.strictSame(log.codes, ['metrics-failed'])
  clock.advance(3_600_000)
  t.strictSame(log.codes, ['metrics-failed', 'metrics-failed'])
  isBroken = false
  t.equal((await fetch(`${url}/metrics`)).status, 200)
})

await t.test('metrics listener: further connections are closed when there are too many, and room is made by one that ends', async (t) => {
  const { url, port } = await open(t)
  const sockets = Array.from({ length: maxConnections }, () => connect(port, '127.0.0.1'))
  t.teardown(() => { for (const socket of sockets) socket.destroy() })
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  const extra = connect(port, '127.0.0.1')
  const ended = new Promise<void>((resolve) => { extra.on('error', () => {}).on('close', () => { resolve() }) })
  extra.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n')
  const received: Buffer[] = []
  extra.on('data', (data) => { received.push(data) })
  await ended
  t.equal(received.length, 0)
  const [first] = sockets
  first?.destroy()
  let answer: Response | undefined
  while (answer === undefined) answer = await fetch(`${url}/metrics`).catch(() => undefined)
  t.equal(answer.status, 200)
})

await t.test('metrics listener: it closes with what is open, and the port is free again', async (t) => {
  const { port, close, url } = await open(t)
  const idle = connect(port, '127.0.0.1')
  idle.on('error', () => {})
  await once(idle, 'connect')
  await (await fetch(`${url}/metrics`)).text()
  await Promise.all([once(idle, 'close'), close()])
  await t.rejects(fetch(`${url}/metrics`))
})

await t.test('metrics listener: one line says what to change when it can\'t listen', async (t) => {
  const { port } = await open(t)
  const log = createRecordingLog()
  const metrics = await openMetrics(createFakeClock())
  await t.rejects(serveMetrics(metrics, { host: '127.0.0.1', port, clock: createFakeClock(), log }), { message: `METRICS_HOST 127.0.0.1, METRICS_PORT ${port}: another program listens there already. Set another METRICS_PORT` })
  await t.rejects(serveMetrics(metrics, { host: '203.0.113.1', port, clock: createFakeClock(), log }), { message: `METRICS_HOST 203.0.113.1, METRICS_PORT ${port}: this machine has no such address. Set METRICS_HOST to one that it has` })
})
