/** Owns how something of WeChat's is made once for each ticket: kept, shared by callers at the same time, in a visitor's time. Knows not what. */
import type { Clock } from '../login/ports.ts'
import { createDeadline, type Deadline } from './deadline.ts'
import { asUnavailable } from './fault.ts'
import { createSingleFlight } from './single-flight.ts'
import type { TicketCache } from './ticket-cache.ts'

/** Gives what was made for this ticket, or has it made. Rejects with `wechat-unavailable` or `store-unavailable`; a RangeError for what is no ticket id. */
export type TicketSupply<T> = (ticketId: string, make: (deadline: Deadline) => Promise<T>) => Promise<T>

/** WeChat's own limit for the `scene` of a code; it takes 20 special characters besides, ours are base64url. */
const sceneForm = /^[\w-]{1,32}$/

export const createTicketSupply = <T>(cache: TicketCache<T>, clock: Clock): TicketSupply<T> => {
  const singly = createSingleFlight<T>()
  return async (ticketId, make) => {
    if (!sceneForm.test(ticketId)) throw new RangeError('A ticket id must fit into the scene of a code')
    const kept = cache.get(ticketId)
    if (kept !== undefined) return kept
    try {
      return await singly(ticketId, async () => {
        const deadline = createDeadline(clock)
        const made = await deadline.race(make(deadline))
        cache.put(ticketId, made)
        return made
      })
    } catch (error) {
      throw asUnavailable(error)
    }
  }
}
