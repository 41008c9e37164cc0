/** The rate-limit plugin's counts in our store, for all instances; and a memory of who is over a limit, so that a flood of refusals costs the store nothing. */
import type { FastifyRateLimitStore, FastifyRateLimitStoreCtor } from '@fastify/rate-limit'
import type { Clock } from '../login/ports.ts'
import type { LimitedWindow, Store } from '../login/store-port.ts'

/** How many windows over their limit are remembered; for any other the store is asked. */
export const remembered = 10_000

type Told = Parameters<FastifyRateLimitStore['incr']>[1]

/** Windows that are counted together, the widest first. */
export type Windows = readonly [LimitedWindow, ...LimitedWindow[]]

export interface LimitCounts {
  readonly Store: FastifyRateLimitStoreCtor
  /** The first of these windows that is over its limit, without counting anything. */
  firstOver (windows: Windows): Promise<LimitedWindow | undefined>
}

/** The plugin knows one key for each call: this is one for several windows, the widest first. */
export const limitKey = (windows: Windows): string => windows.map(({ key, limit }) => `${limit}*${key}`).join(' ')

const windowsOf = (key: string, max: number): Windows => key.split(' ').map((text) => {
  const [, limit, name] = /^(\d+)\*(.+)$/.exec(text) ?? [text, max, text]
  return { key: String(name), limit: Number(limit) }
}) as [LimitedWindow, ...LimitedWindow[]] // a text has a part

/**
 * Joins the plugin to a store. A fault of the store is handed on as it is. What is over a limit stays so until the window ends. Calls `onHit` with
 * the plugin's key when a count is the first over a limit in its window, of all instances' counts.
 */
export const createLimitCounts = (store: Store, clock: Clock, onHit: (key: string) => void): LimitCounts => {
  /** By the steady clock. */
  const overUntil = new Map<string, number>()

  /** Of a window that is known to be over its limit; 0 for any other. */
  const leftMsOf = ({ key }: LimitedWindow): number => {
    const leftMs = (overUntil.get(key) ?? 0) - clock.steady()
    if (leftMs <= 0) overUntil.delete(key)
    return Math.max(0, leftMs)
  }

  const remember = (key: string, endsInMs: number): void => {
    overUntil.set(key, clock.steady() + endsInMs)
    const [first] = overUntil.keys()
    if (overUntil.size > remembered && first !== undefined) overUntil.delete(first)
  }

  const firstOver = async (windows: Windows): Promise<LimitedWindow | undefined> => {
    const known = windows.find((window) => leftMsOf(window) > 0)
    if (known !== undefined) return known
    const counts = await store.countsWithin(windows.map(({ key }) => key) as [string, ...string[]]) // as many
    const over = windows.findIndex(({ limit }, index) => (counts[index]?.count ?? 0) > limit)
    const window = windows[over]
    if (window !== undefined) remember(window.key, counts[over]?.endsInMs ?? 0)
    return window
  }

  class PluginStore implements FastifyRateLimitStore {
    incr (key: string, tell: Told, windowMs: number, max: number): void {
      const windows = windowsOf(key, max)
      for (const window of windows) {
        const leftMs = leftMsOf(window)
        if (leftMs > 0) {
          tell(null, { current: max + 1, ttl: leftMs })
          return
        }
      }
      store.countWithin(windows, windowMs).then(({ key: decidedBy, count, endsInMs }) => {
        const limit = windows.find((window) => window.key === decidedBy)?.limit ?? max
        if (count > limit) remember(decidedBy, endsInMs)
        if (count === limit + 1) onHit(key)
        tell(null, { current: max + count - limit, ttl: endsInMs })
      }).catch(tell)
    }

    /** Every limit has keys of its own, so all of them can be counted in one place. */
    child (): FastifyRateLimitStore {
      return this
    }
  }

  return { Store: PluginStore, firstOver }
}
