/** Tickets and phone keys on every store: each record has its own end, each move one winner, and each slot is released. */
import t from 'tap'
import { graceMs, move, type Ticket, type TicketEdge } from '../../src/domain/ticket.ts'
import { Problem } from '../../src/errors.ts'
import type { Tickets } from '../../src/login/ports.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createPhoneKeys } from '../../src/stores/phone-keys.ts'
import { createStore } from '../../src/stores/store.ts'
import { createTickets } from '../../src/stores/tickets.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { onEveryStore, openStore } from './store-harness.ts'

const lifeMs = 180_000
const person = { sub: 'sub-1', name: null }
const idOf = (n: number) => `${`ticket-${n}`.padEnd(21, '_')}A`

const ticketAt = (now: number, n = 1): Ticket => ({
  schema: 1,
  id: idOf(n),
  secretHash: 'hash',
  state: 'pending',
  version: 1,
  createdAt: now,
  expiresAt: now + lifeMs,
  returnTo: '/me?a=1',
  browser: { name: '浏览器', system: 'Linux', ip: '192.0.2.1', place: null },
  match: { code: '47', choices: ['12', '47', '83'] },
  person: null,
  consumedAt: null,
})

/** Returns the ticket after these edges, all of them allowed. */
const after = (ticket: Ticket, now: number, ...edges: TicketEdge[]): Ticket =>
  edges.reduce((ticket, edge) => move(ticket, edge, { at: now, errorMs: 0 }, person)!, ticket)

await onEveryStore(t, 'tickets', async (t, { clock, stores }) => {
  const [tickets, ...others] = stores.map((store) => createTickets(store, { clock, maxTickets: 1_000 }))
  const other = others.at(-1) ?? tickets!
  const ticket = ticketAt(clock.now())
  await tickets!.add(ticket)
  t.strictSame(await other.read(ticket.id), ticket, 'read: gives the ticket as it was added')
  for (const id of ['', 'x', idOf(2), `${idOf(1)}x`, '../../../../../../etc/', 'ticket:1::::::::::::::', [idOf(1)] as unknown as string]) {
    t.equal(await tickets!.read(id), undefined, `read: is undefined when the id is ${JSON.stringify(id)}`)
  }

  const scanned = after(ticket, clock.now(), 'scan')
  t.equal(await other.replace(ticket, scanned), true, 'replace: is true when the move starts from what is stored')
  t.equal(await tickets!.replace(ticket, scanned), false, 'replace: is false when the same move was stored before')
  t.equal(await tickets!.replace(ticket, after(ticket, clock.now(), 'cancel')), false, 'replace: is false when another move was stored before')
  t.strictSame(await tickets!.read(ticket.id), scanned, 'read: gives the ticket as it was moved')
  t.equal(await tickets!.replace(ticketAt(clock.now(), 2), after(ticketAt(clock.now(), 2), clock.now(), 'scan')), false, 'replace: is false when there is no such ticket')
  t.equal(await tickets!.read(idOf(2)), undefined, 'replace: makes no ticket when there was none')

  const winners = []
  for (let round = 100; round < 300; round++) {
    const start = ticketAt(clock.now(), round)
    await tickets!.add(start)
    const moves = ['scan', 'cancel', 'scan', 'cancel'] as const
    const outcomes = await Promise.all([tickets!, other].flatMap((tickets) => moves.map((edge) => tickets.replace(start, after(start, clock.now(), edge)))))
    winners.push(outcomes.filter(Boolean).length)
  }
  t.strictSame(winners, Array(200).fill(1), 'replace: exactly one caller gets true when scans and cancels race')
})

