import type { Clock } from '../login/ports.ts'

/** Wraps a check so that anybody may call it at any rate: callers share the check under way, and its outcome, good or bad, holds for `rememberMs` more. */
export const createSharedCheck = (clock: Pick<Clock, 'steady'>, check: () => Promise<void>, rememberMs: number): (() => Promise<void>) => {
  let last: { readonly outcome: Promise<void>, until: number } | undefined
  return () => {
    if (last !== undefined && clock.steady() < last.until) return last.outcome
    const current = { outcome: check(), until: Infinity }
    const remember = (): void => { current.until = clock.steady() + rememberMs }
    current.outcome.then(remember, remember)
    last = current
    return current.outcome
  }
}
