/** A real Prometheus reads a real service: what the dashboard asks has an answer, and the alerts fire when they should. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { openBrowser } from '../support/clients.ts'
import { alertsFile, promtool, startPrometheus, writePrometheusConfig } from '../support/prometheus.ts'
import { repository } from '../support/readmes.ts'
import { freePort } from '../support/redis.ts'
import { makeFolder, openDeployment } from '../support/service-process.ts'

/** The queries of a dashboard, with what Grafana puts in place of its variables. */
const dashboardQueries = (): readonly string[] => {
  const { panels } = JSON.parse(readFileSync(join(repository, 'src/http/metrics/dashboard.json'), 'utf8')) as { panels: ReadonlyArray<{ readonly targets?: ReadonlyArray<{ readonly expr: string }> }> }
  return panels.flatMap(({ targets = [] }) => targets).map(({ expr }) => expr.replaceAll('$job', 'scan-login').replaceAll('$__rate_interval', '1m'))
}

await t.test('Prometheus: every query of the dashboard has an answer, and no rule an error, after real logins', async (t) => {
  const port = await freePort()
  const deployment = await openDeployment(t, { env: { METRICS_PORT: String(port), LIMIT_CREATE: '10' } })
  const running = await deployment.start()
  const prometheus = await startPrometheus(t, `127.0.0.1:${port}`)
  await prometheus.waitFor('up{job="scan-login"}', 1)

  for (const person of ['ming', 'hong', 'lan']) {
    const [browser, phone] = [await openBrowser(deployment), await deployment.phone(person)]
    const poll = browser.poll(1, 20)
    while (await prometheus.valueOf('scan_login_held_polls') !== 1) await new Promise((resolve) => setTimeout(resolve, 200))
    t.equal((await phone.scan(browser.ticket)).status, 200)
    t.equal((await poll).json.state, 'scanned')
    t.equal((await phone.confirm(browser.ticket, await browser.matchCode())).status, 200)
    t.equal((await browser.consume()).status, 200)
    await prometheus.waitFor('scan_login_held_polls', 0)
  }
  await (await openBrowser(deployment)).giveUp()
  for (let n = 0; n < 25; n++) await openBrowser(deployment) // too many for a minute, also where one begins among them
  t.equal((await deployment.call({ method: 'POST', path: '/api/phone/login', body: { js_code: 'wrong' } })).status, 401)

  await prometheus.waitFor('scan_login_tickets_total{state="consumed"}', 3)
  await prometheus.waitFor('scan_login_wechat_errors_total{errcode="40029"}', 1)
  await prometheus.waitFor('scan_login_limits_hit_total{limit="create"}', 1)
  await prometheus.waitFor('scan_login_wake_up_delay_seconds_count >= bool 3', 1)
  const scrapes = await prometheus.valueOf('count_over_time(up{job="scan-login"}[10m])') ?? 0
  await prometheus.waitFor(`count_over_time(up{job="scan-login"}[10m]) > bool ${scrapes + 2}`, 1) // a rate needs two with everything

  const queries = dashboardQueries()
  t.ok(queries.length > 25)
  for (const query of queries) {
    const { status, error, warnings, data } = await prometheus.ask('query', { query })
    t.strictSame([status, error, warnings], ['success', undefined, undefined], query)
    if (!/app_logins/.test(query)) t.ok(data.result.length > 0, `no answer: ${query}`) // there are no apps here
  }

  const { groups } = (await prometheus.ask('rules')).data as { groups: ReadonlyArray<{ readonly rules: ReadonlyArray<{ readonly name: string, readonly health: string, readonly lastError?: string }> }> }
  const rules = groups.flatMap((group) => group.rules)
  t.equal(rules.length, 10)
  t.strictSame(rules.filter(({ health }) => health !== 'ok'), [])

  running.kill('SIGKILL')
  await prometheus.waitFor('ALERTS{alertname="ScanLoginDown",alertstate="pending"}', 1)
})

await t.test('Prometheus: promtool finds no mistake in the alerts and in the configuration of the README', (t) => {
  for (const args of [['check', 'rules', alertsFile], ['check', 'config', writePrometheusConfig(makeFolder(t), '127.0.0.1:9464')]]) {
    const { status, stdout, stderr } = promtool(...args)
    t.equal(status, 0, stdout + stderr)
  }
  t.end()
})

type Series = Readonly<Record<string, string>>

/** Of an instance, from minute to minute, in promtool's notation. */
const of = (name: string, labels: string): string => `${name}{job="scan-login",instance="a"${labels === '' ? '' : `,${labels}`}}`
const wechat = (outcome: string): string => of('scan_login_wechat_call_duration_seconds_count', `endpoint="jscode2session",outcome="${outcome}"`)
const errors = (errcode: string): string => of('scan_login_wechat_errors_total', `endpoint="jscode2session",errcode="${errcode}"`)
const tickets = (state: string): string => of('scan_login_tickets_total', `state="${state}"`)
const store = (outcome: string): string => of('scan_login_store_call_duration_seconds_count', `operation="read",outcome="${outcome}"`)
const requests = (status: string): string => of('scan_login_http_request_duration_seconds_count', `method="GET",route="/",status="${status}"`)
const wakeUps = (le: string): string => of('scan_login_wake_up_delay_seconds_bucket', `le="${le}"`)
const cancelled = of('scan_login_cancellations_total', 'by="wrong-number"')
const waiting = of('scan_login_people', 'state="waiting"')

