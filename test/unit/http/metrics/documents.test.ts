/** Holds the pages, the dashboard and the alerts to the metrics that a service exports. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { catalogue, type MetricDefinition } from '../../../../src/http/metrics/catalogue.ts'
import { openInstruments } from '../../../../src/http/metrics/instruments.ts'
import { samplesIn } from '../../../support/metrics.ts'
import { repository, sectionIn } from '../../../support/readmes.ts'

const folder = join(repository, 'src/http/metrics')
const alerts = readFileSync(join(folder, 'alerts.yaml'), 'utf8')
const dashboard = readFileSync(join(folder, 'dashboard.json'), 'utf8')
const metrics: readonly MetricDefinition[] = Object.values(catalogue)

const wordsIn = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

for (const [language, measured, alerting] of [['en', 'What is measured', 'Alerts'], ['zh-CN', '统计哪些数字', '告警']] as const) {
  await t.test(`metrics: the README in ${language} lists every one with its type and labels, and no other`, async (t) => {
    const listed = [...sectionIn(language, measured).matchAll(/^\| `(scan_login_\w+)` \| (\w+) \| (.*?) ?\| /gm)].map(([, name, type, labels = '']) => [name, type, wordsIn(labels)])
    t.strictSame(listed, metrics.map(({ name, type, labels }) => [name, type, Object.keys(labels)]))
  })

  await t.test(`metrics: the README in ${language} lists every alert, and no other`, async (t) => {
    const listed = [...sectionIn(language, alerting).matchAll(/^\| `(ScanLogin\w+)` \|/gm)].map(([, name]) => name)
    t.strictSame(listed, [...alerts.matchAll(/^ +- alert: (\w+)$/gm)].map(([, name]) => name))
    t.equal(alerts.match(/^ +summary_zh: "/gm)?.length, listed.length)
  })
}

await t.test('metrics: the catalogue is what is exported under the service\'s name', async (t) => {
  const { registry } = await openInstruments()
  const names = registry.getMetricsAsArray().map(({ name }) => name)
  t.strictSame(names.filter((name) => name.startsWith('scan_login_')), metrics.map(({ name }) => name))
  t.strictSame(names.filter((name) => !/^(?:scan_login|process|nodejs)_/.test(name)), [])
  t.strictSame(names.filter((name) => /^nodejs_active_/.test(name)), [])
  for (const { name, type } of metrics) {
    t.equal(/_total$/.test(name), type === 'counter', name)
    t.equal(/_seconds$/.test(name), type === 'histogram', name)
  }
})

await t.test('metrics: dashboard and alerts use names that are exported', async (t) => {
  const { registry } = await openInstruments()
  const exported = new Set(samplesIn(await registry.metrics()).map(({ name }) => name))
  for (const { name, type } of metrics) for (const end of type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']) exported.add(name + end) // those without a value at the start
  for (const text of [alerts, dashboard]) {
    const used = [...text.matchAll(/\b(?:scan_login|nodejs|process)_[a-z0-9_]+/g)].map(([name]) => name)
    t.ok(used.length >= 10)
    t.strictSame(used.filter((name) => !exported.has(name)), [])
  }
  const unused = metrics.filter(({ name }) => !dashboard.includes(name)).map(({ name }) => name)
  t.strictSame(unused, [], 'the dashboard shows all of them')
})

await t.test('metrics: each title in the dashboard is in both languages', async (t) => {
  const { panels } = JSON.parse(dashboard) as { panels: ReadonlyArray<{ readonly title: string }> }
  t.ok(panels.length > 15)
  for (const { title } of panels) t.match(title, / · .*/)
})

await t.test('metrics: prom-client is not loaded with the service, only where metrics are on', async (t) => {
  const importers = globSync('src/**/*.ts', { cwd: repository }).filter((file) => /'prom-client'/.test(readFileSync(join(repository, file), 'utf8')))
  t.strictSame(importers, ['src/http/metrics/instruments.ts'])
  const text = readFileSync(join(repository, 'src/http/metrics/instruments.ts'), 'utf8')
  t.strictSame(text.match(/^.*'prom-client'.*$/gm)?.map((line) => /^import type |await import\(/.exec(line)?.[0]), ['import type ', 'await import('])
})
