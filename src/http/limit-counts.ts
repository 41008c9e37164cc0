/**
 * A store for the rate-limit plugin. Counts in our own store, for all instances, and remembers who is over a limit, so that a flood of refusals costs the store
 * nothing. The plugin counts one key against one `max`. Here a key has several windows: the client's own, with that `max`, and those of the networks around it,
 * with more. They are counted in one step, and the plugin gets `max` plus the excess over the deciding limit.
 */
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../login/ports.ts'
import type { LimitedWindow, Store } from '../login/store-port.ts'
import { maxEntries } from '../cache-options.ts'

/** How many windows over their limit are remembered; for any other the store is asked. */
export const maxRemembered = 10_000

type IncrementCallback = Parameters<FastifyRateLimitStore['incr']>[1]

/** Windows that are counted together, the widest first. */
export type Windows = readonly [LimitedWindow, ...LimitedWindow[]]

export interface LimitCounts {
  readonly Store: FastifyRateLimitStoreCtor
  /** The first of these windows that is over its limit, without counting anything. */
  firstOver (windows: Windows): Promise<LimitedWindow | undefined>
  /** Whether one of these windows is remembered as over its limit, without asking the store. */
  isKnownOver (windows: Windows): boolean
}

/** `windowsOf` gives the windows of a plugin key with its `max`. A fault of the store rejects as it is. What is over a limit stays so until the window ends. */
export const createLimitCounts = (store: Store, clock: Clock, windowsOf: (key: string, max: number) => Windows): LimitCounts => {
  /** When the windows end that are over their limit, on the steady clock. */
  const overUntil = new LRUCache<string, number>(maxEntries(maxRemembered))

  /** Milliseconds until the end of a window that is known to be over its limit; 0 for any other. */
  const leftMsOf = ({ key }: LimitedWindow): number => Math.max(0, (overUntil.get(key) ?? 0) - clock.steady())

  const remember = (key: string, endsInMs: number): void => { overUntil.set(key, clock.steady() + endsInMs) }

  const isKnownOver = (windows: Windows): boolean => windows.some((window) => leftMsOf(window) > 0)

  const firstOver = async (windows: Windows): Promise<LimitedWindow | undefined> => {
    const known = windows.find((window) => leftMsOf(window) > 0)
    if (known !== undefined) return known
    const counts = await store.readLimitCounts(windows.map(({ key }) => key) as [string, ...string[]]) // one key for each window
    const over = windows.findIndex(({ limit }, index) => (counts[index]?.count ?? 0) > limit)
    const window = windows[over]
    if (window !== undefined) remember(window.key, counts[over]?.endsInMs ?? 0)
    return window
  }

  class PluginStore implements FastifyRateLimitStore {
    incr (key: string, done: IncrementCallback, windowMs: number, max: number): void {
      const windows = windowsOf(key, max)
      const leftMs = windows.map(leftMsOf).find((ms) => ms > 0)
      if (leftMs !== undefined) {
        done(null, { current: max + 2, ttl: leftMs }) // `max + 1` is the first call over the limit, which the audit records
        return
      }
      store.countAgainstLimits(windows, windowMs).then(({ key: decidedBy, count, endsInMs }) => {
        const limit = windows.find((window) => window.key === decidedBy)?.limit ?? max
        if (count > limit) remember(decidedBy, endsInMs)
        done(null, { current: max + count - limit, ttl: endsInMs })
      }).catch(done)
    }

    /** Every limit has keys of its own, so all of them can be counted in one place. */
    child (): FastifyRateLimitStore {
      return this
    }
  }

  return { Store: PluginStore, firstOver, isKnownOver }
}
