/** Per-ticket cache with single flight and a deadline, for codes and links. At most two calls to WeChat per ticket, counted over all instances. */
import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { expireAfter, maxEntries } from '../cache-options.ts'
import { settleWithin } from '../deadline.ts'
import type { Clock } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { budgetMs } from './api.ts'
import type { FairCache } from './fair-cache.ts'
import { asUnavailable, WechatFault } from './fault.ts'
import type { TokenCall } from './token-call.ts'

export interface TicketCache<T> {
  /** Returns the code or link of this ticket from the cache, or makes it. Rejects with `wechat-unavailable` or `store-unavailable`, and with a RangeError for a malformed id. */
  obtain (ticketId: string, quotaKey: string, make: Make<T>): Promise<T>
  /** Makes one for an id that no ticket has yet. It is neither cached nor counted for a ticket. Rejects as the call does. */
  prefetch (make: Make<T>): Promise<T>
  /** Caches what was prefetched, once a ticket has the id. */
  put (ticketId: string, quotaKey: string, prefetched: T): void
}

/** The part of a call to WeChat that depends on the ticket. */
export type TicketCall = Required<Pick<TokenCall<unknown>, 'deadlineAt' | 'quotaKey' | 'charge'>>
type Make<T> = (call: TicketCall) => Promise<T>

export interface TicketCacheOptions<T> {
  /** Part of the name under which the store counts the calls. */
  readonly kind: string
  readonly cache: FairCache<T>
  readonly store: Pick<Store, 'acquirePlainSlot' | 'releasePlainSlot'>
  readonly clock: Clock
  /** How long a ticket lives. */
  readonly ticketTtlMs: number
}

/** WeChat limits the `scene` of a code to 32 characters; besides these it allows 20 special ones, but our ids are base64url. */
const sceneForm = /^[\w-]{1,32}$/
/**
 * The second call is for another instance, or one that has evicted the result. Prefetched codes are not counted: strangers cause no more of them than their
 * share. Results are not shared through the store: at 50 kB each, a stranger's codes could fill it.
 */
const callsPerTicket = 2
/** How long the store is not asked again about a ticket without calls left. */
const spentMs = 10_000

export const createTicketCache = <T>({ kind, cache, store, clock, ticketTtlMs }: TicketCacheOptions<T>): TicketCache<T> => {
  const spent = new LRUCache<string, true>({ ...maxEntries(10_000), ...expireAfter(spentMs, clock) })
  const noCallsLeft = (): WechatFault => new WechatFault('this ticket has used up its calls to WeChat', { retryAfterSeconds: spentMs / 1000 })

  /** Counts one call for the ticket; a failed call is undone. Backoffs (`gate`) limit how often that happens. */
  const charge = async (ticketId: string): Promise<() => Promise<void>> => {
    const group = `wechat-${kind}:${ticketId}`
    const member = randomUUID()
    if (!await store.acquirePlainSlot(group, member, ticketTtlMs, callsPerTicket)) {
      spent.set(ticketId, true)
      throw noCallsLeft()
    }
    return () => store.releasePlainSlot(group, member)
  }

  const inTime = (make: Make<T>, call: Omit<TicketCall, 'deadlineAt'>): Promise<T> =>
    settleWithin(clock, budgetMs, make({ ...call, deadlineAt: clock.steady() + budgetMs }), () => new WechatFault('the time for this request is up'))

  return {
    obtain: async (ticketId, quotaKey, make) => {
      if (!sceneForm.test(ticketId)) throw new RangeError('A ticket id must fit into the scene of a code')
      const cached = cache.get(ticketId)
      if (cached !== undefined) return cached
      try {
        if (spent.has(ticketId)) throw noCallsLeft()
        return await cache.fetch(ticketId, quotaKey, () => inTime(make, { quotaKey, charge: () => charge(ticketId) }))
      } catch (error) {
        throw asUnavailable(error)
      }
    },
    prefetch: (make) => inTime(make, { quotaKey: '', charge: async () => async () => {} }),
    put: (ticketId, quotaKey, prefetched) => { cache.put(ticketId, quotaKey, prefetched) },
  }
}
