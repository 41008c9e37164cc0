/**
 * What was made for tickets already, bounded by bytes and by count, each entry for as long as its ticket can live. When there is too much, the client key that
 * holds the most bytes loses its oldest entry: no stranger throws out what others need.
 */
import type { Clock } from '../login/ports.ts'

export interface FairCache<T> {
  get (ticketId: string): T | undefined
  put (ticketId: string, clientKey: string, made: T): void
  clear (): void
}

export interface FairCacheOptions<T> {
  readonly clock: Pick<Clock, 'steady'>
  readonly ttlMs: number
  readonly maxCount: number
  readonly maxBytes: number
  readonly bytesOf: (made: T) => number
}

interface Entry<T> {
  readonly clientKey: string
  readonly made: T
  readonly bytes: number
  readonly expiresAt: number
}

/** What an entry takes beside what was made. */
const entryBytes = 200

export const createFairCache = <T>({ clock, ttlMs, maxCount, maxBytes, bytesOf }: FairCacheOptions<T>): FairCache<T> => {
  // A Map keeps the order of insertion, and every entry lives equally long: the first one ends first.
  const entries = new Map<string, Entry<T>>()
  const holders = new Map<string, { bytes: number, readonly ticketIds: Set<string> }>()
  let bytes = 0

  const drop = (ticketId: string): void => {
    const entry = entries.get(ticketId)
    if (entry === undefined) return
    entries.delete(ticketId)
    bytes -= entry.bytes
    const holder = holders.get(entry.clientKey)
    if (holder === undefined) return
    holder.bytes -= entry.bytes
    holder.ticketIds.delete(ticketId)
    if (holder.ticketIds.size === 0) holders.delete(entry.clientKey)
  }

  const dropExpired = (): void => {
    for (const [ticketId, { expiresAt }] of entries) {
      if (expiresAt > clock.steady()) return
      drop(ticketId)
    }
  }

  const dropOfTheLargest = (): void => {
    let largest: { bytes: number, readonly ticketIds: Set<string> } | undefined
    for (const holder of holders.values()) {
      if (largest === undefined || holder.bytes > largest.bytes) largest = holder
    }
    const [oldest] = largest?.ticketIds ?? []
    if (oldest !== undefined) drop(oldest)
  }

  const isTooMuch = (): boolean => entries.size > maxCount || bytes > maxBytes

  return {
    get: (ticketId) => {
      const entry = entries.get(ticketId)
      return entry === undefined || entry.expiresAt <= clock.steady() ? undefined : entry.made
    },
    put: (ticketId, clientKey, made) => {
      drop(ticketId)
      const entry = { clientKey, made, bytes: bytesOf(made) + entryBytes, expiresAt: clock.steady() + ttlMs }
      const holder = holders.get(clientKey) ?? { bytes: 0, ticketIds: new Set<string>() }
      holders.set(clientKey, holder)
      entries.set(ticketId, entry)
      holder.ticketIds.add(ticketId)
      holder.bytes += entry.bytes
      bytes += entry.bytes
      dropExpired()
      while (isTooMuch()) dropOfTheLargest()
    },
    clear: () => {
      entries.clear()
      holders.clear()
      bytes = 0
    },
  }
}
