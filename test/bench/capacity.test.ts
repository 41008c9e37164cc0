/** The capacity page, and the simulation behind it. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { figureNames, figureSources, figuresIn } from './capacity/figures.ts'
import { capacityFile, readFigures, withTables } from './capacity/page.ts'
import { planFor, rulesOf } from './capacity/rules.ts'
import { simulate } from './capacity/simulate.ts'

const figures = Object.fromEntries([...readFigures()].map(([name, { value }]) => [name, value])) as Parameters<typeof rulesOf>[0] // a page has all of them

await t.test('capacity: every figure is on the page, the same one in both languages, when it is read', async (t) => {
  for (const name of figureNames) t.ok(Number.isFinite(figures[name]), name)
  t.strictSame(readFigures('zh-CN'), readFigures('en'))
})

for (const language of ['en', 'zh-CN'] as const) {
  await t.test(`capacity: the tables in ${language} are what follows from its figures, when somebody reckons again`, async (t) => {
    const text = readFileSync(capacityFile(language), 'utf8')
    t.equal(withTables(text, readFigures(language), language), text, 'npm run bench -- --write writes them')
    const doubled = new Map([...readFigures(language)].map(([name, figure]) => [name, { ...figure, value: figure.value * 2 }]))
    t.not(withTables(text, doubled, language), text)
  })
}

await t.test('capacity: a figure is the median of its row, and how many times bare Fastify it is, when rows are measured', async (t) => {
  const found = figuresIn([
    { name: `${figureSources.sqliteCpu.row}`, unit: 'ms', figures: [3, 9, 6], rivals: { Fastify: [2, 2, 2] } },
    { name: `${figureSources.heldHeap.row}, 10000 held`, unit: 'kB', figures: [5] },
    { name: 'something else', unit: '', figures: [1] },
  ])
  t.strictSame([...found], [['sqliteCpu', { value: 6, timesFastify: 3 }], ['heldHeap', { value: 5, timesFastify: undefined }]])
})

await t.test('capacity: a hundred logins a minute take what one takes, 100 / 60 times a second, when the rules are made', async (t) => {
  t.equal(rulesOf({ ...figures, sqliteCpu: 6 }).per100Logins.sqlitePercent, 1)
  t.equal(rulesOf({ ...figures, heldResident: 1024 }).per10000Waiting.megabytes, 10_000)
})

await t.test('capacity: a plan has room for all that wait, and instances that are not too busy, when it grows', async (t) => {
  const [small, large] = [planFor(10_000, figures), planFor(1_000_000, figures)]
  t.ok(large.heldPerInstance <= 20_000)
  t.ok(large.processors / large.instances <= 0.6)
  t.ok(Math.abs(large.processors / small.processors - 100) < 0.01)
})

await t.test('simulation: everybody has a code at once, and the waiting are as many as come in the time that they stay, when WeChat makes enough', async (t) => {
  const { waiting, servedAtOnce, leftWithout, loggedIn, codesPerMinute } = simulate({ perMinute: 6000, seconds: 1200, codesPerMinute: Infinity, scale: 10 })
  t.strictSame([servedAtOnce, leftWithout], [1, 0])
  t.ok(loggedIn > 0.65 && loggedIn < 0.75, `${loggedIn} log in`)
  t.ok(codesPerMinute > 6000, 'pages that stay open need more than one')
  const staySeconds = waiting / (6000 / 60) // Little's law
  t.ok(staySeconds > 25 && staySeconds < 60, `${staySeconds} s`)
})

await t.test('simulation: no minute has more codes than WeChat makes, and people leave without one, when too many come', async (t) => {
  const crowd = { perMinute: 1000, seconds: 1200, codesPerMinute: 500 }
  const { codesPerMinute, leftWithout, loggedIn } = simulate(crowd)
  t.ok(codesPerMinute <= 500)
  t.ok(leftWithout > 0.3 && loggedIn < 0.5)
  t.ok(simulate({ ...crowd, shown: 0.25 }).leftWithout < 0.01, 'fewer of them ask for a code')
})

await t.test('simulation: codes that were made ahead serve a rush when they are enough', async (t) => {
  const rush = { perMinute: 1000, arriveFor: 60, seconds: 600, codesPerMinute: 200 }
  t.ok(simulate(rush).servedAtOnce < 0.5)
  t.equal(simulate({ ...rush, supply: 1000 }).servedAtOnce, 1)
})
