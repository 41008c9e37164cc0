/**
 * Ticket ids whose codes are made already, so that a new ticket needs no call to WeChat. Filled in the background, one code at a time, and only
 * when a visitor has come: a service that nobody visits asks WeChat nothing.
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
  /** Keeps a code for the ticket that has its id now. */
  readonly keep: (ticketId: string, clientKey: string, code: CodeImage) => void
  /** Older ones are thrown away. */
  readonly lifeMs: number
  readonly clock: Pick<Clock, 'steady'>
}

/** One client key gets at most this part of the stock in a minute. */
const shareOfKey = 1 / 4
const shareWindowMs = 60_000
const firstWaitMs = 1000
const longestWaitMs = 60_000

export const createCodeStock = ({ size, newTicketId, make, keep, lifeMs, clock }: CodeStockOptions): CodeStock & { close (): void } => {
  const taken = new LRUCache<string, { count: number }>({ ...maxEntries(10_000), ...expireAfter(shareWindowMs, clock) })
  const share = Math.max(1, Math.floor(size * shareOfKey))
  let ready: Array<{ readonly ticketId: string, readonly code: CodeImage, readonly endsAt: number }> = []
  let isFilling = false
  let isClosed = size === 0
  let waitMs = firstWaitMs
  let notBefore = -Infinity

  const isWanting = (): boolean => !isClosed && ready.length < size

  const fill = async (): Promise<void> => {
    if (isFilling || clock.steady() < notBefore) return
    isFilling = true
    try {
      while (isWanting()) {
        const ticketId = newTicketId()
        const code = await make(ticketId)
        ready.push({ ticketId, code, endsAt: clock.steady() + lifeMs })
        waitMs = firstWaitMs
      }
    } catch {
      // The operator has been told by the call itself, and the next visitor is a reason to try again.
      notBefore = clock.steady() + waitMs
      waitMs = Math.min(longestWaitMs, waitMs * 2)
    } finally {
      isFilling = false
    }
  }

  const fillLater = (): void => { fill().catch(() => {}) } // it catches everything itself

  return {
    takeTicketId: (clientKey) => {
      if (isClosed) return undefined
      ready = ready.filter(({ endsAt }) => endsAt > clock.steady())
      const used = taken.get(clientKey) ?? { count: 0 }
      // Whoever has had their share neither takes nor causes calls.
      if (used.count >= share) return undefined
      const first = ready.shift()
      if (first === undefined) {
        fillLater()
        return undefined
      }
      used.count++
      if (used.count === 1) taken.set(clientKey, used)
      return {
        id: first.ticketId,
        use: () => {
          keep(first.ticketId, clientKey, first.code)
          fillLater()
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
