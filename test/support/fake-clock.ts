/** A clock that stands still until a test moves it. Timers fire inside `advance`, in the order in which they are due. */
import type { Clock } from '../../src/login/ports.ts'

export interface FakeClock extends Clock {
  /** Moves time on and fires every timer that becomes due, including those that a fired timer sets. */
  advance (ms: number): void
  /** Moves time on as on a machine that was asleep: each timer that became due meanwhile fires once, at the end. For days, in which timers of seconds would fire ten thousand times. */
  sleep (ms: number): void
  /** Moves the time of day forwards or back, as an operator or NTP does: no timer fires, and the steady time stays. */
  shiftWallClock (byMs: number): void
}

interface Timer {
  readonly at: number
  readonly call: () => void
}

/** Creates a clock that shows `start` (milliseconds since 1970). */
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
        // A timer that fired before may have cancelled it.
        if (timers.delete(timer)) timer.call()
      }
    },
    shiftWallClock (byMs) { ahead += byMs },
  }
}

/** Moves the clock 10 ms on every 5 ms until the work is done: for work that waits both for this clock and for a real server. */
export const whileTimePasses = async <T>(clock: FakeClock, work: Promise<T>): Promise<T> => {
  const timer = setInterval(() => { clock.advance(10) }, 5)
  try {
    return await work
  } finally {
    clearInterval(timer)
  }
}
