/** The context of one run of a login, shared by all its calls to the service: how failures are counted, shown and waited out. */
import { linked, pause, throwIfAborted, retryDelayMs } from './wait.js'

/** @typedef {import('./ticket-api.js').Failure} Failure */
/** @typedef {ReturnType<typeof createContext>} Context */

/**
 * Makes the context. `interruptedBy` ends a wait, or a call, when asking again at once is likely to help: the page is visible again, the network is
 * back, the machine was asleep.
 * @param {Pick<import('./login-types.js').LoginDependencies, 'api' | 'clock' | 'random' | 'visible' | 'online' | 'emit'>
 *   & { signal: AbortSignal, interruptedBy: import('./wait.js').Subscribe, viewState: import('./view-state.js').ViewState }} dependencies
 */
export const createContext = ({ api, clock, random, visible, online, emit, signal, interruptedBy, viewState }) => {
  let failures = 0

  /** Counts a failure; returns the milliseconds until the next try. @param {Failure} failure */
  const countFailure = ({ retryAfterMs }) => {
    failures += 1
    return retryDelayMs({ failures, retryAfterMs, random })
  }
  /** A wait that the server asked for is not interrupted. @param {number} ms @param {Failure} failure */
  const waitForRetry = (ms, { retryAfterMs }) => pause({ clock, ms, signal, interruptedBy: retryAfterMs > 0 ? null : interruptedBy })

  return {
    api,
    clock,
    signal,
    interruptedBy,
    countFailure,
    waitForRetry,
    /** Waits after a failure. The first in a row is not shown: a single cut connection doesn't concern the visitor. @param {Failure} failure */
    backOff: (failure) => {
      const ms = countFailure(failure)
      const trouble = !online.now() ? 'offline' : failures > 1 ? 'busy' : null
      if (trouble !== null && viewState.setTrouble(trouble)) emit({ name: 'error', reason: trouble })
      return waitForRetry(ms, failure)
    },
    resetFailures: () => {
      failures = 0
      viewState.setTrouble(null)
    },
    /** @param {AbortSignal} signal */
    untilVisible: async (signal) => { while (!visible.now()) await pause({ clock, ms: null, signal, interruptedBy }) },
  }
}

/** Makes one call; aborts it and returns null when it is interrupted. @template T @param {Pick<Context, 'signal' | 'interruptedBy'>} context @param {(signal: AbortSignal) => Promise<T>} call */
export const interruptible = async ({ signal, interruptedBy }, call) => {
  const own = linked(signal)
  const unsubscribe = interruptedBy(own.abort)
  try {
    return await call(own.signal)
  } catch {
    throwIfAborted(signal)
    return null
  } finally {
    unsubscribe()
    own.abort()
  }
}