await onEveryStore(t, 'slots of tickets', async (t, { clock, stores }) => {
  const [tickets] = stores.map((store) => createTickets(store, { clock, maxTickets: 2 }))
  const [first, second, third] = [1, 2, 3].map((n) => ticketAt(clock.now(), n)) as [Ticket, Ticket, Ticket] // one per number
  await tickets!.add(first)
  await tickets!.add(second)
  await t.rejects(tickets!.add(third), { code: 'too-many-tickets', status: 503, retryAfterSeconds: 10 }, 'add: too-many-tickets when MAX_TICKETS are not final')
  t.equal(await tickets!.read(third.id), undefined, 'add: stores nothing when there is no slot')

  const scanned = after(first, clock.now(), 'scan')
  const confirmed = after(scanned, clock.now(), 'confirm')
  await tickets!.replace(first, scanned)
  await tickets!.replace(scanned, confirmed)
  await t.rejects(tickets!.add(third), { code: 'too-many-tickets' }, 'add: too-many-tickets when the others have moved, but are not final')
  t.equal(await tickets!.replace(scanned, after(scanned, clock.now(), 'cancel')), false, 'replace: is false when a cancel comes after the confirm')
  await t.rejects(tickets!.add(third), { code: 'too-many-tickets' }, 'replace: releases no slot when the cancel came too late')

  t.equal(await tickets!.replace(confirmed, after(confirmed, clock.now(), 'consume')), true)
  await tickets!.add(third)
  t.strictSame(await tickets!.read(third.id), third, 'add: works when a ticket was consumed')
  await tickets!.replace(second, after(second, clock.now(), 'cancel'))
  await tickets!.add(ticketAt(clock.now(), 4))
  t.equal((await tickets!.read(idOf(4)))?.state, 'pending', 'add: works when a ticket was cancelled')
  await t.rejects(tickets!.add(ticketAt(clock.now(), 5)), { code: 'too-many-tickets' }, 'add: too-many-tickets when the slots are taken again')
})

