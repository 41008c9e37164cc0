// The long poll and the re-read of what is waited for, on a store that a test lets fail and a clock that it moves.
import t, { type Test } from 'tap'
import { AnotherReleasesRecord } from '../../../src/domain/record.ts'
import type { Ticket } from '../../../src/domain/ticket.ts'
import { Problem } from '../../../src/errors.ts'
import { cancelByBrowser } from '../../../src/login/cancel-ticket.ts'
import { createLookAgain } from '../../../src/login/look-again.ts'
import type { LoginDeps } from '../../../src/login/ports.ts'
import { waitForTicket, type Poll, type PollAnswer } from '../../../src/login/wait-for-ticket.ts'
import { createWaitingRoom } from '../../../src/login/waiting-room.ts'
import { openRules } from '../../support/login-rules.ts'
import { settle } from '../../support/turns.ts'

/** A poll under way: whether it is over by now, how, and how often it has read its ticket. */
const begin = async (deps: LoginDeps, claim: { id: string, secret: string }, poll: Partial<Poll> = {}) => {
  let outcome: PollAnswer | Problem | undefined
  const counter = { reads: 0 }
  const read = (id: string) => {
    counter.reads++
    return deps.tickets.read(id)
  }
  const over = waitForTicket({ ...deps, tickets: { ...deps.tickets, read } }, { ...claim, after: 1, waitMs: 25_000, networks: ['home'], signal: new AbortController().signal, ...poll })
    .then((answer) => { outcome = answer }, (error: unknown) => { outcome = error as Problem })
  await settle()
  return {
    counter,
    over,
    /** `state version`, `poll_after`, or the code it was rejected with; undefined while it rests. */
    shown: async () => {
      await settle()
      if (outcome === undefined || outcome instanceof Error) return outcome?.code
      return `${outcome.ticket.state} ${outcome.ticket.version}${outcome.pollAfterSeconds === undefined ? '' : `, stay away for ${outcome.pollAfterSeconds}`}`
    },
  }
}

/** A ticket on a store, and as `away` the same store that fails while `state.fault` is set. */
const openFailing = async (t: Test) => {
  const { deps, clock, make } = openRules(t)
  const { claim } = await make()
  const state: { fault: Error | undefined } = { fault: undefined }
  const tickets: LoginDeps['tickets'] = {
    ...deps.tickets,
    read: (id) => state.fault === undefined ? deps.tickets.read(id) : Promise.reject(state.fault),
  }
  return { deps, clock, claim, state, away: { ...deps, tickets } }
}

await t.test('poll: it is answered at once when the ticket is further, when it is told not to wait, and when the time is up', async (t) => {
  const { deps, clock, make } = openRules(t)
  const { claim } = await make()
  for (const poll of [{ after: 0 }, { after: -1 }, { waitMs: 0 }, { waitMs: -3 }]) t.equal(await (await begin(deps, claim, poll)).shown(), 'pending 1', JSON.stringify(poll))
  t.equal(deps.waitingRoom.held, 0)
  clock.advance(180_000)
  t.equal(await (await begin(deps, claim)).shown(), 'expired 2')
  t.equal(await (await begin(deps, { ...claim, secret: 'x' })).shown(), 'ticket-not-found')
})

await t.test('poll: it rests to the end of its time, asking no store, when nothing happens', async (t) => {
  const { deps, clock, make } = openRules(t)
  const { claim } = await make()
  const poll = await begin(deps, claim, { waitMs: 10_000 })
  t.equal(deps.waitingRoom.held, 1)
  clock.advance(9_999)
  t.equal(await poll.shown(), undefined)
  t.equal(poll.counter.reads, 1)
  clock.advance(1)
  t.equal(await poll.shown(), 'pending 1')
  t.equal(deps.waitingRoom.held, 0)
  t.equal(deps.waitingRoom.waitedFor().size, 0)
})

await t.test('poll: it is answered when its ticket moves, and rests on when it is woken for nothing', async (t) => {
  const { deps, make } = openRules(t)
  const [{ claim }, other] = [await make(), await make()]
  const poll = await begin(deps, claim)
  await cancelByBrowser(deps, other.claim)
  deps.waitingRoom.wake(claim.id)
  t.equal(await poll.shown(), undefined)
  t.equal(poll.counter.reads, 2)
  await cancelByBrowser(deps, claim)
  t.equal(await poll.shown(), 'cancelled 2')
})

await t.test('poll: no move is missed when it comes between reading and resting', async (t) => {
  const { deps, make } = openRules(t)
  const { claim } = await make()
  let isFirst = true
  const keep = async () => {
    if (isFirst) await cancelByBrowser(deps, claim)
    isFirst = false
  }
  t.equal(await (await begin({ ...deps, tickets: { ...deps.tickets, keep } }, claim)).shown(), 'cancelled 2')
})

