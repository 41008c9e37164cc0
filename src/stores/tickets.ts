/** Tickets on a store: how long each is stored, and its slot among MAX_TICKETS. */
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../cache-options.ts'
import { equalInConstantTime, isId } from '../domain/ids.ts'
import { graceMs, isFinal, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { Clock, Tickets } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Slot, Store } from '../login/store-port.ts'

const group = 'tickets'
const retryAfterSeconds = 10
/** Tickets per request to the store: at most 0.5 MB, so that other requests don't have to wait for it. */
const batch = 500
/** The part of MAX_TICKETS that one network may have. Of the default it is 5,000; LIMIT_CREATE allows a network 2,880 in three minutes, and an IPv6 /56 or an IPv4 address with its renewals 3,600 at the most. */
const networkShare = 1 / 20
/** How many secured slots this instance remembers, in 5 MB. For others the store is asked again, which writes nothing. */
const rememberedSecured = 50_000
/** Tickets that were made here and not yet polled, whose slot is remembered, in 3 MB. */
const rememberedUnpolled = 10_000
/** A slot ends by the store's clock and a ticket by ours: a slot that is missing so shortly before the end may have ended. */
const endMarginMs = 10_000

/** Should the removal fail that follows. */
const emptiedMs = 1000

/** Longer than any call takes that makes a ticket (6 s). */
const successorClaimMs = 8000

