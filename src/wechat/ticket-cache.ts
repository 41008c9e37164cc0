/** Owns what was made for tickets already, bounded by count and bytes: what was looked at longest ago goes first. */
import type { Clock } from '../login/ports.ts'

export interface TicketCache<T> {
  get (ticketId: string): T | undefined
  put (ticketId: string, made: T): void
  clear (): void
}

export interface TicketCacheOptions<T> {
  readonly clock: Clock
  readonly ttlMs: number
  readonly maxCount: number
  readonly maxBytes: number
  readonly bytesOf: (made: T) => number
}

export const createTicketCache = <T>({ clock, ttlMs, maxCount, maxBytes, bytesOf }: TicketCacheOptions<T>): TicketCache<T> => {
  // A Map keeps the order of insertion, so an entry that is put in again is the youngest.
  const entries = new Map<string, { readonly made: T, readonly expiresAt: number }>()
  let bytes = 0

  const drop = (ticketId: string): void => {
    const entry = entries.get(ticketId)
    if (entry === undefined) return
    bytes -= bytesOf(entry.made)
    entries.delete(ticketId)
  }

  return {
    get: (ticketId) => {
      const entry = entries.get(ticketId)
      if (entry === undefined) return undefined
      if (entry.expiresAt <= clock.now()) {
        drop(ticketId)
        return undefined
      }
      entries.delete(ticketId)
      entries.set(ticketId, entry)
      return entry.made
    },
    put: (ticketId, made) => {
      drop(ticketId)
      entries.set(ticketId, { made, expiresAt: clock.now() + ttlMs })
      bytes += bytesOf(made)
      for (const oldest of entries.keys()) {
        if (entries.size <= maxCount && bytes <= maxBytes) break
        drop(oldest)
      }
    },
    clear: () => {
      entries.clear()
      bytes = 0
    },
  }
}