await t.test('poll: it is told the end of its ticket when that comes while it rests, as late as the clock may be wrong', async (t) => {
  const { deps, clock, make } = openRules(t)
  const { claim } = await make()
  clock.advance(170_000)
  const poll = await begin({ ...deps, clock: { ...clock, errorMs: () => 200 } }, claim)
  clock.advance(10_000)
  t.equal(await poll.shown(), undefined)
  clock.advance(200)
  t.equal(await poll.shown(), 'expired 2')
})

await t.test('poll: nobody forgets its ticket for a new one when it polls', async (t) => {
  const { deps, make } = openRules(t)
  const { claim } = await make()
  const kept: string[] = []
  const keep = async ({ id }: Ticket) => { kept.push(id) }
  await begin({ ...deps, tickets: { ...deps.tickets, keep } }, claim, { waitMs: 0 })
  t.strictSame(kept, [claim.id])
  const gone = () => Promise.reject(new Problem('ticket-not-found'))
  t.equal(await (await begin({ ...deps, tickets: { ...deps.tickets, keep: gone } }, claim)).shown(), 'ticket-not-found', 'and it is told when that was done')
})

await t.test('poll: it is told to stay away when no more are held', async (t) => {
  const { deps, clock, make } = openRules(t)
  const { claim } = await make()
  const small = { ...deps, waitingRoom: createWaitingRoom(clock, 1) }
  const held = await begin(small, claim)
  t.equal(await (await begin(small, claim)).shown(), 'pending 1, stay away for 2')
  small.waitingRoom.close()
  t.equal(await held.shown(), 'pending 1', 'and says what it knows when the room closes')
  t.equal(held.counter.reads, 1)
})

await t.test('poll: every seat that it took is given up when it is over', async (t) => {
  const { deps, clock, make } = openRules(t)
  const { claim } = await make()
  let seats = 0
  const enter: LoginDeps['waitingRoom']['enter'] = (...who) => {
    seats++
    const { rest, leave } = deps.waitingRoom.enter(...who)
    return { rest, leave: () => { seats--; leave() } }
  }
  const counting = { ...deps, waitingRoom: { ...deps.waitingRoom, enter } }
  const poll = await begin(counting, claim)
  deps.waitingRoom.wake(claim.id)
  await settle()
  t.equal(seats, 1)
  clock.advance(25_000)
  t.equal(await poll.shown(), 'pending 1')
  await (await begin(counting, { ...claim, id: 'x' })).over
  t.equal(seats, 0)
})

await t.test('poll: it ends without a further question when nobody listens any more', async (t) => {
  const { deps, make } = openRules(t)
  const { claim } = await make()
  const leaving = new AbortController()
  const poll = await begin(deps, claim, { signal: leaving.signal })
  leaving.abort()
  t.equal(await poll.shown(), 'pending 1')
  t.equal(poll.counter.reads, 1)
})

await t.test('poll: a final ticket is told at the end of the rest, and not read again, when it is known', async (t) => {
  const { deps, clock, make } = openRules(t)
  const { claim } = await make()
  await cancelByBrowser(deps, claim)
  clock.advance(50_000)
  const poll = await begin(deps, claim, { after: 2 })
  clock.advance(9_999)
  t.equal(await poll.shown(), undefined)
  clock.advance(1)
  t.equal(await poll.shown(), 'cancelled 2')
  t.equal(poll.counter.reads, 1)
})

await t.test('poll: it is rejected when the store is away before it rests', async (t) => {
  const { claim, state, away } = await openFailing(t)
  state.fault = new Problem('store-unavailable')
  t.equal(await (await begin(away, claim)).shown(), 'store-unavailable')
})

await t.test('poll: it rests on, and asks once a second, when it is woken while the store is away', async (t) => {
  const { deps, clock, claim, state, away } = await openFailing(t)
  const poll = await begin(away, claim)
  state.fault = new Problem('store-unavailable')
  away.waitingRoom.wake(claim.id)
  t.equal(await poll.shown(), undefined)
  t.equal(poll.counter.reads, 2)
  clock.advance(999)
  await settle()
  t.equal(poll.counter.reads, 2)
  clock.advance(1)
  await settle()
  t.equal(poll.counter.reads, 3)
  clock.advance(1_000)
  await settle()
  t.equal(poll.counter.reads, 4)
  state.fault = undefined
  await cancelByBrowser(deps, claim)
  t.equal(await poll.shown(), 'cancelled 2')
})