/** An alert, the time at which it is looked for, what makes it fire, and what doesn't. */
const cases: ReadonlyArray<{ readonly alert: string, readonly at: string, readonly fires: readonly Series[], readonly quiet: readonly Series[] }> = [
  { alert: 'ScanLoginDown', at: '5m', fires: [{ [of('up', '')]: '0x90' }], quiet: [{ [of('up', '')]: '1x90' }, { [of('up', '')]: '1x3 0 1x90' }] },
  { alert: 'ScanLoginStoreFailing', at: '10m', fires: [{ [store('ok')]: '0+100x90', [store('failed')]: '0+5x90' }], quiet: [{ [store('ok')]: '0+1000x90', [store('failed')]: '0+1x90' }, { [store('ok')]: '0+100x90' }] },
  {
    alert: 'ScanLoginWechatFailing',
    at: '15m',
    fires: [
      { [wechat('ok')]: '0+10x90', [wechat('failed')]: '0+5x90', [wechat('refused')]: '0x90' },
      { [wechat('ok')]: '0x90', [wechat('refused')]: '0+5x90', [errors('40164')]: '0+5x90' },
    ],
    quiet: [
      { [wechat('ok')]: '0+10x90', [wechat('refused')]: '0+9x90', [errors('40029')]: '0+6x90', [errors('40163')]: '0+3x90' },
      { [wechat('ok')]: '0+10x90', [wechat('failed')]: '0+1x90' },
    ],
  },
  { alert: 'ScanLoginNobodyGetsIn', at: '35m', fires: [{ [tickets('scanned')]: '0+1x90', [tickets('consumed')]: '3x90' }], quiet: [{ [tickets('scanned')]: '0+1x90', [tickets('consumed')]: '0+1x90' }, { [tickets('scanned')]: '3x90', [tickets('consumed')]: '3x90' }] },
  { alert: 'ScanLoginServerErrors', at: '15m', fires: [{ [requests('5xx')]: '0+10x90', [requests('2xx')]: '0+90x90' }], quiet: [{ [requests('5xx')]: '0+1x90', [requests('2xx')]: '0+90x90' }] },
  { alert: 'ScanLoginWakeUpSlow', at: '30m', fires: [{ [wakeUps('1')]: '0+1x90', [wakeUps('2.5')]: '0+10x90', [wakeUps('+Inf')]: '0+10x90' }], quiet: [{ [wakeUps('1')]: '0+10x90', [wakeUps('2.5')]: '0+10x90', [wakeUps('+Inf')]: '0+10x90' }] },
  ...[['17000', '15000']].map(([full = '', less = '']) => ({
    alert: 'ScanLoginPollsNearlyFull',
    at: '10m',
    fires: [{ [of('scan_login_held_polls', '')]: `${full}x90`, [of('scan_login_held_polls_limit', '')]: '20000x90' }],
    quiet: [{ [of('scan_login_held_polls', '')]: `${less}x90`, [of('scan_login_held_polls_limit', '')]: '20000x90' }],
  })),
  { alert: 'ScanLoginEventLoopLag', at: '10m', fires: [{ [of('nodejs_eventloop_lag_p99_seconds', '')]: '0.6x90' }], quiet: [{ [of('nodejs_eventloop_lag_p99_seconds', '')]: '0.1x90' }] },
  { alert: 'ScanLoginWrongNumbers', at: '65m', fires: [{ [cancelled]: '0+1x90' }], quiet: [{ [cancelled]: '0+0.1x90' }] },
  { alert: 'ScanLoginPeopleWaiting', at: '70m', fires: [{ [waiting]: '1x90' }], quiet: [{ [waiting]: '0x90' }, { [waiting]: '1x30 0x60' }] },
]

await t.test('Prometheus: each alert fires at what it is for, and at nothing less', (t) => {
  t.strictSame(cases.map(({ alert }) => alert), [...readFileSync(alertsFile, 'utf8').matchAll(/- alert: (\w+)/g)].map(([, name]) => name))
  const file = join(makeFolder(t), 'alerts.test.yaml')
  const groupOf = (series: Series, alert: string, at: string, isFiring: boolean): object => ({
    name: `${alert} ${isFiring ? 'fires' : 'is quiet'}`,
    interval: '1m',
    input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
    promql_expr_test: [{ expr: `count by (alertname) (ALERTS{alertname="${alert}",alertstate="firing"})`, eval_time: at, exp_samples: isFiring ? [{ labels: `{alertname="${alert}"}`, value: 1 }] : [] }],
  })
  writeFileSync(file, JSON.stringify({ // YAML has JSON in it
    rule_files: [alertsFile],
    evaluation_interval: '1m',
    tests: cases.flatMap(({ alert, at, fires, quiet }) => [...fires.map((series) => groupOf(series, alert, at, true)), ...quiet.map((series) => groupOf(series, alert, at, false))]),
  }))
  const { status, stdout, stderr } = promtool('test', 'rules', file)
  t.equal(status, 0, stdout + stderr)
  t.end()
})
