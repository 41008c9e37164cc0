import t from 'tap'
import { createRedisClock } from '../../../src/stores/redis-clock.ts'

/** A Redis that is `aheadMs` ahead of a clock that starts at 0; `read` sets how long the request and the answer take. */
const createBench = () => {
  const bench = { steadyMs: 0, aheadMs: 1_000_000 }
  const clock = createRedisClock(() => 42, () => bench.steadyMs)
  const read = (there: number, back: number) => clock.read(async () => {
    bench.steadyMs += there
    const redisMs = bench.steadyMs + bench.aheadMs
    bench.steadyMs += back
    return redisMs
  })
  return { bench, clock, read, errorMs: () => Math.abs(clock.now() - (bench.steadyMs + bench.aheadMs)) }
}

await t.test('redis clock: it gives the machine\'s time before the first answer, and Redis\' time from then on', async (t) => {
  const { bench, clock, read } = createBench()
  t.equal(clock.now(), 42)
  await t.rejects(clock.read(async () => { throw new Error('away') }), { message: 'away' })
  t.equal(clock.now(), 42)
  await read(3, 3)
  t.equal(clock.now(), 1_000_006)
  bench.steadyMs += 5_000
  t.equal(clock.now(), 1_005_006, 'it runs on between answers')
})

await t.test('redis clock: a quick answer stays in use when a slow one comes, until it is old', async (t) => {
  const { bench, read, errorMs } = createBench()
  await read(1, 1)
  await read(800, 0)
  t.ok(errorMs() <= 1, 'the quick one is in use')
  bench.steadyMs += 10_000
  await read(8, 0)
  t.equal(errorMs(), 4, 'after ten seconds its error may be more than four')
})

await t.test('redis clock: it follows at once when Redis\' clock is set, or another server answers with another time', async (t) => {
  const { bench, read, errorMs } = createBench()
  await read(1, 1)
  for (const byMs of [90_000, -180_000, 700]) {
    bench.aheadMs += byMs
    await read(300, 300)
    t.ok(errorMs() <= 1, `by ${byMs} ms`)
  }
})

await t.test('redis clock: it is never off by more than `errorMs`, when answers are slow one way or both', async (t) => {
  const { bench, clock, read, errorMs } = createBench()
  t.equal(clock.errorMs(), 0, '0 before the first answer')
  for (const [there, back] of [[230, 0], [0, 90], [4, 4]] as const) {
    await read(there, back)
    t.ok(errorMs() <= clock.errorMs(), `${there} ms there and ${back} ms back: off by ${errorMs()} ms of at most ${clock.errorMs()} ms`)
    t.ok(clock.errorMs() <= (there + back) / 2 + 1)
  }
  bench.steadyMs += 60_000
  t.equal(clock.errorMs(), 4 + 60, 'it grows with the age of the answer')
})
