/** What the table makes of measurements. */
import t from 'tap'
import { createSamples, measureRound, type Row } from './row.ts'
import { median, percentile } from './statistics.ts'
import { ratiosOf, shown, tableOf, verdictOf } from './table.ts'

await t.test('statistics: median and percentile are values that were measured, or the middle of two, when there are any', async (t) => {
  t.equal(median([9, 1, 5]), 5)
  t.equal(median([4, 1, 2, 9]), 3)
  t.equal(percentile(Array.from({ length: 100 }, (_, index) => 100 - index), 0.99), 99)
  t.equal(percentile([7], 0.5), 7)
  t.strictSame([median([]), percentile([], 0.5)], [NaN, NaN])
})

const row: Row = { name: 'CPU a login', unit: 'ms', figures: [4, 12, 6], rivals: { Fastify: [2, 4, 2] }, goal: { atMost: 3, baseline: { name: 'Fastify', figures: [2, 4, 2] } } }

await t.test('table: a ratio is taken within each round, and the middle one counts, when rounds differ', async (t) => {
  t.strictSame(ratiosOf(row.figures, [2, 4, 2]), [2, 3, 3])
  t.strictSame(verdictOf(row), { value: 3, isMet: true })
  t.strictSame(verdictOf({ ...row, goal: { atMost: 2.9, baseline: { name: 'Fastify', figures: [2, 4, 2] } } }), { value: 3, isMet: false })
})

await t.test('table: a goal without a baseline is met by the figure itself, and a row without a goal has no verdict', async (t) => {
  t.strictSame(verdictOf({ ...row, goal: { atMost: 6 } }), { value: 6, isMet: true })
  t.strictSame(verdictOf({ ...row, goal: { atMost: 5 } }), { value: 6, isMet: false })
  t.equal(verdictOf({ name: 'without', unit: '', figures: [1] }), undefined)
})

await t.test('table: each row shows figure, spread, ratios, goal and verdict when it is printed', async (t) => {
  const [, line = ''] = tableOf([row, { name: 'alone', unit: '', figures: [0] }]).split('\n')
  t.strictSame(line.split(/ {2,}/), ['CPU a login', '6.00 ms', '4.00 to 12.0', '·', '3.00', '·', '·', '·', '3.00 × Fastify, at most 3.00', 'yes'])
  t.match(tableOf([row, { name: 'alone', unit: '', figures: [] }]), /^alone +\?/m)
})

await t.test('table: numbers have three digits when they are shown', async (t) => {
  t.strictSame([0, 0.01234, 0.5, 1, 12.345, 123.4, 1234.5, NaN].map(shown), ['0', '0.012', '0.500', '1.00', '12.3', '123', '1235', '?'])
})

await t.test('rounds: nothing of a round counts, so that ratios stay within one, when something failed in it', async (t) => {
  const samples = createSamples()
  const rounds = [[1, 2], [3], [5, 6]]
  const measure = async () => {
    const [service, rival] = rounds.shift() ?? []
    samples.add('service', service ?? 0)
    if (rival === undefined) throw new Error('it ended')
    samples.add('rival', rival)
  }
  const measurement = { samples, measure, rows: () => [] }
  await measureRound(measurement)
  await t.rejects(measureRound(measurement), { message: 'it ended' })
  await measureRound(measurement)
  t.strictSame([samples.of('service'), samples.of('rival')], [[1, 5], [2, 6]])
})
