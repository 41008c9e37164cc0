/** Retry delays, waits that can be interrupted, and linked abort signals. */

/** @typedef {{ now: () => number, after: (ms: number, call: () => void) => () => void }} Clock Monotonic milliseconds, and a timer; `after` returns the function that cancels it. */
/** @typedef {(listener: () => void) => (() => void)} Subscribe Returns the unsubscribe function. */

const shortestRetryMs = 500
const longestOwnRetryMs = 10_000
/** Upper bound for `Retry-After`: a wrong header must not stop a page for a day. */
export const longestRetryAfterMs = 300_000

/**
 * Returns the milliseconds to wait before the next try: random between 500 ms and a bound that doubles with each failure up to 10 s. Never less than
 * the server asked for, and then up to a second more: otherwise all clients that were refused together would come back together.
 * @param {{ failures: number, retryAfterMs: number, random: () => number }} how `failures` in a row, this one included
 */
export const retryDelayMs = ({ failures, retryAfterMs, random }) => {
  const own = shortestRetryMs + random() * (Math.min(longestOwnRetryMs, shortestRetryMs * 2 ** failures) - shortestRetryMs)
  const asked = Math.min(retryAfterMs, longestRetryAfterMs)
  return asked > own ? asked + random() * 1000 : own
}

/**
 * Resolves after `ms` (null: never by itself) or when interrupted; rejects when the signal is aborted.
 * @param {{ clock: Clock, ms: number | null, signal: AbortSignal, interruptedBy?: Subscribe | null }} how
 * @returns {Promise<void>}
 */
export const pause = ({ clock, ms, signal, interruptedBy }) => new Promise((resolve, reject) => {
  const settle = () => {
    cancelTimer?.()
    unsubscribe?.()
    signal.removeEventListener('abort', settle)
    if (signal.aborted) reject(signal.reason)
    else resolve()
  }
  const cancelTimer = ms === null ? null : clock.after(ms, settle)
  const unsubscribe = interruptedBy?.(settle)
  signal.addEventListener('abort', settle)
  if (signal.aborted) settle()
})

/** Makes an event without data: `emit` calls those who are subscribed at that moment. */
export const createEvent = () => {
  /** @type {Set<() => void>} */
  const listeners = new Set()
  return {
    emit: () => { for (const listener of [...listeners]) listener() },
    /** @type {Subscribe} */
    subscribe: (listener) => {
      listeners.add(listener)
      return () => { listeners.delete(listener) }
    },
  }
}

/** Does what `AbortSignal.throwIfAborted` does, which browsers before 2022 lack. @param {AbortSignal} signal */
export const throwIfAborted = (signal) => { if (signal.aborted) throw signal.reason }

/** Makes a signal that is aborted with its parent or by `abort`, which also removes the listener from the parent. @param {AbortSignal} parent */
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
