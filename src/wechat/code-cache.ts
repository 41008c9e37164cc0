/** Owns the codes that were made already, bounded by count and bytes: the one looked at longest ago goes first. */
import type { Clock, CodeImage } from '../login/ports.ts'

export interface CodeCache {
  get (ticketId: string): CodeImage | undefined
  put (ticketId: string, image: CodeImage): void
  clear (): void
}

export interface CodeCacheOptions {
  readonly clock: Clock
  readonly ttlMs: number
  readonly maxCount: number
  readonly maxBytes: number
}

export const createCodeCache = ({ clock, ttlMs, maxCount, maxBytes }: CodeCacheOptions): CodeCache => {
  // A Map keeps the order of insertion, so an entry that is put in again is the youngest.
  const entries = new Map<string, { readonly image: CodeImage, readonly expiresAt: number }>()
  let bytes = 0

  const drop = (ticketId: string): void => {
    bytes -= entries.get(ticketId)?.image.bytes.length ?? 0
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
      return entry.image
    },
    put: (ticketId, image) => {
      drop(ticketId)
      entries.set(ticketId, { image, expiresAt: clock.now() + ttlMs })
      bytes += image.bytes.length
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
