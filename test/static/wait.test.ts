import t from 'tap'
import { linked, pause, retryDelayMs } from '../../static/scan-login/wait.js'
import { createFakeClock } from '../support/fake-clock.ts'

await t.test('wait: spreads the next try between half a second and a bound that doubles up to ten seconds', async (t) => {
  const bounds = [1_000, 2_000, 4_000, 8_000, 10_000, 10_000]
  for (const [index, bound] of bounds.entries()) {
    const next = (randomValue: number): number => retryDelayMs({ failures: index + 1, retryAfterMs: 0, random: () => randomValue })
    t.strictSame([next(0), next(0.5), next(1)], [500, (500 + bound) / 2, bound])
  }
  t.equal(retryDelayMs({ failures: 5_000, retryAfterMs: 0, random: () => 1 }), 10_000)
})

await t.test('wait: is never shorter than the server asked, nor than without, and never as long as a day', async (t) => {
  const next = (retryAfterMs: number, randomValue: number): number => retryDelayMs({ failures: 3, retryAfterMs, random: () => randomValue })
  t.strictSame([next(30_000, 0), next(30_000, 0.5), next(30_000, 1)], [30_000, 30_500, 31_000])
  t.equal(next(1_000, 1), 4_000)
  t.equal(next(86_400_000, 0), 300_000)
})

await t.test('wait: a pause ends once, by time, by an interrupt or by its signal', async (t) => {
  const clock = createFakeClock()
  const { signal, abort } = linked(new AbortController().signal)
  const ended: string[] = []
  let interrupt = (): void => {}
  let unsubscribed = 0
  const interruptedBy = (listener: () => void) => {
    interrupt = listener
    return () => { unsubscribed += 1 }
  }
  const byTime = pause({ clock, ms: 1_000, signal, interruptedBy }).then(() => ended.push('time'))
  clock.advance(1_000)
  await byTime
  const byInterrupt = pause({ clock, ms: null, signal, interruptedBy }).then(() => ended.push('interrupt'))
  interrupt()
  interrupt()
  await byInterrupt
  const bySignal = pause({ clock, ms: null, signal })
  abort()
  await t.rejects(bySignal, { name: 'AbortError' })
  await t.rejects(pause({ clock, ms: 5, signal }), { name: 'AbortError' })
  t.strictSame(ended, ['time', 'interrupt'])
  t.equal(unsubscribed, 3)
})

await t.test('wait: a linked signal is aborted with its parent, and the parent not with it', async (t) => {
  const parent = new AbortController()
  const one = linked(parent.signal)
  const other = linked(parent.signal)
  one.abort()
  t.strictSame([one.signal.aborted, other.signal.aborted, parent.signal.aborted], [true, false, false])
  parent.abort()
  t.equal(other.signal.aborted, true)
  t.equal(linked(parent.signal).signal.aborted, true)
})
