/** A bound of a cache by the number of its entries. `max` would take the memory for all of them at once, and for some caches with 10 000 that is megabytes. */
export const maxEntries = (entries: number) => ({ maxSize: entries, sizeCalculation: () => 1 })