await t.test('poll: it rests to the end of its time when the store came back with nothing new, and is told of the fault when it did not', async (t) => {
  for (const isBack of [true, false]) {
    const { clock, claim, state, away } = await openFailing(t)
    const poll = await begin(away, claim, { waitMs: 10_000 })
    state.fault = new Problem('store-unavailable')
    away.waitingRoom.wake(claim.id)
    await settle()
    if (isBack) state.fault = undefined
    for (let second = 1; second < 10; second++) {
      clock.advance(1_000)
      t.equal(await poll.shown(), undefined, `after ${second} s`)
    }
    clock.advance(1_000)
    t.equal(await poll.shown(), isBack ? 'pending 1' : 'store-unavailable')
  }
})

await t.test('poll: it is told at once, resting or not, when the fault is none that passes', async (t) => {
  for (const fault of [new AnotherReleasesRecord(2), new Problem('internal'), new Error('no Problem')]) {
    const { claim, state, away } = await openFailing(t)
    const poll = await begin(away, claim)
    state.fault = fault
    away.waitingRoom.wake(claim.id)
    await poll.over
    t.equal(await poll.shown(), (fault as Partial<Problem>).code)
    t.equal(poll.counter.reads, 2)
  }
})

await t.test('poll: it is over when its time is up, when the clock was set back meanwhile, and rests on when that was put right a little', async (t) => {
  for (const [backMs, then] of [[90_000, 'pending 1'], [2_001, 'pending 1'], [2_000, undefined], [900, undefined]] as const) {
    const { deps, clock, make } = openRules(t)
    const { claim } = await make()
    const poll = await begin(deps, claim)
    clock.set(-backMs)
    clock.advance(24_999)
    t.equal(await poll.shown(), undefined)
    clock.advance(1)
    t.equal(await poll.shown(), then, `set back by ${backMs} ms`)
    clock.advance(backMs)
    t.equal(await poll.shown(), 'pending 1')
  }
})

await t.test('poll: it rests on after a long wait for the store when the clock was not set', async (t) => {
  const { clock, claim, state, away } = await openFailing(t)
  const poll = await begin(away, claim)
  state.fault = new Problem('store-unavailable')
  away.waitingRoom.wake(claim.id)
  await settle()
  state.fault = undefined
  clock.advance(1_000)
  t.equal(await poll.shown(), undefined, 'that a second was over says nothing of the clock')
  clock.advance(24_000)
  t.equal(await poll.shown(), 'pending 1')
})

/** A room in which these tickets are waited for with these versions, and a store that has those. */
const rereading = (waited: Record<string, number>, stored: Record<string, number>) => {
  const woken: string[] = []
  const asked: Array<readonly string[]> = []
  const gates: Array<(fault?: Error) => void> = []
  const look = createLookAgain({
    waitingRoom: { waitedFor: () => new Map(Object.entries(waited)), wake: (id: string) => { woken.push(id) } } as unknown as LoginDeps['waitingRoom'],
    tickets: {
      versionsOf: (ids: readonly string[]) => new Promise((resolve, reject) => {
        asked.push(ids)
        gates.push((fault) => { if (fault === undefined) resolve(ids.map((id) => stored[id])); else reject(fault) })
      }),
    } as unknown as LoginDeps['tickets'],
  })
  return { look, woken, asked, answer: async (fault?: Error) => { gates.shift()?.(fault); await settle() } }
}

await t.test('re-read: those are woken whose ticket is not what they know when moves may have been missed', async (t) => {
  const { look, woken, asked, answer } = rereading({ same: 1, moved: 1, gone: 2 }, { same: 1, moved: 2 })
  look()
  await answer()
  t.strictSame(asked, [['same', 'moved', 'gone']])
  t.strictSame(woken, ['moved', 'gone'])
})

await t.test('re-read: one is made at a time, and one more for all who ask when it is under way', async (t) => {
  const { look, asked, answer } = rereading({ a: 1 }, { a: 1 })
  look()
  look()
  look()
  t.equal(asked.length, 1)
  await answer()
  t.equal(asked.length, 2)
  await answer()
  t.equal(asked.length, 2)
  look()
  t.equal(asked.length, 3)
  await answer()
})

await t.test('re-read: nobody is woken, and the next is made, when the store is away', async (t) => {
  const { look, woken, asked, answer } = rereading({ a: 1 }, { a: 2 })
  look()
  await answer(new Problem('store-unavailable'))
  t.strictSame(woken, [])
  look()
  t.equal(asked.length, 2)
  await answer()
  t.strictSame(woken, ['a'])
})
