import t from 'tap'
import { judgeFlatness, lateAnswers, problemsOf, reportOf, slopeOf, type HonestLogin, type Sample, type SoakResult } from './report.ts'
import { createRandom } from '../chaos/random.ts'
import { randomText } from './random-text.ts'
import { createTally } from './tally.ts'

const points = (valueAt: (index: number) => number, count = 40): ReadonlyArray<readonly [number, number]> => Array.from({ length: count }, (_, index) => [index * 5000, valueAt(index)])
const samples = (rssAt: (index: number) => number, count = 40): Sample[] => points(rssAt, count).map(([atMs, rssMb]) => ({ atMs, rssMb, heapMb: 40, cpuMs: atMs / 2 }))

const good: SoakResult = {
  seed: 7,
  minutes: 3,
  load: 0.5,
  samples: samples(() => 150),
  quietRssMb: 120,
  logins: [{ startMs: 0, isIn: true, retries: ['GET /x: 503 store-unavailable'] }],
  longestAnswer: { ms: 12, call: 'GET /x' },
  slowAnswers: [],
  ownDelays: [],
  ownDelayP99Ms: 4,
  wechatCalls: { jscode2session: 3 },
  logBytes: 2048,
  complaints: new Map([['weak', 2]]),
  attacks: new Map([['replays', new Map([['401 replayed', 9]])]]),
  violations: [],
}
const left: HonestLogin = { startMs: 0, isIn: false, reason: 'code: 503', retries: [] }

await t.test('soak report: the slope is that of the least-squares line', async (t) => {
  t.equal(slopeOf([[0, 1], [1000, 3], [2000, 5]]), 0.002)
  t.equal(slopeOf([[0, 0], [1, 2], [2, 1]]), 0.5)
  t.equal(slopeOf([[5, 1]]), 0)
  t.equal(slopeOf([]), 0)
})

await t.test('soak report: memory is flat when it is level, fluctuates, or only warmed up', async (t) => {
  for (const valueAt of [() => 100, (i: number) => 100 + (i % 7) * 10, (i: number) => i < 10 ? 60 + i * 10 : 160, (i: number) => 200 - i]) t.ok(judgeFlatness(points(valueAt)).isFlat)
  t.notOk(judgeFlatness(points((i) => 100 + i * 3)).isFlat, 'a leak')
  t.notOk(judgeFlatness(points((i) => i < 30 ? 100 : 400)).isFlat, 'a step near the end')
  t.notOk(judgeFlatness(points(() => 100, 9)).isFlat, 'too few samples')
  t.equal(Math.round(judgeFlatness(points((i) => 100 + i)).slopeMbPerHour), 720)
})

await t.test('soak report: a good run has no problem, and every problem has a line', async (t) => {
  t.strictSame(problemsOf(good), [])
  t.match(reportOf(good), /good: everybody honest is in, and memory is flat$/)
  t.match(reportOf(good), /load 0\.5 for each processor, 50 % of one used/)
  t.match(reportOf({ ...good, samples: good.samples.filter((_, i) => i !== 7) }), /silent for 10\.0 s at the most/)
  t.match(problemsOf({ ...good, logins: [...good.logins, left, left] }), [/^2 of 3 honest logins did not get in: 2 × code: 503$/])
  t.match(problemsOf({ ...good, logins: [] }), [/^no honest login/])
  t.match(problemsOf({ ...good, samples: samples((i) => 150 + i * 4) }), [/^RSS is not flat/])
  t.match(problemsOf({ ...good, samples: good.samples.map((sample, i) => ({ ...sample, heapMb: 40 + i * 3 })) }), [/^the heap is not flat/])
  t.match(problemsOf({ ...good, samples: samples((i) => i === 3 ? 944 : 186) }), [/^RSS rose to 944 MB, from 120 MB/])
  t.strictSame(problemsOf({ ...good, violations: ['the service ended'] }), ['the service ended'])
  t.match(reportOf({ ...good, logins: [left] }), /✗ 1 of 1 honest logins/)
})

await t.test('soak report: an answer is late when it took longer than 6 s without the delays of the honest clients\' own process', async (t) => {
  const slow = { call: 'POST /y', startMs: 10_000, endMs: 17_000, ms: 7000 }
  const during = { startMs: 12_000, endMs: 13_000, ms: 1500 }
  t.strictSame(lateAnswers([slow], []), [slow])
  t.strictSame(lateAnswers([slow], [during]), [])
  t.strictSame(lateAnswers([slow], [{ ...during, ms: 900 }, { ...during, ms: 800 }]), [slow], 'the longest of several delays counts')
  t.strictSame(lateAnswers([slow], [{ startMs: 17_100, endMs: 18_100, ms: 1500 }]), [], 'a delay noticed afterwards may have begun before')
  for (const startMs of [8000, 19_000]) t.strictSame(lateAnswers([slow], [{ startMs, endMs: startMs + 1000, ms: 1500 }]), [slow], 'another time')
  t.match(problemsOf({ ...good, slowAnswers: [slow, slow] }), [/^2 honest answers took longer than 6 s beyond what was waited for: 2 × POST \/y$/])
  t.strictSame(problemsOf({ ...good, slowAnswers: [slow], ownDelays: [during] }), [])
  t.match(reportOf({ ...good, slowAnswers: [slow], ownDelays: [during] }), /0 of 1 longer than 6 s\n.*late by 1500 ms at most/)
  t.match(reportOf({ ...good, slowAnswers: [slow] }), /1 of 1 longer than 6 s\n {4}after 10 s: POST \/y, 7000 ms\n/)
})

await t.test('soak: ids and secrets are repeatable by the seed', async (t) => {
  const text = (seed: number): string => randomText(createRandom(seed), 16)
  t.match(text(7), /^[\w-]{22}$/)
  t.equal(text(7), text(7))
  t.not(text(7), text(8))
})

await t.test('soak tally: it stays small when every answer is new', async (t) => {
  const tally = createTally()
  for (let i = 0; i < 100; i++) tally.add('attack', `answer ${i}`)
  t.equal(tally.counts.get('attack')?.size, 41)
  t.equal(tally.counts.get('attack')?.get('others'), 60)
})
