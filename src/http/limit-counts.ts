/** Owns where the rate-limit plugin counts: in our store, for all instances. Knows neither whom nor what is counted, only keys. */
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { Clock, Store } from '../login/ports.ts'

/** So many keys that are over their limit are remembered at a time; for any other the store is asked. */
export const remembered = 10_000

type Told = Parameters<FastifyRateLimitStore['incr']>[1]

/**
 * Joins the plugin to a store. A fault of the store is handed on as it is. Whoever is over a limit stays so until the window ends: that
 * is remembered here, so that a flood of refusals costs the store nothing. Calls `onHit` with a key whose count is the first over its limit in
 * this window, of all instances' counts.
 */
export const createLimitCounts = (store: Store, clock: Clock, onHit: (key: string) => void): FastifyRateLimitStoreCtor => class LimitCounts implements FastifyRateLimitStore {
  readonly #overUntil = new Map<string, number>()

  incr (key: string, tell: Told, windowMs: number, max: number): void {
    this.#answer(key, tell, windowMs, max, () => store.count(key, windowMs))
  }

  /** What the plugin calls for `increment: false`; its types leave it out. */
  read (key: string, tell: Told, windowMs: number, max: number): void {
    this.#answer(key, tell, windowMs, max, () => store.countOf(key))
  }

  /** Every limit has keys of its own, so all of them can be counted in one place. */
  child (): FastifyRateLimitStore {
    return this
  }

  #answer (key: string, tell: Told, windowMs: number, max: number, ask: () => ReturnType<Store['count']>): void {
    const leftMs = (this.#overUntil.get(key) ?? 0) - clock.now()
    // More than a window is left only where this clock was set back: then the store knows better.
    if (leftMs > 0 && leftMs <= windowMs) {
      tell(null, { current: max + 1, ttl: leftMs })
      return
    }
    this.#overUntil.delete(key)
    ask().then(({ count, endsInMs }) => {
      if (count > max) this.#remember(key, clock.now() + endsInMs)
      if (count === max + 1) onHit(key)
      tell(null, { current: count, ttl: endsInMs })
    }).catch(tell)
  }

  #remember (key: string, until: number): void {
    this.#overUntil.set(key, until)
    const [first] = this.#overUntil.keys()
    if (this.#overUntil.size > remembered && first !== undefined) this.#overUntil.delete(first)
  }
}
