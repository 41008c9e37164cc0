import type { Clock } from '../login/ports.ts'

/**
 * Makes a check that anybody may ask for as often as they like: one is made for all who ask while it is under way, and what came of it, good or
 * bad, is the answer for `rememberMs` more.
 */
export const createSharedCheck = (clock: Pick<Clock, 'steady'>, check: () => Promise<void>, rememberMs: number): (() => Promise<void>) => {
  let last: { readonly outcome: Promise<void>, until: number } | undefined
  return () => {
    if (last !== undefined && clock.steady() < last.until) return last.outcome
    const made = { outcome: check(), until: Infinity }
    const remember = (): void => { made.until = clock.steady() + rememberMs }
    made.outcome.then(remember, remember)
    last = made
    return made.outcome
  }
}
