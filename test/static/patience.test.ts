import t from 'tap'
import { linked, pause, waitBeforeRetry } from '../../static/scan-login/patience.js'
import { createFakeClock } from '../support/fake-clock.ts'

await t.test('patience: spreads the next try over half a second to a bound that doubles up to ten', async (t) => {
  const bounds = [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]
  for (const [index, bound] of bounds.entries()) {
    const next = (luck: number): number => waitBeforeRetry({ failures: index + 1, retryAfterMs: 0, random: () => luck })
    t.strictSame([next(0), next(0.5), next(1)], [500, (500 + bound) / 2, bound])
  }
  t.equal(waitBeforeRetry({ failures: 5_000, retryAfterMs: 0, random: () => 1 }), 10_000)
})

await t.test('patience: never comes sooner than the server asked, nor sooner than alone, and sleeps no day', async (t) => {
  const next = (retryAfterMs: number, luck: number): number => waitBeforeRetry({ failures: 3, retryAfterMs, random: () => luck })
  t.strictSame([next(30_000, 0), next(30_000, 0.5), next(30_000, 1)], [30_000, 30_500, 31_000])
  t.equal(next(1_000, 1), 4_000)
  t.equal(next(86_400_000, 0), 300_000)
})

await t.test('patience: a pause ends by time, early, or by its signal, and once', async (t) => {
  const clock = createFakeClock()
  const { signal, abort } = linked(new AbortController().signal)
  const ended: string[] = []
  let ring = (): void => {}
  let forgotten = 0
  const early = (end: () => void) => {
    ring = end
    return () => { forgotten += 1 }
  }
  const byTime = pause({ clock, ms: 1_000, signal, early }).then(() => ended.push('time'))
  clock.advance(1_000)
  await byTime
  const byBell = pause({ clock, ms: null, signal, early }).then(() => ended.push('bell'))
  ring()
  ring()
  await byBell
  const bySignal = pause({ clock, ms: null, signal })
  abort()
  await t.rejects(bySignal, { name: 'AbortError' })
  await t.rejects(pause({ clock, ms: 5, signal }), { name: 'AbortError' })
  t.strictSame(ended, ['time', 'bell'])
  t.equal(forgotten, 3)
})

await t.test('patience: a linked signal ends with its parent, and not the other way round', async (t) => {
  const parent = new AbortController()
  const one = linked(parent.signal)
  const other = linked(parent.signal)
  one.abort()
  t.strictSame([one.signal.aborted, other.signal.aborted, parent.signal.aborted], [true, false, false])
  parent.abort()
  t.equal(other.signal.aborted, true)
  t.equal(linked(parent.signal).signal.aborted, true)
})
