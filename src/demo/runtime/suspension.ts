/** Owns the sleep of a mini program in the background: WeChat suspends its JavaScript after 5 s, and whatever was to reach it waits for the return. */

/** WeChat's own figure (framework/runtime/operating-mechanism). */
const graceMs = 5_000

export interface Suspension {
  readonly suspended: () => boolean
  /** Hands something to the mini program's code: now, or when it wakes up. What that throws goes no further. */
  deliver (call: () => void): void
  /** Starts the 5 s. */
  background (): void
  /** Ends them, or the sleep: everything held is delivered, in the order it came. */
  foreground (): void
}

/** `fellAsleep` is called when the 5 s are over. From now on this window's timers belong to the mini program. */
export const createSuspension = (fellAsleep: () => void, guard: (run: () => unknown) => void): Suspension => {
  const { setTimeout, clearTimeout } = realTimers()
  /** By timer, so that a cleared one is forgotten; what is no timer has a key of its own. */
  const held = new Map<unknown, () => void>()
  let asleep = false
  let grace = 0

  const deliver = (call: () => void, key: unknown = {}): void => {
    if (asleep) held.set(key, call)
    else guard(call)
  }
  holdTimers(deliver, (timer) => held.delete(timer))

  return {
    suspended: () => asleep,
    deliver: (call) => deliver(call),
    background: () => {
      clearTimeout(grace)
      grace = setTimeout(() => {
        asleep = true
        fellAsleep()
      }, graceMs)
    },
    foreground: () => {
      clearTimeout(grace)
      asleep = false
      const calls = [...held]
      for (const [key, call] of calls) {
        // One of those before may have cleared it.
        if (held.delete(key)) guard(call)
      }
    },
  }
}

const realTimers = () => ({
  setTimeout: window.setTimeout.bind(window),
  setInterval: window.setInterval.bind(window),
  clearTimeout: window.clearTimeout.bind(window),
  clearInterval: window.clearInterval.bind(window),
})

type Handler = (...args: unknown[]) => void

/** Puts in place of this window's timers some whose callbacks are handed to `deliver`, with the timer's id. */
const holdTimers = (deliver: (call: () => void, timer: unknown) => void, forget: (timer: unknown) => void): void => {
  const real = realTimers()
  const wrap = (start: (call: () => void, ms?: number) => number) => (handler: Handler, ms?: number, ...args: unknown[]): number => {
    const timer: number = start(() => deliver(() => handler(...args), timer), ms)
    return timer
  }
  const clear = (stop: (timer?: number) => void) => (timer?: number): void => {
    stop(timer)
    forget(timer)
  }
  Object.assign(window, {
    setTimeout: wrap(real.setTimeout),
    setInterval: wrap(real.setInterval),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
  })
}
