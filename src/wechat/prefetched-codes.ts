/**
 * Ticket ids with prefetched codes, so that a new ticket needs no call to WeChat. Prefetched in the background, one code at a time, after a ticket was asked
 * for: a service without visitors makes no calls.
 */
import { LRUCache } from 'lru-cache'
import { expireAfter, maxEntries } from '../cache-options.ts'
import type { Clock, CodeImage, PrefetchedCodes } from '../login/ports.ts'

export interface PrefetchedCodesOptions {
  /** How many are prefetched; 0 for none. */
  readonly size: number
  readonly newTicketId: () => string
  /** Makes the code of an id that no ticket has yet. */
  readonly prefetch: (ticketId: string) => Promise<CodeImage>
  /** Caches a code for the ticket that has its id now. */
  readonly put: (ticketId: string, quotaKey: string, code: CodeImage) => void
  /** Older codes are dropped. */
  readonly maxAgeMs: number
  readonly clock: Pick<Clock, 'steady' | 'after'>
}

/** The part of the prefetched codes that one quota key gets in a minute. */
const sharePerKey = 1 / 4
const shareWindowMs = 60_000
/** From a new ticket to the calls for more codes: its page asks for its picture meanwhile, and would wait for their work. */
export const fillAfterMs = 250
const firstBackoffMs = 1000
const longestBackoffMs = 60_000

export const createPrefetchedCodes = ({ size, newTicketId, prefetch, put, maxAgeMs, clock }: PrefetchedCodesOptions): PrefetchedCodes & { close (): void } => {
  const taken = new LRUCache<string, { count: number }>({ ...maxEntries(10_000), ...expireAfter(shareWindowMs, clock) })
  const share = Math.max(1, Math.floor(size * sharePerKey))
  let prefetched: Array<{ readonly ticketId: string, readonly code: CodeImage, readonly endsAt: number }> = []
  let isFilling = false
  let cancelFill = (): void => {}
  let isClosed = size === 0
  let backoffMs = firstBackoffMs
  let notBefore = -Infinity

  const hasRoom = (): boolean => !isClosed && prefetched.length < size

  const fill = async (): Promise<void> => {
    try {
      while (hasRoom()) {
        const ticketId = newTicketId()
        const code = await prefetch(ticketId)
        prefetched.push({ ticketId, code, endsAt: clock.steady() + maxAgeMs })
        backoffMs = firstBackoffMs
      }
    } catch {
      // The failed call is logged already. The next visitor makes it try again.
      notBefore = clock.steady() + backoffMs
      backoffMs = Math.min(longestBackoffMs, backoffMs * 2)
    } finally {
      isFilling = false
    }
  }

  const startFilling = (): void => {
    if (isFilling || clock.steady() < notBefore) return
    isFilling = true
    cancelFill = clock.after(fillAfterMs, () => { fill().catch(() => {}) }) // `fill` never rejects
  }

  return {
    takeTicketId: (quotaKey) => {
      if (isClosed) return undefined
      prefetched = prefetched.filter(({ endsAt }) => endsAt > clock.steady())
      const used = taken.get(quotaKey) ?? { count: 0 }
      // A key that has had its share causes no calls either.
      if (used.count >= share) return undefined
      const first = prefetched.shift()
      if (first === undefined) {
        startFilling()
        return undefined
      }
      used.count++
      if (used.count === 1) taken.set(quotaKey, used)
      return {
        id: first.ticketId,
        use: () => {
          put(first.ticketId, quotaKey, first.code)
          startFilling()
        },
        putBack: () => {
          used.count--
          if (!isClosed) prefetched.unshift(first)
        },
      }
    },
    close: () => {
      isClosed = true
      cancelFill()
      prefetched = []
    },
  }
}
