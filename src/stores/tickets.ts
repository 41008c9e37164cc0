/** Owns how long a ticket is kept, and the places among MAX_TICKETS. Which moves are right is the domain's to know. */
import { graceMs, isFinal, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { Clock, Store, Tickets } from '../login/ports.ts'

const group = 'tickets'
const retryAfterSeconds = 10

/** Joins the tickets to a store; at most `maxTickets` that are not final, over all instances on that store. */
export const createTickets = (store: Store, { clock, maxTickets }: { clock: Clock, maxTickets: number }): Tickets => {
  /** A ticket that is not final outlives its end, so that whoever asks then is told `expired`; it also covers the extra time that a scan gives. */
  const ttlOf = (ticket: Ticket) => ticket.expiresAt - clock.now() + (isFinal(ticket.state) ? 0 : graceMs)

  return {
    async add (ticket) {
      if (!await store.admit(group, ticket.id, ttlOf(ticket), maxTickets)) throw new Problem('too-many-tickets', { retryAfterSeconds })
      // Should this fail, the place ends by itself.
      await store.write(keyOf(ticket.id), ticket, ttlOf(ticket))
    },
    read: async (id) => isId(id) ? store.read<Ticket>(keyOf(id)) : undefined,
    async replace (before, after) {
      const isOurs = await store.replace(keyOf(before.id), before.version, after, ttlOf(after))
      // The move is stored: that the place is not given back just now must not make it look undone. It ends by itself.
      if (isOurs && isFinal(after.state)) await store.release(group, after.id).catch(() => {})
      return isOurs
    },
    onMove: (hear) => store.onReplace((key) => {
      if (key === null) hear(null)
      else if (key.startsWith(prefix)) hear(key.slice(prefix.length))
    }),
  }
}

const prefix = 'ticket:'
const keyOf = (id: string) => `${prefix}${id}`

/** What was never an id is unknown like an id that nobody made. */
const isId = (id: string) => typeof id === 'string' && /^[\w-]{22}$/.test(id)
