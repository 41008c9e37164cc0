/** Bounds a cache by the number of its entries. `max` would allocate memory for all of them at once: megabytes for some caches of 10 000. */
export const maxEntries = (entries: number) => ({ maxSize: entries, sizeCalculation: () => 1 })

/** Expires entries `ttlMs` after they were set, by a steady clock. lru-cache takes a start of 0 for "never", and keeps an entry until its age exceeds the ttl. */
export const expireAfter = (ttlMs: number, clock: { steady (): number }) =>
  ({ ttl: ttlMs - 1, ttlResolution: 0, perf: { now: () => clock.steady() + 1 } })
