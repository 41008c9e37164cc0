/** Owns waiting: for how long, what ends it early, and calling things off. Knows nothing of tickets or pages. */

/** @typedef {{ now: () => number, after: (ms: number, call: () => void) => () => void }} Clock Monotonic milliseconds, and a timer that can be called off. */
/** @typedef {(end: () => void) => (() => void)} Early Registers what ends a wait, returns how to forget it. */

const floorMs = 500
const ceilingMs = 10_000
/** What a server may ask for at most: a wrong header must not put a page to sleep for a day. */
export const longestWaitMs = 300_000

/**
 * Tells the wait before the next try, in milliseconds: jitter over all of half a second to a bound that doubles up to ten. Never sooner than the
 * server asked, and then spread over a second more: those who were sent away together should not return together.
 * @param {{ failures: number, retryAfterMs: number, random: () => number }} how `failures` in a row, this one included
 */
export const waitBeforeRetry = ({ failures, retryAfterMs, random }) => {
  const own = floorMs + random() * (Math.min(ceilingMs, floorMs * 2 ** failures) - floorMs)
  const asked = Math.min(retryAfterMs, longestWaitMs)
  return asked > own ? asked + random() * 1000 : own
}

/**
 * Resolves after `ms` (null: not by itself) or when ended early, rejects when the signal is aborted.
 * @param {{ clock: Clock, ms: number | null, signal: AbortSignal, early?: Early | null }} how
 * @returns {Promise<void>}
 */
export const pause = ({ clock, ms, signal, early }) => new Promise((resolve, reject) => {
  const settle = () => {
    callOff?.()
    forget?.()
    signal.removeEventListener('abort', settle)
    if (signal.aborted) reject(signal.reason)
    else resolve()
  }
  const callOff = ms === null ? null : clock.after(ms, settle)
  const forget = early?.(settle)
  signal.addEventListener('abort', settle)
  if (signal.aborted) settle()
})

/** Makes a bell that ends, early, all the waits that listen to it just then. */
export const createBell = () => {
  /** @type {Set<() => void>} */
  const listening = new Set()
  return {
    ring: () => { for (const end of [...listening]) end() },
    /** @type {Early} */
    early: (end) => {
      listening.add(end)
      return () => { listening.delete(end) }
    },
  }
}

/** As `AbortSignal.throwIfAborted`, which offices' older browsers don't have. @param {AbortSignal} signal */
export const throwIfAborted = (signal) => { if (signal.aborted) throw signal.reason }

/** Makes a signal that ends with its parent or by `abort`, which is also how to let go of the parent. @param {AbortSignal} parent */
export const linked = (parent) => {
  const child = new AbortController()
  const abort = () => {
    parent.removeEventListener('abort', abort)
    child.abort()
  }
  parent.addEventListener('abort', abort)
  if (parent.aborted) abort()
  return { signal: child.signal, abort }
}
