/** Tickets on a store: how long each is kept, and its slot among MAX_TICKETS. */
import { isId } from '../domain/ids.ts'
import { graceMs, isFinal, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { Clock, Tickets } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Slot, Store } from '../login/store-port.ts'

const group = 'tickets'
const retryAfterSeconds = 10
/** Half a megabyte at most in one question, so that nobody else has to wait for it. */
const batch = 500
/** The share of one network in MAX_TICKETS: with the default 5,000, more than LIMIT_CREATE lets a whole network make within three minutes. */
const networksShare = 20
/** Tickets whose slots this instance knows to be secured; 5 MB. Of one that is forgotten the store is asked again, and writes nothing. */
const rememberedSecured = 50_000
/** A slot ends by the store's clock and a ticket by ours: this near to the end a missing slot may be one that has ended. Milliseconds. */
const endMarginMs = 10_000

/** Joins the tickets to a store; at most `maxTickets` that are not final, over all instances on that store. */
export const createTickets = (store: Store, { clock, maxTickets }: { clock: Clock, maxTickets: number }): Tickets => {
  const records = createRecords<Ticket>(store, { prefix, isId })
  const secured = new Set<string>()
  const ownerLimit = Math.max(1, Math.floor(maxTickets / networksShare))
  const leftOf = (ticket: Ticket) => Math.max(1, ticket.expiresAt - clock.now())
  /** A ticket that is not final outlives its end, so that whoever asks then is told `expired`. */
  const ttlOf = (ticket: Ticket) => leftOf(ticket) + (isFinal(ticket.state) ? 0 : graceMs)

  /** Forgets the ticket whose slot another has got. Should this fail, it ends by itself; without its slot nothing moves it any more. */
  const forget = async (id: string): Promise<void> => {
    await records.remove(id).catch(() => {})
  }

  /** True where the ticket has its slot. */
  const takeSlot = async (ticket: Ticket): Promise<boolean> => {
    const slot = slotOf(ticket)
    if (slot === undefined) return await store.acquirePlainSlot(group, ticket.id, leftOf(ticket), maxTickets)
    const { isAcquired, evicted } = await store.acquireSlot(slot, { ttlMs: leftOf(ticket), limit: maxTickets, ownerLimit, isProvisional: ticket.state === 'pending' })
    if (evicted !== null) await forget(evicted)
    return isAcquired
  }

  const giveSlotBack = async (ticket: Ticket): Promise<void> => {
    secured.delete(ticket.id)
    const slot = slotOf(ticket)
    await (slot === undefined ? store.releasePlainSlot(group, ticket.id) : store.releaseSlot(slot))
  }

  /** Gives the slot back, or keeps it until the new end. The move is stored: that this fails must not make it look undone. */
  const settleSlot = async (before: Ticket, after: Ticket): Promise<void> => {
    try {
      if (isFinal(after.state)) await giveSlotBack(after)
      else if (after.expiresAt !== before.expiresAt) await takeSlot(after)
    } catch {
      // It ends by itself.
    }
  }

  const keep: Tickets['keep'] = async (ticket) => {
    const slot = slotOf(ticket)
    if (slot === undefined || ticket.state !== 'pending' || secured.has(ticket.id)) return
    if (await store.secureSlot(slot)) rememberSecured(ticket.id)
    else if (leftOf(ticket) > endMarginMs) throw new Problem('ticket-not-found')
  }

  const rememberSecured = (id: string): void => {
    secured.add(id)
    const [oldest] = secured
    if (secured.size > rememberedSecured && oldest !== undefined) secured.delete(oldest)
  }

  return {
    async add (ticket) {
      if (!await takeSlot(ticket)) throw new Problem('too-many-tickets', { retryAfterSeconds })
      // Should this fail, the slot ends by itself.
      await records.write(ticket.id, ticket, ttlOf(ticket))
    },
    keep,
    read: records.read,
    async versionsOf (ids) {
      const versions: Array<number | undefined> = []
      for (let from = 0; from < ids.length; from += batch) {
        // Without their schema checked: a version is a version in each, and one record must not fail the request for all.
        const tickets = await store.readMany<Pick<Ticket, 'version'>>(ids.slice(from, from + batch).map(records.keyOf))
        versions.push(...tickets.map((ticket) => ticket?.version))
      }
      return versions
    },
    async replace (before, after, decided) {
      if (after.state === 'scanned') await keep(before)
      const isOurs = await records.replace(before.id, before, after, ttlOf(after)).finally(decided)
      if (isOurs) await settleSlot(before, after)
      return isOurs
    },
    onChange: (listener) => store.onChange((key) => {
      if (key === null) listener(null)
      else if (key.startsWith(prefix)) listener(key.slice(prefix.length))
    }),
  }
}

const prefix = 'ticket:'

/** An earlier release made tickets without an owner, which have a place of the kind that it knows. */
const slotOf = ({ id, slotOwner }: Ticket): Slot | undefined => slotOwner === undefined ? undefined : { group, owner: slotOwner, member: id }
