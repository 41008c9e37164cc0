/** Owns a clock that stands still until a test moves it. Timers fire inside `advance`, in the order they are due. */
import type { Clock } from '../../src/login/ports.ts'

export interface FakeClock extends Clock {
  /** Moves time on and calls every timer that falls due, those that a called timer sets included. */
  advance (ms: number): void
  /** Moves time on as on a machine that was asleep: what fell due meanwhile is called once, at the end. For days, in which timers of seconds would fire by the ten thousand. */
  sleep (ms: number): void
  /** Sets the time of day by so much, forwards or back, as an operator or NTP does: no timer fires, and the steady time doesn't notice. */
  set (byMs: number): void
}

interface Timer {
  readonly at: number
  readonly call: () => void
}

/** Makes a clock that shows `start` (milliseconds since 1970). */
export const createFakeClock = (start = Date.UTC(2026, 10, 23)): FakeClock => {
  let steady = 0
  let ahead = start
  const timers = new Set<Timer>()

  const firstDue = (until: number): Timer | undefined => {
    let first: Timer | undefined
    for (const timer of timers) {
      if (timer.at <= until && (first === undefined || timer.at < first.at)) first = timer
    }
    return first
  }

  return {
    now: () => steady + ahead,
    errorMs: () => 0,
    steady: () => steady,
    after (ms, call) {
      const timer = { at: steady + Math.max(0, ms), call }
      timers.add(timer)
      return () => { timers.delete(timer) }
    },
    advance (ms) {
      const end = steady + ms
      for (let timer = firstDue(end); timer !== undefined; timer = firstDue(end)) {
        timers.delete(timer)
        steady = timer.at
        timer.call()
      }
      steady = end
    },
    sleep (ms) {
      steady += ms
      const due = [...timers].filter(({ at }) => at <= steady).toSorted((a, b) => a.at - b.at)
      for (const timer of due) {
        // One that was called before may have cancelled it.
        if (timers.delete(timer)) timer.call()
      }
    },
    set (byMs) { ahead += byMs },
  }
}

/** Moves the time on, a little for each 5 ms of the machine's, until the work is done: for what waits by this clock and for a real counterpart in turns. */
export const whileTimePasses = async <T>(clock: FakeClock, work: Promise<T>): Promise<T> => {
  const timer = setInterval(() => { clock.advance(10) }, 5)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