/** Stores at most `maxTickets` that are not final, over all instances on that store. */
export const createTickets = (store: Store, { clock, maxTickets }: { clock: Clock, maxTickets: number }): Tickets => {
  const records = createRecords<Ticket>(store, { prefix, isId })
  const secured = new Set<string>()
  const unpolled = new LRUCache<string, { readonly slot: Slot, readonly secretHash: string }>(maxEntries(rememberedUnpolled))
  let refusedAt = -Infinity
  const ownerLimit = Math.max(1, Math.floor(maxTickets * networkShare))
  const leftOf = (ticket: Ticket) => Math.max(1, ticket.expiresAt - clock.now())
  /** A ticket that is not final is stored beyond its end, so that reading it then gives `expired`, and not `ticket-not-found`. */
  const ttlOf = (ticket: Ticket) => leftOf(ticket) + (isFinal(ticket.state) ? 0 : graceMs)

  /** Removes the ticket that has lost its slot. Where this fails, it can still be cancelled or expire, but neither polled nor scanned without a slot. */
  const removeEvicted = async (id: string): Promise<void> => {
    await records.remove(id).catch(() => {})
  }

  /** True where the ticket has a slot now. */
  const acquireSlot = async (ticket: Ticket): Promise<boolean> => {
    const slot = slotOf(ticket)
    if (slot === undefined) return await store.acquirePlainSlot(group, ticket.id, leftOf(ticket), maxTickets)
    const { isAcquired, evicted } = await store.acquireSlot(slot, { ttlMs: leftOf(ticket), limit: maxTickets, ownerLimit, isProvisional: ticket.state === 'pending' })
    if (evicted !== null) await removeEvicted(evicted)
    return isAcquired
  }

  const releaseSlot = async (ticket: Ticket): Promise<void> => {
    secured.delete(ticket.id)
    const slot = slotOf(ticket)
    await (slot === undefined ? store.releasePlainSlot(group, ticket.id) : store.releaseSlot(slot))
  }

  /** Extends the slot to the ticket's new end, or releases it, which nobody waits for. Never rejects: the move is stored, and must not look as if it were not. */
  const updateSlot = async (before: Ticket, after: Ticket): Promise<void> => {
    const leaveToItsEnd = (): void => {}
    if (isFinal(after.state)) releaseSlot(after).catch(leaveToItsEnd)
    else if (after.expiresAt !== before.expiresAt) await acquireSlot(after).catch(leaveToItsEnd)
  }

  const beginSecuring: Tickets['beginSecuring'] = (id, secretHash) => {
    const made = unpolled.get(id)
    if (made === undefined || !equalInConstantTime(made.secretHash, secretHash)) return undefined
    unpolled.delete(id)
    const securing = store.secureSlot(made.slot)
    securing.catch(() => {}) // `secureSlot` rejects with it
    return securing
  }

  const secureSlot: Tickets['secureSlot'] = async (ticket, securing) => {
    const slot = slotOf(ticket)
    if (slot === undefined || ticket.state !== 'pending' || secured.has(ticket.id)) return
    if (await (securing ?? store.secureSlot(slot))) rememberSecured(ticket.id)
    else if (leftOf(ticket) > endMarginMs) throw new Problem('ticket-not-found')
  }

  const rememberSecured = (id: string): void => {
    secured.add(id)
    const [oldest] = secured
    if (secured.size > rememberedSecured && oldest !== undefined) secured.delete(oldest)
  }

  /** Other instances hear of what is replaced, not of what is removed. */
  const removeTicket = async (id: string, sub: string): Promise<void> => {
    for (;;) {
      const ticket = await records.read(id)
      if (ticket === undefined || (ticket.state !== 'pending' && ticket.person?.sub !== sub)) return
      if (!await records.replace(id, ticket, emptied(ticket), emptiedMs)) continue
      await Promise.all([records.remove(id), store.remove(successorKey(id)), releaseSlot(ticket)])
      return
    }
  }

  return {
    async add (ticket) {
      const write = () => records.write(ticket.id, ticket, ttlOf(ticket))
      // Side by side, as nobody knows the ticket yet; but while tickets are refused they cost no write. Where the write fails, the slot ends by itself.
      const isRefusing = clock.steady() - refusedAt < retryAfterSeconds * 1000
      const [isAcquired] = isRefusing ? [await acquireSlot(ticket)] : await Promise.all([acquireSlot(ticket), write()])
      if (isAcquired) {
        if (isRefusing) await write()
        const slot = slotOf(ticket)
        if (slot !== undefined) unpolled.set(ticket.id, { slot, secretHash: ticket.secretHash })
        return
      }
      refusedAt = clock.steady()
      if (!isRefusing) await records.remove(ticket.id)
      throw new Problem('too-many-tickets', { retryAfterSeconds })
    },
    beginSecuring,
    secureSlot,
    read: records.read,
    claimSuccessor: ({ id }, salt) => store.claim(successorKey(id), { salt, id: null }, successorClaimMs),
    // Longer than the ticket itself is stored, whatever the clocks of two instances say.
    keepSuccessor: ({ id, createdAt, expiresAt }, successor) => store.write(successorKey(id), successor, expiresAt - createdAt + 2 * graceMs),
    async releaseSuccessor ({ id }, salt) {
      await store.removeClaim(successorKey(id), { salt, id: null })
    },
    readSuccessor: ({ id }) => store.read(successorKey(id)),
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
      if (after.state === 'scanned') await secureSlot(before)
      let isOurs = false
      try {
        isOurs = await records.replace(before.id, before, after, ttlOf(after))
      } finally {
        decided?.(isOurs)
      }
      if (isOurs) await updateSlot(before, after)
      return isOurs
    },
    scannedBy: async (sub, ids) => (await records.readMany(ids)).filter((ticket) => ticket?.person?.sub === sub) as Ticket[], // undefined has no person
    async removeOf (sub, ids) {
      await Promise.all(ids.map((id) => removeTicket(id, sub)))
    },
    onChange: (listener) => store.onChange((key) => {
      if (key === null) listener(null)
      else if (key.startsWith(prefix)) listener(key.slice(prefix.length))
    }),
  }
}

const prefix = 'ticket:'

/** What is left of a ticket until it is removed a moment later: an expired one of nobody's. */
const emptied = ({ schema, id, secretHash, version, createdAt, expiresAt }: Ticket): Ticket => ({
  schema,
  id,
  secretHash,
  state: 'expired',
  version,
  createdAt,
  expiresAt,
  returnTo: null,
  browser: { name: '', system: '', ip: '', place: null },
  match: null,
  person: null,
  consumedAt: null,
})

const successorKey = (id: string): string => `successor:${id}`

/** Undefined for a ticket of an earlier release, which has no owner: its slot is a plain one. */
const slotOf = ({ id, slotOwner }: Ticket): Slot | undefined => slotOwner === undefined ? undefined : { group, owner: slotOwner, member: id }