await onEveryStore(t, 'phone keys', async (t, { clock, stores }) => {
  const sealingKey = Buffer.alloc(32, 1)
  const all = stores.map((store) => createPhoneKeys(store, { clock, sealingKey }))
  const [keys] = all
  const key = { id: 'key_0001', key: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8', sub: 'sub-1', expiresAt: clock.now() + 86_400_000 }
  await keys!.add(key)
  t.hasStrict(await all.at(-1)?.read('key_0001'), key, 'read: gives the key as it was added')
  for (const id of ['', 'key_0002', 'key:0001', 'key_0001"', 'k'.repeat(65), ['key_0001'] as unknown as string]) {
    t.equal(await keys!.read(id), undefined, `read: is undefined when the id is ${JSON.stringify(id)}`)
  }
  const [store] = stores
  t.notMatch(JSON.stringify(await store!.read('phone-key:key_0001')), key.key, 'add: the key is not readable in the store')
  t.equal(await createPhoneKeys(store!, { clock, sealingKey: Buffer.alloc(32, 2) }).read('key_0001'), undefined, 'read: is undefined when it was sealed with another key')
  const record = await store!.read<{ id: string, sub: string }>('phone-key:key_0001')
  for (const change of [{ sub: 'sub-2' }, { sealedKey: undefined }, { sealedKey: 'AAAA' }, { sealedKey: key.key }]) {
    await store!.write('phone-key:key_0003', { ...record, id: 'key_0003', ...change }, 86_400_000)
    await store!.write('phone-key:key_0004', { ...record, ...change }, 86_400_000)
    t.strictSame([await keys!.read('key_0003'), await keys!.read('key_0004')], [undefined, undefined], `read: is undefined when the record was changed: ${JSON.stringify(change)}`)
  }
  await t.rejects(keys!.add({ ...key, expiresAt: clock.now() }), RangeError, 'add: a RangeError when the key has ended')

  const counts = []
  for (let n = 100; n < 300; n++) {
    const outcomes = await Promise.all([...all, ...all, ...all].map((keys) => keys.claimNonce({ id: 'key_0001', expiresAt: clock.now() + 86_400_000 }, `nonce-of-sixteen-${n}`)))
    counts.push(outcomes.filter(Boolean).length)
  }
  t.strictSame(counts, Array(200).fill(1), 'claimNonce: exactly one caller gets true when a nonce is claimed many times at once')
  t.equal(await keys!.claimNonce({ id: 'key_0002', expiresAt: clock.now() + 86_400_000 }, 'nonce-of-sixteen-100'), true, 'claimNonce: is true when only another key has used the nonce')
  t.equal(await keys!.claimNonce({ id: 'key_0001', expiresAt: clock.now() + 86_400_000 }, 'NONCE-of-sixteen-100'), true, 'claimNonce: is true when the nonce differs in case')
})

await t.test('tickets: a refused one leaves nothing behind, and is not even written while others are refused', async (t) => {
  const written: string[] = []
  const clock = createFakeClock()
  const inner = openStore(t, 'sqlite::memory:', clock)
  const store: Store = { ...inner, write: async (key, ...value) => { written.push(key); await inner.write(key, ...value) } }
  const tickets = createTickets(store, { clock, maxTickets: 1 })
  const [first, second, third, fourth] = [1, 2, 3, 4].map((n) => ticketAt(clock.now(), n)) as [Ticket, Ticket, Ticket, Ticket] // one per number
  await tickets.add(first)
  await t.rejects(tickets.add(second), { code: 'too-many-tickets' })
  t.equal(await tickets.read(second.id), undefined)
  written.length = 0
  await t.rejects(tickets.add(third), { code: 'too-many-tickets' })
  t.strictSame(written, [])
  await tickets.replace(first, after(first, clock.now(), 'cancel'))
  await tickets.add(third)
  t.strictSame(await tickets.read(third.id), third, 'a slot that was released meanwhile is taken all the same')
  clock.advance(10_000)
  await t.rejects(tickets.add(fourth), { code: 'too-many-tickets' })
  t.equal(await tickets.read(fourth.id), undefined)

  const unremoving = createTickets({ ...inner, remove: () => Promise.reject(new Problem('store-unavailable')) }, { clock, maxTickets: 1 })
  await t.rejects(unremoving.add(fourth), { code: 'store-unavailable' }, 'nobody is told that nothing is stored, where it may be')
})

await t.test('tickets: the slot is secured for the browser that made the ticket only, once, and asked for again where that failed', async (t) => {
  const asked: string[] = []
  let isAway = false
  const clock = createFakeClock()
  const inner = openStore(t, 'sqlite::memory:', clock)
  const store: Store = {
    ...inner,
    secureSlot: async (slot) => {
      asked.push(slot.member)
      if (isAway) throw new Problem('store-unavailable')
      return await inner.secureSlot(slot)
    },
  }
  const [tickets, elsewhere] = [0, 1].map(() => createTickets(store, { clock, maxTickets: 100 })) as [Tickets, Tickets] // two
  const [one, two] = [1, 2].map((n) => ({ ...ticketAt(clock.now(), n), secretHash: `hash-${n}`, slotOwner: 'home' })) as [Ticket, Ticket] // two
  await tickets.add(one)
  await tickets.add(two)
  t.equal(tickets.beginSecuring(one.id, two.secretHash), undefined)
  t.equal(elsewhere.beginSecuring(one.id, one.secretHash), undefined)
  t.strictSame(asked, [])
  await tickets.secureSlot(one, tickets.beginSecuring(one.id, one.secretHash))
  await tickets.secureSlot(one, tickets.beginSecuring(one.id, one.secretHash))
  t.strictSame(asked, [one.id])

  isAway = true
  await t.rejects(tickets.secureSlot(two, tickets.beginSecuring(two.id, two.secretHash)), { code: 'store-unavailable' })
  isAway = false
  asked.length = 0
  await tickets.secureSlot(two, tickets.beginSecuring(two.id, two.secretHash))
  t.strictSame(asked, [two.id])
})

await t.test('phone keys: one that is added while its person ends all keys either counts as made after that, or ends', async (t) => {
  const clock = createFakeClock()
  const inner = openStore(t, 'sqlite::memory:', clock)
  const sealingKey = Buffer.alloc(32)
  const there = createPhoneKeys(inner, { clock, sealingKey })
  const keyNumber = (n: number) => ({ id: `key_000${n}`, key: Buffer.alloc(32, n).toString('base64url'), sub: 'ming', expiresAt: clock.now() + 86_400_000 })
  /** Ends all keys once, just before or after a key is listed, or before it is stored. */
  const addWhileEnding = async (when: 'before the list' | 'after the list' | 'before the key', n: number) => {
    let cutoff = 0
    const endAll = async (is: boolean): Promise<void> => {
      if (is && cutoff === 0) ({ cutoff } = await there.endAll('ming', null))
    }
    const isList = (key: string): boolean => key === 'person-phone-keys:ming'
    const store: Store = {
      ...inner,
      claim: async (key, ...rest) => {
        await endAll(when === (isList(key) ? 'before the list' : 'before the key'))
        const isDone = await inner.claim(key, ...rest)
        if (isList(key)) await endAll(when === 'after the list')
        return isDone
      },
      replace: async (key, ...rest) => {
        await endAll(isList(key) && when === 'before the list')
        const isDone = await inner.replace(key, ...rest)
        await endAll(isList(key) && when === 'after the list')
        return isDone
      },
    }
    const { isKept } = await createPhoneKeys(store, { clock, sealingKey }).add(keyNumber(n))
    return { isKept, cutoff, key: await there.read(`key_000${n}`) }
  }
  for (const n of [1, 2]) { // the list is new, and there already
    const { isKept, cutoff, key } = await addWhileEnding('before the list', n)
    t.ok(isKept)
    t.ok(cutoff > 0 && (key?.since ?? 0) > cutoff, 'it counts as made after they were ended')
    t.strictSame((await there.endAll('ming', null)).ended, [`key_000${n}`], 'and can be ended')
    t.equal(await there.read(`key_000${n}`), undefined)
  }
  for (const [n, when] of [[3, 'after the list'], [4, 'before the key']] as const) {
    const { cutoff, key } = await addWhileEnding(when, n)
    t.ok(cutoff > 0)
    t.ok(key === undefined || key.since > cutoff, when)
  }
})

/** Opens a store whose time the test sets, to test the ends themselves. */
const onMovableTime = (t: Parameters<typeof openStore>[0]) => {
  const clock = createFakeClock()
  const store = openStore(t, 'sqlite::memory:', clock)
  return { clock, store, tickets: createTickets(store, { clock, maxTickets: 1 }), keys: createPhoneKeys(store, { clock, sealingKey: Buffer.alloc(32) }) }
}

await t.test('tickets: a ticket is stored until it has been final, or expired, for a minute', async (t) => {
  const { clock, tickets } = onMovableTime(t)
  const ticket = ticketAt(clock.now())
  await tickets.add(ticket)
  clock.advance(lifeMs + graceMs - 1)
  t.strictSame(await tickets.read(ticket.id), ticket, 'read: gives the ticket when its time has been up for less than a minute')
  const expired = after(ticket, clock.now(), 'expire')
  t.equal(await tickets.replace(ticket, expired), true, 'replace: is true when a ticket expires after its time is up')
  t.strictSame(await tickets.read(ticket.id), expired, 'read: gives the ticket when it has been final for less than a minute')
  clock.advance(1)
  t.equal(await tickets.read(ticket.id), undefined, 'read: is undefined when the ticket has been final for a minute')
})

await t.test('tickets: the slot is free to the millisecond when the ticket\'s time is up', async (t) => {
  const { clock, tickets } = onMovableTime(t)
  await tickets.add(ticketAt(clock.now()))
  clock.advance(lifeMs - 1)
  await t.rejects(tickets.add(ticketAt(clock.now(), 2)), { code: 'too-many-tickets' }, 'add: too-many-tickets when the ticket before has a millisecond left')
  clock.advance(1)
  await tickets.add(ticketAt(clock.now(), 2))
  t.equal((await tickets.read(idOf(1)))?.version, 1, 'add: works when the time of the ticket before is up, though it is still stored')
})

await t.test('tickets: ticket and slot end by themselves when nobody reads the ticket', async (t) => {
  const { clock, tickets } = onMovableTime(t)
  await tickets.add(ticketAt(clock.now()))
  clock.advance(lifeMs + graceMs)
  t.equal(await tickets.read(idOf(1)), undefined, 'read: is undefined when a minute has passed since the end')
  await tickets.add(ticketAt(clock.now(), 2))
  t.equal((await tickets.read(idOf(2)))?.version, 1, 'add: works when the slot of an expired ticket has ended')
})

await t.test('tickets: the slot and the stored ticket last longer when a scan comes in the last millisecond', async (t) => {
  const { clock, tickets } = onMovableTime(t)
  const ticket = ticketAt(clock.now())
  await tickets.add(ticket)
  clock.advance(lifeMs - 1)
  const scanned = after(ticket, clock.now(), 'scan')
  t.equal(await tickets.replace(ticket, scanned), true, 'replace: is true when the scan comes in the last millisecond')
  clock.advance(graceMs - 1)
  await t.rejects(tickets.add(ticketAt(clock.now(), 2)), { code: 'too-many-tickets' }, 'add: too-many-tickets when the scan has extended the other ticket')
  clock.advance(graceMs)
  t.strictSame(await tickets.read(ticket.id), scanned, 'read: gives the scanned ticket when its later end was less than a minute ago')
})

await t.test('phone keys: a key is stored until it ends, a nonce for as long as its signature could be valid', async (t) => {
  const { clock, keys } = onMovableTime(t)
  await keys.add({ id: 'key_0001', key: 'AA', sub: 'sub-1', expiresAt: clock.now() + 1_000_000 })
  t.equal(await keys.claimNonce({ id: 'key_0001', expiresAt: clock.now() + 86_400_000 }, 'nonce-of-sixteen'), true, 'claimNonce: is true when the nonce is new')
  clock.advance(240_000)
  t.equal(await keys.claimNonce({ id: 'key_0001', expiresAt: clock.now() + 86_400_000 }, 'nonce-of-sixteen'), false, 'claimNonce: is false when a signature from a fast clock could still be valid')
  clock.advance(759_999)
  t.equal((await keys.read('key_0001'))?.sub, 'sub-1', 'read: gives the key when it is about to end')
  clock.advance(1)
  t.equal(await keys.read('key_0001'), undefined, 'read: is undefined when the key has ended')
})

await t.test('tickets and phone keys: every call gets store-unavailable when the store is away, but a move holds when only releasing its slot fails', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  const unreleasing: Store = { ...store, async releasePlainSlot () { throw new Error('away') } }
  const tickets = createTickets(unreleasing, { clock, maxTickets: 1 })
  const ticket = ticketAt(clock.now())
  await tickets.add(ticket)
  t.equal(await tickets.replace(ticket, after(ticket, clock.now(), 'cancel')), true, 'replace: is true when the move is stored and releasing the slot fails')
  await store.close()
  await t.rejects(tickets.add(ticket), { code: 'store-unavailable' }, 'add: store-unavailable when the store is away')
  await t.rejects(tickets.read(ticket.id), { code: 'store-unavailable' }, 'read: store-unavailable when the store is away, and not undefined')
  await t.rejects(tickets.replace(ticket, after(ticket, clock.now(), 'scan')), { code: 'store-unavailable' }, 'replace: store-unavailable when the store is away')
  const keys = createPhoneKeys(store, { clock, sealingKey: Buffer.alloc(32) })
  await t.rejects(keys.read('key_0001'), { code: 'store-unavailable' }, 'read: store-unavailable when the store of the keys is away')
  await t.rejects(keys.claimNonce({ id: 'key_0001', expiresAt: clock.now() + 86_400_000 }, 'nonce-of-sixteen'), { code: 'store-unavailable' }, 'claimNonce: store-unavailable when the store is away')
})
