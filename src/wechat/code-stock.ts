/**
 * Ticket ids whose codes exist already, so that a new ticket needs no call to WeChat. Filled in the background, one code at a time, after a ticket was
 * asked for: a service without visitors makes no calls.
 */
import { LRUCache } from 'lru-cache'
import { expireAfter, maxEntries } from '../cache-options.ts'
import type { Clock, CodeImage, CodeStock } from '../login/ports.ts'

export interface CodeStockOptions {
  /** How many are kept ready; 0 for none. */
  readonly size: number
  readonly newTicketId: () => string
  /** Makes the code of an id that no ticket has yet. */
  readonly make: (ticketId: string) => Promise<CodeImage>
  /** Caches a code for the ticket that has its id now. */
  readonly keep: (ticketId: string, clientKey: string, code: CodeImage) => void
  /** Older codes are dropped. */
  readonly maxAgeMs: number
  readonly clock: Pick<Clock, 'steady'>
}

/** The part of the stock that one client key gets in a minute. */
const sharePerKey = 1 / 4
const shareWindowMs = 60_000
const firstWaitMs = 1000
const longestWaitMs = 60_000

export const createCodeStock = ({ size, newTicketId, make, keep, maxAgeMs, clock }: CodeStockOptions): CodeStock & { close (): void } => {
  const taken = new LRUCache<string, { count: number }>({ ...maxEntries(10_000), ...expireAfter(shareWindowMs, clock) })
  const share = Math.max(1, Math.floor(size * sharePerKey))
  let ready: Array<{ readonly ticketId: string, readonly code: CodeImage, readonly endsAt: number }> = []
  let isFilling = false
  let isClosed = size === 0
  let waitMs = firstWaitMs
  let notBefore = -Infinity

  const hasRoom = (): boolean => !isClosed && ready.length < size

  const fill = async (): Promise<void> => {
    if (isFilling || clock.steady() < notBefore) return
    isFilling = true
    try {
      while (hasRoom()) {
        const ticketId = newTicketId()
        const code = await make(ticketId)
        ready.push({ ticketId, code, endsAt: clock.steady() + maxAgeMs })
        waitMs = firstWaitMs
      }
    } catch {
      // The failed call is logged already. The next visitor makes it try again.
      notBefore = clock.steady() + waitMs
      waitMs = Math.min(longestWaitMs, waitMs * 2)
    } finally {
      isFilling = false
    }
  }

  const startFilling = (): void => { fill().catch(() => {}) } // `fill` never rejects

  return {
    takeTicketId: (clientKey) => {
      if (isClosed) return undefined
      ready = ready.filter(({ endsAt }) => endsAt > clock.steady())
      const used = taken.get(clientKey) ?? { count: 0 }
      // A client that has had its share causes no calls either.
      if (used.count >= share) return undefined
      const first = ready.shift()
      if (first === undefined) {
        startFilling()
        return undefined
      }
      used.count++
      if (used.count === 1) taken.set(clientKey, used)
      return {
        id: first.ticketId,
        use: () => {
          keep(first.ticketId, clientKey, first.code)
          startFilling()
        },
        putBack: () => {
          used.count--
          if (!isClosed) ready.unshift(first)
        },
      }
    },
    close: () => {
      isClosed = true
      ready = []
    },
  }
}
