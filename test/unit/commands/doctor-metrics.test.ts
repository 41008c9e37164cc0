/** What the doctor says of the listener for scrapers, with real ones on this machine. */
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { checkMetrics } from '../../../src/commands/doctor/check-metrics.ts'
import { openMetrics } from '../../../src/http/metrics/metrics.ts'
import { serveMetrics } from '../../../src/http/metrics/metrics-server.ts'
import { systemClock } from '../../../src/runtime.ts'
import { findingsOf, onlyFault } from '../../support/doctor.ts'
import { listen } from '../../support/listen.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { freePort } from '../../support/redis.ts'

/** A listener as the service has it, and a site whose every page this answers. */
const open = async (t: Test, answer: (path: string) => Promise<readonly [number, string]> = async () => [404, 'nothing here']) => {
  const metrics = await openMetrics(systemClock)
  const server = await serveMetrics(metrics, { host: '127.0.0.1', port: 0, clock: systemClock, log: createRecordingLog() })
  t.teardown(() => server.close())
  const site = await listen(t, createServer((request, response) => {
    answer(request.url ?? '').then(([status, text]) => { response.writeHead(status).end(text) }, () => { response.destroy() })
  }))
  return { site, port: server.port, env: { METRICS_PORT: String(server.port), PUBLIC_URL: site } }
}

await t.test('doctor: nothing is said of metrics where they are off', async (t) => {
  t.strictSame(await findingsOf(checkMetrics, {}), [])
})

await t.test('doctor: metrics are in order when the listener has them, and visitors get none', async (t) => {
  const { site, port, env } = await open(t)
  const has = { status: 'ok', text: `http://127.0.0.1:${port}/metrics has this service's metrics` }
  const hidden = { status: 'ok', text: `${site}/metrics tells visitors nothing (status 404)` }
  t.strictSame(await findingsOf(checkMetrics, env), [has, hidden])
  t.strictSame(await findingsOf(checkMetrics, { ...env, METRICS_HOST: '0.0.0.0', PUBLIC_URL: `${site}/login` }), [has, hidden, { ...hidden, text: `${site}/login/metrics tells visitors nothing (status 404)` }])
  const away = await freePort()
  t.strictSame(await findingsOf(checkMetrics, { ...env, PUBLIC_URL: `http://127.0.0.1:${away}` }), [has, { status: 'not-checked', text: `whether http://127.0.0.1:${away}/metrics is hidden from visitors: it does not answer (ECONNREFUSED)` }])
})

await t.test('doctor: it is a fault when nothing listens on METRICS_PORT, or another program does', async (t) => {
  const { site, env } = await open(t, async () => [200, '<p>hello, scan_login_</p>'])
  const port = await freePort()
  t.match(onlyFault(t, await findingsOf(checkMetrics, { ...env, METRICS_PORT: String(port) }), 'metrics-unreachable'), `http://127.0.0.1:${port}/metrics does not answer (ECONNREFUSED) → start the service with this METRICS_PORT`)
  t.match(onlyFault(t, await findingsOf(checkMetrics, { ...env, METRICS_PORT: new URL(site).port }), 'metrics-foreign'), /answers with status 200, and has no metric.* → set METRICS_PORT to a port that is free/)
})

await t.test('doctor: a listener that never answers is a fault after seconds', async (t) => {
  const { env } = await open(t)
  const silent = await listen(t, createServer(() => {}))
  t.match(onlyFault(t, await findingsOf(checkMetrics, { ...env, METRICS_PORT: new URL(silent).port }), 'metrics-unreachable'), /\(no answer in time\)/)
})

await t.test('doctor: it is a fault when a proxy passes the metrics on to visitors', async (t) => {
  const { site, env } = await open(t, async (path) => path === '/metrics' ? [200, await (await fetch(`http://127.0.0.1:${env.METRICS_PORT}/metrics`)).text()] : [404, ''])
  t.match(onlyFault(t, await findingsOf(checkMetrics, { ...env, PUBLIC_URL: `${site}/login` }), 'metrics-public'), `everybody can read the metrics at ${site}/metrics → take the rule out of the proxy`)
})
