import t from 'tap'
import { graceMs, isFinal, isOverdue, move, target, ticketEdges, ticketStates, type Ticket, type TicketEdge, type TicketState } from '../../../src/domain/ticket.ts'

const now = 1_000_000
const exactly = { at: now, errorMs: 0 }

const ticketIn = (state: TicketState, expiresAt = now + 120_000): Ticket => ({
  schema: 1,
  id: 'AbCdEfGhIjKlMnOpQrStUg',
  secretHash: 'hash',
  state,
  version: 7,
  createdAt: now - 60_000,
  expiresAt,
  returnTo: null,
  browser: { name: 'Chrome', system: 'Windows', ip: '192.0.2.1', place: null },
  match: null,
  person: state === 'pending' ? null : { sub: 'somebody', name: null },
  consumedAt: state === 'consumed' ? now : null,
})

/** The table of edges, written a second time. `expire` is tried on an overdue ticket, every other edge on one in time. */
const table: Record<TicketState, Record<TicketEdge, TicketState | undefined>> = {
  pending: { scan: 'scanned', confirm: undefined, consume: undefined, cancel: 'cancelled', expire: 'expired' },
  scanned: { scan: undefined, confirm: 'confirmed', consume: undefined, cancel: 'cancelled', expire: 'expired' },
  confirmed: { scan: undefined, confirm: undefined, consume: 'consumed', cancel: undefined, expire: 'expired' },
  consumed: { scan: undefined, confirm: undefined, consume: undefined, cancel: undefined, expire: undefined },
  cancelled: { scan: undefined, confirm: undefined, consume: undefined, cancel: undefined, expire: undefined },
  expired: { scan: undefined, confirm: undefined, consume: undefined, cancel: undefined, expire: undefined },
}

for (const state of ticketStates) {
  for (const edge of ticketEdges) {
    const to = table[state][edge]
    await t.test(`ticket: ${edge} leads ${to === undefined ? 'nowhere' : `to ${to}`} when ${state}`, async (t) => {
      t.equal(target(state, edge), to)
      const live = ticketIn(state)
      const overdue = ticketIn(state, now)
      const intime = edge === 'expire' ? overdue : live
      const outoftime = edge === 'expire' ? live : overdue
      const moved = move(intime, edge, exactly, { sub: 'who', name: null })
      t.equal(moved?.state, to)
      t.equal(moved?.version, to === undefined ? undefined : 8)
      if (!isFinal(state)) t.equal(move(outoftime, edge, exactly), undefined, 'not at the wrong time')
    })
  }
}

await t.test('ticket: a state is final when no edge leaves it', async (t) => {
  t.strictSame(ticketStates.filter(isFinal), ['consumed', 'cancelled', 'expired'])
})

await t.test('ticket: consumedAt is set when it is consumed, and by no other edge', async (t) => {
  t.equal(move(ticketIn('confirmed'), 'consume', exactly)?.consumedAt, now)
  t.equal(move(ticketIn('scanned'), 'confirm', exactly)?.consumedAt, null)
})

await t.test('ticket: the end is postponed to a minute after the scan when that comes in the last minute', async (t) => {
  const end = (secondsLeft: number): number | undefined => move(ticketIn('pending', now + secondsLeft * 1000), 'scan', exactly)?.expiresAt
  t.equal(end(120), now + 120_000)
  t.equal(end(60), now + 60_000)
  t.equal(end(1), now + 60_000)
})

await t.test('ticket: the end stays when it is confirmed', async (t) => {
  t.equal(move(ticketIn('scanned', now + 1000), 'confirm', exactly)?.expiresAt, now + 1000)
})

await t.test('ticket: it can be read for another minute when it becomes final', async (t) => {
  t.equal(move(ticketIn('confirmed'), 'consume', exactly)?.expiresAt, now + graceMs)
  t.equal(move(ticketIn('pending'), 'cancel', exactly)?.expiresAt, now + graceMs)
  t.equal(move(ticketIn('pending', now), 'expire', exactly)?.expiresAt, now + graceMs)
  t.equal(move(ticketIn('pending', now - 50_000), 'expire', exactly)?.expiresAt, now - 50_000 + graceMs, 'after its end, however late that is found')
})

await t.test('ticket: it is overdue when its end is reached, to the millisecond, unless it is final', async (t) => {
  t.equal(isOverdue(ticketIn('pending', now + 1), exactly), false)
  t.equal(isOverdue(ticketIn('pending', now), exactly), true)
  t.equal(isOverdue(ticketIn('consumed', now - 1), exactly), false)
})

await t.test('ticket: the object stays as it is when a move starts from it', async (t) => {
  const before = Object.freeze(ticketIn('scanned'))
  t.strictSame(move(before, 'consume', exactly), undefined)
  t.not(move(before, 'confirm', exactly), before)
  t.equal(before.state, 'scanned')
})

await t.test('ticket: its end is written as late, and passed as late, as the clock\'s error allows when the clock may be wrong', async (t) => {
  const roughly = { at: now, errorMs: 230 }
  t.equal(move(ticketIn('pending', now + 1000), 'scan', roughly)?.expiresAt, now + 230 + graceMs)
  t.equal(move(ticketIn('confirmed'), 'consume', roughly)?.expiresAt, now + 230 + graceMs)
  t.equal(move(ticketIn('pending'), 'cancel', roughly)?.expiresAt, now + 230 + graceMs)
  t.strictSame([now - 230, now - 229].map((end) => isOverdue(ticketIn('pending', end), roughly)), [true, false])
  t.equal(move(ticketIn('scanned', now - 229), 'confirm', roughly)?.state, 'confirmed')
})
