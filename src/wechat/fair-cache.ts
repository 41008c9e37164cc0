/**
 * Cache bounded by bytes and by count, and fair among quota keys: above a bound, the quota key with the most bytes, of several the one that was first, loses its oldest entry. So nobody can
 * evict what others need. lru-cache has the expiry, the sizes and the single flight; its own eviction knows nothing of quota keys and is off.
 */
import { LRUCache } from 'lru-cache'
import { expireAfter } from '../cache-options.ts'
import { createHeap, type Placed } from '../heap.ts'
import type { Clock } from '../login/ports.ts'

export interface FairCache<T> {
  get (key: string): T | undefined
  put (key: string, quotaKey: string, value: T): void
  /** Returns the cached value, or makes and caches it: once for all callers at the same time. A rejection goes to all of them and is not cached. */
  fetch (key: string, quotaKey: string, make: () => Promise<T>): Promise<T>
  clear (): void
}

export interface FairCacheOptions<T> {
  readonly clock: Pick<Clock, 'steady'>
  readonly ttlMs: number
  readonly maxCount: number
  readonly maxBytes: number
  readonly bytesOf: (value: T) => number
}

interface Entry<T> {
  readonly quotaKey: string
  readonly value: T
  readonly bytes: number
}

/** What one quota key has in the cache; the oldest key comes first. */
interface Holding extends Placed {
  bytes: number
  readonly keys: Set<string>
  /** Its number among all holdings, in the order of their first entries. */
  readonly number: number
}

/** Of an entry without its value. */
const entryBytes = 200
/** A purge checks every entry, which takes milliseconds for 10 000. */
const purgeEveryMs = 1000

export const createFairCache = <T>({ clock, ttlMs, maxCount, maxBytes, bytesOf }: FairCacheOptions<T>): FairCache<T> => {
  const holdings = new Map<string, Holding>()
  const largestFirst = createHeap<Holding>((one, other) => one.bytes > other.bytes || (one.bytes === other.bytes && one.number < other.number))
  let made = 0
  let count = 0 // not `cache.size`: that has the fetches under way as well
  let purgedAt = -Infinity

  const cache = new LRUCache<string, Entry<T>, () => Promise<Entry<T>>>({
    ...expireAfter(ttlMs, clock),
    maxSize: Number.MAX_SAFE_INTEGER, // no eviction by age of use
    maxEntrySize: maxBytes,
    sizeCalculation: ({ bytes }) => bytes,
    fetchMethod: (_key, _expired, { context: make }) => make(),
    ignoreFetchAbort: true, // what is replaced or cleared while it is made still goes to its callers
    onInsert: ({ quotaKey, bytes }, key) => {
      const holding = holdings.get(quotaKey) ?? { bytes: 0, keys: new Set(), number: made++, place: -1 }
      holdings.set(quotaKey, holding)
      holding.bytes += bytes
      holding.keys.add(key)
      largestFirst.put(holding)
      count++
    },
    dispose: ({ quotaKey, bytes }, key) => {
      const holding = holdings.get(quotaKey) as Holding // every entry was inserted
      holding.bytes -= bytes
      holding.keys.delete(key)
      if (holding.keys.size === 0) {
        holdings.delete(quotaKey)
        largestFirst.remove(holding)
      } else largestFirst.put(holding)
      count--
    },
  })

  const entryOf = (quotaKey: string, value: T): Entry<T> => ({ quotaKey, value, bytes: bytesOf(value) + entryBytes })

  const isOverfull = (): boolean => count > maxCount || (count > 0 && cache.calculatedSize > maxBytes)

  const evict = (): void => {
    if (clock.steady() - purgedAt >= purgeEveryMs) {
      cache.purgeStale()
      purgedAt = clock.steady()
    }
    while (isOverfull()) {
      const [oldest] = largestFirst.first()?.keys ?? []
      cache.delete(oldest as string) // there is one: an empty holding is removed
    }
  }

  return {
    get: (key) => cache.get(key)?.value,
    put: (key, quotaKey, value) => {
      cache.set(key, entryOf(quotaKey, value))
      evict()
    },
    fetch: async (key, quotaKey, make) => {
      cache.get(key) // removes an expired entry: a fetch that fails would drop it without `dispose`
      const { value } = await cache.forceFetch(key, { context: async () => entryOf(quotaKey, await make()) })
      evict()
      return value
    },
    clear: () => { cache.clear() },
  }
}
