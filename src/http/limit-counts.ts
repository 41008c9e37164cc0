/** The rate-limit plugin's counts in our store, for all instances; and a memory of who is over a limit, so that a flood of refusals costs the store nothing. */
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { Clock, Count, LimitedWindow, Store } from '../login/ports.ts'

/** How many windows over their limit are remembered; for any other the store is asked. */
export const remembered = 10_000

type Told = Parameters<FastifyRateLimitStore['incr']>[1]

/** The plugin knows one key for each call: this is one for several windows, the widest first. */
export const limitKey = (windows: readonly LimitedWindow[]): string => windows.map(({ key, limit }) => `${limit}*${key}`).join(' ')

const windowsOf = (key: string, max: number): [LimitedWindow, ...LimitedWindow[]] => key.split(' ').map((text) => {
  const [, limit, name] = /^(\d+)\*(.+)$/.exec(text) ?? [text, max, text]
  return { key: String(name), limit: Number(limit) }
}) as [LimitedWindow, ...LimitedWindow[]] // a text has a part

/**
 * Joins the plugin to a store. A fault of the store is handed on as it is. What is over a limit stays so until the window ends. Calls `onHit` with
 * the plugin's key when a count is the first over a limit in its window, of all instances' counts.
 */
export const createLimitCounts = (store: Store, clock: Clock, onHit: (key: string) => void): FastifyRateLimitStoreCtor => class LimitCounts implements FastifyRateLimitStore {
  /** By the steady clock. */
  readonly #overUntil = new Map<string, number>()

  incr (key: string, tell: Told, windowMs: number, max: number): void {
    this.#answer(key, max, tell, async ([first, ...others]) =>
      others.length > 0 ? await store.countWithin([first, ...others], windowMs) : { ...await store.count(first.key, windowMs), key: first.key })
  }

  /** What the plugin calls for `increment: false`; its types leave it out. */
  read (key: string, tell: Told, _windowMs: number, max: number): void {
    this.#answer(key, max, tell, async ([{ key }]) => ({ ...await store.countOf(key), key }))
  }

  /** Every limit has keys of its own, so all of them can be counted in one place. */
  child (): FastifyRateLimitStore {
    return this
  }

  #answer (key: string, max: number, tell: Told, ask: (windows: [LimitedWindow, ...LimitedWindow[]]) => Promise<Count & { readonly key: string }>): void {
    const windows = windowsOf(key, max)
    for (const window of windows) {
      const leftMs = (this.#overUntil.get(window.key) ?? 0) - clock.steady()
      if (leftMs > 0) {
        tell(null, { current: max + 1, ttl: leftMs })
        return
      }
      this.#overUntil.delete(window.key)
    }
    ask(windows).then(({ key: decidedBy, count, endsInMs }) => {
      const limit = windows.find((window) => window.key === decidedBy)?.limit ?? max
      if (count > limit) this.#remember(decidedBy, clock.steady() + endsInMs)
      if (count === limit + 1) onHit(key)
      tell(null, { current: max + count - limit, ttl: endsInMs })
    }).catch(tell)
  }

  #remember (key: string, until: number): void {
    this.#overUntil.set(key, until)
    const [first] = this.#overUntil.keys()
    if (this.#overUntil.size > remembered && first !== undefined) this.#overUntil.delete(first)
  }
}
