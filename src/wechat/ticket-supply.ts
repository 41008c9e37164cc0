/** What is made of WeChat's for a ticket: kept here, made once for callers at the same time, within a visitor's time, and at most twice over all instances. */
import { randomUUID } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { expireAfter, maxEntries } from '../cache-options.ts'
import { withDeadline } from '../deadline.ts'
import type { Clock } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { budgetMs } from './api.ts'
import type { FairCache } from './fair-cache.ts'
import { asUnavailable, WechatFault } from './fault.ts'
import type { TokenCall } from './token-call.ts'

export interface TicketSupply<T> {
  /** Gives what was made for this ticket, or has it made. Rejects with `wechat-unavailable` or `store-unavailable`; a RangeError for what is no ticket id. */
  obtain (ticketId: string, clientKey: string, make: Make<T>): Promise<T>
  /** Has something made for an id that no ticket has yet, keeps nothing, and leaves the ticket-to-be its calls. Rejects as the call does. */
  makeAhead (make: Make<T>): Promise<T>
  /** Keeps what was made ahead, for the ticket that has the id now. */
  keep (ticketId: string, clientKey: string, made: T): void
}

/** What a call to WeChat needs of its ticket. */
export type TicketCall = Required<Pick<TokenCall<unknown>, 'deadlineAt' | 'clientKey' | 'charge'>>
type Make<T> = (call: TicketCall) => Promise<T>

export interface TicketSupplyOptions<T> {
  /** Names what is made among what the store counts. */
  readonly kind: string
  readonly cache: FairCache<T>
  readonly store: Pick<Store, 'acquirePlainSlot' | 'releasePlainSlot'>
  readonly clock: Clock
  /** The life of a ticket. */
  readonly ticketTtlMs: number
}

/** WeChat's own limit for the `scene` of a code; it takes 20 special characters besides, ours are base64url. */
const sceneForm = /^[\w-]{1,32}$/
/**
 * One more than one, for an instance that has not made it itself, or that had no room to keep it. What is made ahead counts for no ticket, as strangers cause
 * no more of that than their share of the stock. What is made is not kept in the store for all instances: at 50 kB each, a stranger's codes could fill it.
 */
const callsPerTicket = 2
/** How long the store isn't asked again for a ticket that has used up its calls. */
const spentKeptMs = 10_000

export const createTicketSupply = <T>({ kind, cache, store, clock, ticketTtlMs }: TicketSupplyOptions<T>): TicketSupply<T> => {
  const spent = new LRUCache<string, true>({ ...maxEntries(10_000), ...expireAfter(spentKeptMs, clock) })
  const usedUp = (): WechatFault => new WechatFault('this ticket has used up its calls to WeChat', { retryAfterSeconds: spentKeptMs / 1000 })

  /** Takes one of the ticket's calls. A call that failed is given back: how often that can be is bounded by the waits that failures begin. */
  const charge = async (ticketId: string): Promise<() => Promise<void>> => {
    const group = `wechat-${kind}:${ticketId}`
    const member = randomUUID()
    if (!await store.acquirePlainSlot(group, member, ticketTtlMs, callsPerTicket)) {
      spent.set(ticketId, true)
      throw usedUp()
    }
    return () => store.releasePlainSlot(group, member)
  }

  const inTime = (make: Make<T>, call: Omit<TicketCall, 'deadlineAt'>): Promise<T> =>
    withDeadline(clock, budgetMs, () => make({ ...call, deadlineAt: clock.steady() + budgetMs }), { late: () => new WechatFault('The time for this call is up') })

  return {
    obtain: async (ticketId, clientKey, make) => {
      if (!sceneForm.test(ticketId)) throw new RangeError('A ticket id must fit into the scene of a code')
      const kept = cache.get(ticketId)
      if (kept !== undefined) return kept
      try {
        if (spent.has(ticketId)) throw usedUp()
        return await cache.fetch(ticketId, clientKey, () => inTime(make, { clientKey, charge: () => charge(ticketId) }))
      } catch (error) {
        throw asUnavailable(error)
      }
    },
    makeAhead: (make) => inTime(make, { clientKey: '', charge: async () => async () => {} }),
    keep: (ticketId, clientKey, made) => { cache.put(ticketId, clientKey, made) },
  }
}
