/** Suspension in the background: WeChat suspends a mini program's JavaScript after 5 s, and timers and callbacks wait until it is back. */

/** WeChat's figure (framework/runtime/operating-mechanism). */
const graceMs = 5_000

export interface Suspension {
  readonly isSuspended: () => boolean
  /** Calls back into the mini program's code: now, or on resuming if it is suspended. Errors are reported. */
  deliver (call: () => void): void
  /** Starts the 5 s. */
  background (): void
  /** Cancels the 5 s, or resumes: held calls are delivered in their order. */
  foreground (): void
}

/** Calls `onSuspend` when the 5 s are over. Replaces this window's timers: from now on they belong to the mini program. */
export const createSuspension = (onSuspend: () => void, guard: (run: () => unknown) => void): Suspension => {
  const { setTimeout, clearTimeout } = realTimers()
  /** Timer id → call, so that clearing a timer drops its call. Other calls have a unique key. */
  const held = new Map<unknown, () => void>()
  let isSuspended = false
  let graceTimer = 0

  const deliver = (call: () => void, key: unknown = {}): void => {
    if (isSuspended) held.set(key, call)
    else guard(call)
  }
  holdTimers(deliver, (timer) => held.delete(timer))

  return {
    isSuspended: () => isSuspended,
    deliver: (call) => deliver(call),
    background: () => {
      clearTimeout(graceTimer)
      graceTimer = setTimeout(() => {
        isSuspended = true
        onSuspend()
      }, graceMs)
    },
    foreground: () => {
      clearTimeout(graceTimer)
      isSuspended = false
      const calls = [...held]
      for (const [key, call] of calls) {
        // An earlier call may have cleared this timer.
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

/** Replaces this window's timers by ones that pass their callbacks and ids to `deliver`. */
const holdTimers = (deliver: (call: () => void, timer: unknown) => void, onClear: (timer: unknown) => void): void => {
  const real = realTimers()
  const wrap = (start: (call: () => void, ms?: number) => number) => (handler: Handler, ms?: number, ...args: unknown[]): number => {
    const timer: number = start(() => deliver(() => handler(...args), timer), ms)
    return timer
  }
  const clear = (stop: (timer?: number) => void) => (timer?: number): void => {
    stop(timer)
    onClear(timer)
  }
  Object.assign(window, {
    setTimeout: wrap(real.setTimeout),
    setInterval: wrap(real.setInterval),
    clearTimeout: clear(real.clearTimeout),
    clearInterval: clear(real.clearInterval),
  })
}
