/** A service with METRICS_PORT, as a process. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { openBrowser } from '../support/clients.ts'
import { sumOf } from '../support/metrics.ts'
import { freePort } from '../support/redis.ts'
import { openDeployment } from '../support/service-process.ts'

await t.test('metrics: a service answers scrapers on METRICS_PORT alone, counts a login, and ends in time', async (t) => {
  const port = await freePort()
  const deployment = await openDeployment(t, { env: { METRICS_PORT: String(port) } })
  const running = await deployment.start()
  const metrics = { text: async () => await (await fetch(`http://127.0.0.1:${port}/metrics`)).text() }
  const [browser, phone] = [await openBrowser(deployment), await deployment.phone()]
  t.equal((await phone.scan(browser.ticket)).status, 200)
  t.equal((await phone.confirm(browser.ticket, await browser.matchCode())).status, 200)
  t.equal((await browser.consume()).status, 200)
  t.equal(await sumOf(metrics, 'scan_login_tickets_total', { state: 'consumed' }), 1)
  t.equal(await sumOf(metrics, 'scan_login_login_duration_seconds_count'), 1)
  t.equal(await sumOf(metrics, 'scan_login_wechat_call_duration_seconds_count', { endpoint: 'jscode2session', outcome: 'ok' }), 1)
  t.ok(await sumOf(metrics, 'scan_login_store_call_duration_seconds_count', { operation: 'replace', outcome: 'ok' }) >= 3)
  t.equal(await sumOf(metrics, 'scan_login_people', { state: 'active' }), 1)
  t.ok(await sumOf(metrics, 'process_resident_memory_bytes') > 30e6)

  t.equal((await deployment.call({ path: '/metrics' })).status, 404, 'visitors get nothing')
  t.equal((await fetch(`http://127.0.0.1:${port}/api/tickets`, { method: 'POST' })).status, 404, 'nor is the service there')

  const scraper = connect(port, '127.0.0.1').on('error', () => {})
  await once(scraper, 'connect')
  running.kill('SIGTERM')
  const ended = await Promise.race([running.ended, sleep(5000, 'too late' as const, { ref: false })])
  t.hasStrict(ended, { code: 0, stderr: '' })
  await t.rejects(metrics.text())
})

await t.test('metrics: the start is refused in one line when the port is taken', async (t) => {
  const deployment = await openDeployment(t)
  const first = await openDeployment(t)
  await first.start()
  await t.rejects(deployment.start({ METRICS_PORT: String(first.port) }), { message: `the service exited with 1: scan-login: METRICS_HOST 127.0.0.1, METRICS_PORT ${first.port}: another program listens there already. Set another METRICS_PORT\n` })
})
