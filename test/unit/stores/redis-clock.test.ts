import t from 'tap'
import { createRedisClock } from '../../../src/stores/redis-clock.ts'

/** A Redis that is `aheadMs` ahead of a clock that starts at 0, and answers after `wayMs` there and as long back. */
const createBench = () => {
  const bench = { steadyMs: 0, aheadMs: 1_000_000 }
  const clock = createRedisClock(() => 42, () => bench.steadyMs)
  const ask = (there: number, back: number) => clock.read(async () => {
    bench.steadyMs += there
    const told = bench.steadyMs + bench.aheadMs
    bench.steadyMs += back
    return told
  })
  return { bench, clock, ask, errorMs: () => Math.abs(clock.now() - (bench.steadyMs + bench.aheadMs)) }
}

await t.test('redis clock: it is the machine\'s own until there was an answer, and Redis\' from then on', async (t) => {
  const { bench, clock, ask } = createBench()
  t.equal(clock.now(), 42)
  await t.rejects(clock.read(async () => { throw new Error('away') }), { message: 'away' })
  t.equal(clock.now(), 42)
  await ask(3, 3)
  t.equal(clock.now(), 1_000_006)
  bench.steadyMs += 5_000
  t.equal(clock.now(), 1_005_006, 'it goes on by itself')
})

await t.test('redis clock: a slow answer replaces a quick one only when that has become old', async (t) => {
  const { bench, ask, errorMs } = createBench()
  await ask(1, 1)
  await ask(800, 0)
  t.ok(errorMs() <= 1, 'the quick one is kept')
  bench.steadyMs += 10_000
  await ask(8, 0)
  t.equal(errorMs(), 4, 'ten seconds old, it may be off by more than four')
})

await t.test('redis clock: it follows at once when the clock is set, or another server answers whose clock differs', async (t) => {
  const { bench, ask, errorMs } = createBench()
  await ask(1, 1)
  for (const byMs of [90_000, -180_000, 700]) {
    bench.aheadMs += byMs
    await ask(300, 300)
    t.ok(errorMs() <= 1, `by ${byMs} ms`)
  }
})

await t.test('redis clock: it tells by how much it may be wrong, and never is by more', async (t) => {
  const { bench, clock, ask, errorMs } = createBench()
  t.equal(clock.errorMs(), 0, 'by its own clock nobody is wrong')
  for (const [there, back] of [[230, 0], [0, 90], [4, 4]] as const) {
    await ask(there, back)
    t.ok(errorMs() <= clock.errorMs(), `${there} ms there and ${back} ms back: off by ${errorMs()} ms of ${clock.errorMs()} ms`)
    t.ok(clock.errorMs() <= (there + back) / 2 + 1)
  }
  bench.steadyMs += 60_000
  t.equal(clock.errorMs(), 4 + 60, 'the older, the more')
})
