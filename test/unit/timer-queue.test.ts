import t from 'tap'
import { createTimerQueue, type Timed } from '../../src/timer-queue.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { seededFraction } from '../support/seeded-random.ts'

const entry = (onDue: () => void): Timed => ({ dueAt: 0, place: -1, onDue })

await t.test('timer queue: each entry is called once and on its millisecond, and a removed one never', async (t) => {
  const clock = createFakeClock()
  const queue = createTimerQueue(clock)
  const wanted: Array<{ at: number, n: number }> = []
  const seen: Array<{ at: number, n: number }> = []
  const entries = Array.from({ length: 500 }, (_, n) => entry(() => { seen.push({ at: clock.steady(), n }) }))
  for (const [n, timed] of entries.entries()) {
    const ms = 1 + Math.floor(seededFraction() * 300)
    queue.add(timed, ms)
    if (n % 3 !== 0) wanted.push({ at: ms, n })
  }
  for (const [n, timed] of entries.entries()) if (n % 3 === 0) queue.remove(timed)
  while (clock.steady() < 301) clock.advance(1)
  const sorted = (calls: typeof seen) => calls.toSorted((a, b) => a.at - b.at || a.n - b.n)
  t.strictSame(sorted(seen), sorted(wanted))
})

await t.test('timer queue: an entry may be added again, moved, and removed by one that is due at the same time', async (t) => {
  const clock = createFakeClock()
  const queue = createTimerQueue(clock)
  const seen: string[] = []
  const [victim, again, moved] = [entry(() => { seen.push('victim') }), entry(() => {
    seen.push('again')
    queue.remove(victim)
    if (seen.length === 1) queue.add(again, 5)
  }), entry(() => { seen.push('moved') })]
  queue.add(again, 10)
  queue.add(victim, 10)
  queue.add(moved, 3)
  queue.add(moved, 12)
  clock.advance(11)
  t.strictSame(seen, ['again'])
  clock.advance(4)
  queue.remove(victim)
  t.strictSame(seen, ['again', 'moved', 'again'])
})

await t.test('timer queue: ten times the entries set hardly more timers, and add few steps to each', async (t) => {
  const work = (count: number) => {
    const clock = createFakeClock()
    let timers = 0
    let steps = 0
    const queue = createTimerQueue({
      ...clock,
      after: (ms, call) => {
        timers++
        return clock.after(ms, call)
      },
    })
    class Counted implements Timed {
      dueAt = 0
      #place = -1
      get place () { return this.#place }
      set place (place) {
        steps++
        this.#place = place
      }

      onDue () {}
    }
    const entries = Array.from({ length: count }, () => new Counted())
    for (const timed of entries) queue.add(timed, 1000 + Math.floor(seededFraction() * 1000))
    for (const timed of entries) queue.remove(timed)
    return { timers, stepsOfEach: steps / count }
  }
  const [few, many] = [work(1_000), work(10_000)]
  t.ok(many.timers < few.timers + 20, `${few.timers} and ${many.timers} timers`)
  t.ok(many.stepsOfEach < few.stepsOfEach * 1.5, `${few.stepsOfEach} and ${many.stepsOfEach} steps`)
})
