/** Owns how long a ticket is kept, and the places among MAX_TICKETS. Which moves are right is the domain's to know. */
import { understood } from '../domain/record.ts'
import { graceMs, isFinal, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { Clock, Store, Tickets } from '../login/ports.ts'

const group = 'tickets'
const retryAfterSeconds = 10
/** So many tickets are read in one question: half a megabyte at the most, so that nobody else has to wait for it. */
const batch = 500

/** Joins the tickets to a store; at most `maxTickets` that are not final, over all instances on that store. */
export const createTickets = (store: Store, { clock, maxTickets }: { clock: Clock, maxTickets: number }): Tickets => {
  const leftOf = (ticket: Ticket) => Math.max(1, ticket.expiresAt - clock.now())
  /** A ticket that is not final outlives its end, so that whoever asks then is told `expired`. */
  const ttlOf = (ticket: Ticket) => leftOf(ticket) + (isFinal(ticket.state) ? 0 : graceMs)

  /** Gives the place back, or keeps it until the new end. The move is stored: that this fails must not make it look undone. */
  const settlePlace = async (before: Ticket, after: Ticket): Promise<void> => {
    try {
      if (isFinal(after.state)) await store.release(group, after.id)
      else if (after.expiresAt !== before.expiresAt) await store.admit(group, after.id, leftOf(after), maxTickets)
    } catch {
      // It ends by itself.
    }
  }

  return {
    async add (ticket) {
      if (!await store.admit(group, ticket.id, leftOf(ticket), maxTickets)) throw new Problem('too-many-tickets', { retryAfterSeconds })
      // Should this fail, the place ends by itself.
      await store.write(keyOf(ticket.id), ticket, ttlOf(ticket))
    },
    read: async (id) => isId(id) ? understood(await store.read<Ticket>(keyOf(id))) : undefined,
    async versionsOf (ids) {
      const versions: Array<number | undefined> = []
      for (let from = 0; from < ids.length; from += batch) {
        const tickets = await store.readMany<Ticket>(ids.slice(from, from + batch).map(keyOf))
        versions.push(...tickets.map((ticket) => ticket?.version))
      }
      return versions
    },
    async replace (before, after) {
      const isOurs = await store.replace(keyOf(before.id), before.version, after, ttlOf(after))
      if (isOurs) await settlePlace(before, after)
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
