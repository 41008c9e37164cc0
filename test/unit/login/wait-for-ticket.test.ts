// The long poll and the re-read of tickets, on a store that fails, and a clock that moves, as a test says.
import t, { type Test } from 'tap'
import { UnknownSchemaError } from '../../../src/domain/record.ts'
import type { Ticket } from '../../../src/domain/ticket.ts'
import { Problem } from '../../../src/errors.ts'
import { cancelByBrowser } from '../../../src/login/cancel-ticket.ts'
import { createRereadTickets } from '../../../src/login/reread-tickets.ts'
import type { LoginDeps } from '../../../src/login/deps.ts'
import { waitForTicket, type Poll, type PollAnswer } from '../../../src/login/wait-for-ticket.ts'
import { createWaitingRoom } from '../../../src/login/waiting-room.ts'
import { openLoginUseCases } from '../../support/login-use-cases.ts'
import { settle } from '../../support/waiting.ts'

/** Begins a poll. Gives its outcome so far and how often it has read its ticket. */
const begin = async (deps: LoginDeps, credentials: { id: string, secret: string }, poll: Partial<Poll> = {}) => {
  let outcome: PollAnswer | Problem | undefined
  const counter = { reads: 0 }
  const read = (id: string) => {
    counter.reads++
    return deps.tickets.read(id)
  }
  const over = waitForTicket({ ...deps, tickets: { ...deps.tickets, read } }, { ...credentials, after: 1, waitMs: 25_000, prefixes: ['home'], signal: new AbortController().signal, ...poll })
    .then((answer) => { outcome = answer }, (error: unknown) => { outcome = error as Problem })
  await settle()
  return {
    counter,
    over,
    /** `state version`, `poll_after`, or the code it was rejected with; undefined while it waits. */
    shown: async () => {
      await settle()
      if (outcome === undefined || outcome instanceof Error) return outcome?.code
      return `${outcome.ticket.state} ${outcome.ticket.version}${outcome.pollAfterSeconds === undefined ? '' : `, stay away for ${outcome.pollAfterSeconds}`}`
    },
  }
}

/** A ticket on a store; through `away` the same store fails while `state.fault` is set. */
const openFailing = async (t: Test) => {
  const { deps, clock, make } = openLoginUseCases(t)
  const { credentials } = await make()
  const state: { fault: Error | undefined } = { fault: undefined }
  const tickets: LoginDeps['tickets'] = {
    ...deps.tickets,
    read: (id) => state.fault === undefined ? deps.tickets.read(id) : Promise.reject(state.fault),
  }
  return { deps, clock, credentials, state, away: { ...deps, tickets } }
}

await t.test('poll: it is answered at once when the ticket is further, when it doesn\'t want to wait, and when the ticket\'s time is up', async (t) => {
  const { deps, clock, make } = openLoginUseCases(t)
  const { credentials } = await make()
  for (const poll of [{ after: 0 }, { after: -1 }, { waitMs: 0 }, { waitMs: -3 }]) t.equal(await (await begin(deps, credentials, poll)).shown(), 'pending 1', JSON.stringify(poll))
  t.equal(deps.waitingRoom.held, 0)
  clock.advance(180_000)
  t.equal(await (await begin(deps, credentials)).shown(), 'expired 2')
  t.equal(await (await begin(deps, { ...credentials, secret: 'x' })).shown(), 'ticket-not-found')
})

await t.test('poll: it waits to the end of its time, without a further read, when nothing happens', async (t) => {
  const { deps, clock, make } = openLoginUseCases(t)
  const { credentials } = await make()
  const poll = await begin(deps, credentials, { waitMs: 10_000 })
  t.equal(deps.waitingRoom.held, 1)
  clock.advance(9_999)
  t.equal(await poll.shown(), undefined)
  t.equal(poll.counter.reads, 1)
  clock.advance(1)
  t.equal(await poll.shown(), 'pending 1')
  t.equal(deps.waitingRoom.held, 0)
  t.equal(deps.waitingRoom.waitedFor().size, 0)
})

await t.test('poll: it is answered when its ticket changes, and waits on when it is woken without a change', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const [{ credentials }, other] = [await make(), await make()]
  const poll = await begin(deps, credentials)
  await cancelByBrowser(deps, other.credentials)
  deps.waitingRoom.wake(credentials.id)
  t.equal(await poll.shown(), undefined)
  t.equal(poll.counter.reads, 2)
  await cancelByBrowser(deps, credentials)
  t.equal(await poll.shown(), 'cancelled 2')
})

await t.test('poll: it is answered without a further read when its ticket is moved in this process', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const { credentials } = await make()
  const poll = await begin(deps, credentials)
  await cancelByBrowser(deps, credentials)
  t.equal(await poll.shown(), 'cancelled 2')
  t.equal(poll.counter.reads, 1)
})

await t.test('poll: it reads its ticket again when it is not certain that the move was stored, or a newer one may have been', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const { credentials } = await make()
  const poll = await begin(deps, credentials)
  const lost: LoginDeps['tickets']['replace'] = async (before, after, decided) => {
    await deps.tickets.replace(before, after)
    decided?.(false)
    throw new Problem('store-unavailable')
  }
  await t.rejects(cancelByBrowser({ ...deps, tickets: { ...deps.tickets, replace: lost } }, credentials))
  t.equal(await poll.shown(), 'cancelled 2')
  t.equal(poll.counter.reads, 2)

  const next = await make()
  const stored = await deps.tickets.read(next.credentials.id) as Ticket // it was just made
  const second = await begin(deps, next.credentials)
  await cancelByBrowser({ ...deps, waitingRoom: { ...deps.waitingRoom, wake: () => {} } }, next.credentials)
  deps.waitingRoom.wake(stored.id, { ...stored, version: 2, state: 'scanned' })
  deps.waitingRoom.wake(stored.id) // another process has told of a move since
  t.equal(await second.shown(), 'cancelled 2')
})

await t.test('poll: it never goes back to a move before the one that it has read', async (t) => {
  const { deps, clock, make } = openLoginUseCases(t)
  const { ticket, credentials } = await make()
  await cancelByBrowser(deps, credentials)
  let isFirst = true
  const secureSlot = async () => {
    if (isFirst) deps.waitingRoom.wake(ticket.id, { ...ticket, version: 1 })
    isFirst = false
  }
  const poll = await begin({ ...deps, tickets: { ...deps.tickets, secureSlot } }, credentials, { after: 2, waitMs: 1_000 })
  clock.advance(1_000)
  t.equal(await poll.shown(), 'cancelled 2')
})

await t.test('poll: it is answered when its ticket changes between the read and the wait', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const { credentials } = await make()
  let isFirst = true
  const secureSlot = async () => {
    if (isFirst) await cancelByBrowser(deps, credentials)
    isFirst = false
  }
  t.equal(await (await begin({ ...deps, tickets: { ...deps.tickets, secureSlot } }, credentials)).shown(), 'cancelled 2')
})

await t.test('poll: it is answered when its ticket expires during the wait, once that is certain despite the clock\'s error', async (t) => {
  const { deps, clock, make } = openLoginUseCases(t)
  const { credentials } = await make()
  clock.advance(170_000)
  const poll = await begin({ ...deps, clock: { ...clock, errorMs: () => 200 } }, credentials)
  clock.advance(10_000)
  t.equal(await poll.shown(), undefined)
  clock.advance(200)
  t.equal(await poll.shown(), 'expired 2')
})

await t.test('poll: its ticket is secured against eviction when it polls', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const { credentials } = await make()
  const secured: string[] = []
  const secureSlot = async ({ id }: Ticket) => { secured.push(id) }
  await begin({ ...deps, tickets: { ...deps.tickets, secureSlot } }, credentials, { waitMs: 0 })
  t.strictSame(secured, [credentials.id])
  const gone = () => Promise.reject(new Problem('ticket-not-found'))
  t.equal(await (await begin({ ...deps, tickets: { ...deps.tickets, secureSlot: gone } }, credentials)).shown(), 'ticket-not-found', 'and it is refused when the ticket was evicted')
})

await t.test('poll: it is told to stay away when the waiting room is full', async (t) => {
  const { deps, clock, make } = openLoginUseCases(t)
  const { credentials } = await make()
  const small = { ...deps, waitingRoom: createWaitingRoom(clock, 1) }
  const held = await begin(small, credentials)
  t.equal(await (await begin(small, credentials)).shown(), 'pending 1, stay away for 2')
  small.waitingRoom.close()
  t.equal(await held.shown(), 'pending 1', 'and the held one is answered when the room closes')
  t.equal(held.counter.reads, 1)
})

await t.test('poll: no waiter of it is left when it is over', async (t) => {
  const { deps, clock, make } = openLoginUseCases(t)
  const { credentials } = await make()
  let waiters = 0
  const enter: LoginDeps['waitingRoom']['enter'] = (...who) => {
    waiters++
    const waiter = deps.waitingRoom.enter(...who)
    return { wait: (...call) => waiter.wait(...call), moved: undefined, leave: () => { waiters--; waiter.leave() } }
  }
  const counting = { ...deps, waitingRoom: { ...deps.waitingRoom, enter } }
  const poll = await begin(counting, credentials)
  deps.waitingRoom.wake(credentials.id)
  await settle()
  t.equal(waiters, 1)
  clock.advance(25_000)
  t.equal(await poll.shown(), 'pending 1')
  await (await begin(counting, { ...credentials, id: 'x' })).over
  t.equal(waiters, 0)
})

await t.test('poll: it ends without a further read when its client has disconnected', async (t) => {
  const { deps, make } = openLoginUseCases(t)
  const { credentials } = await make()
  const leaving = new AbortController()
  const poll = await begin(deps, credentials, { signal: leaving.signal })
  leaving.abort()
  t.equal(await poll.shown(), 'pending 1')
  t.equal(poll.counter.reads, 1)
})

await t.test('poll: it waits its full time, without a further read, when its client knows that the ticket is final', async (t) => {
  const { deps, clock, make } = openLoginUseCases(t)
  const { credentials } = await make()
  await cancelByBrowser(deps, credentials)
  clock.advance(50_000)
  const poll = await begin(deps, credentials, { after: 2 })
  clock.advance(9_999)
  t.equal(await poll.shown(), undefined)
  clock.advance(1)
  t.equal(await poll.shown(), 'cancelled 2')
  t.equal(poll.counter.reads, 1)
})

await t.test('poll: it is rejected when the store fails at the first read', async (t) => {
  const { credentials, state, away } = await openFailing(t)
  state.fault = new Problem('store-unavailable')
  t.equal(await (await begin(away, credentials)).shown(), 'store-unavailable')
})

await t.test('poll: it waits on, and reads once a second, when it is woken while the store fails', async (t) => {
  const { deps, clock, credentials, state, away } = await openFailing(t)
  const poll = await begin(away, credentials)
  state.fault = new Problem('store-unavailable')
  away.waitingRoom.wake(credentials.id)
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
  await cancelByBrowser(deps, credentials)
  t.equal(await poll.shown(), 'cancelled 2')
})

await t.test('poll: it waits to the end of its time when it was woken while the store failed, and is rejected then if the store still fails', async (t) => {
  for (const isBack of [true, false]) {
    const { clock, credentials, state, away } = await openFailing(t)
    const poll = await begin(away, credentials, { waitMs: 10_000 })
    state.fault = new Problem('store-unavailable')
    away.waitingRoom.wake(credentials.id)
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

await t.test('poll: it is rejected at once during the wait when the fault is not a passing one', async (t) => {
  for (const fault of [new UnknownSchemaError(2), new Problem('internal'), new Error('no Problem')]) {
    const { credentials, state, away } = await openFailing(t)
    const poll = await begin(away, credentials)
    state.fault = fault
    away.waitingRoom.wake(credentials.id)
    await poll.over
    t.equal(await poll.shown(), (fault as Partial<Problem>).code)
    t.equal(poll.counter.reads, 2)
  }
})

await t.test('poll: it is answered in time when the clock was set back during the wait, and waits on when the clock was only corrected', async (t) => {
  for (const [backMs, then] of [[90_000, 'pending 1'], [2_001, 'pending 1'], [2_000, undefined], [900, undefined]] as const) {
    const { deps, clock, make } = openLoginUseCases(t)
    const { credentials } = await make()
    const poll = await begin(deps, credentials)
    clock.shiftWallClock(-backMs)
    clock.advance(24_999)
    t.equal(await poll.shown(), undefined)
    clock.advance(1)
    t.equal(await poll.shown(), then, `set back by ${backMs} ms`)
    clock.advance(backMs)
    t.equal(await poll.shown(), 'pending 1')
  }
})

await t.test('poll: it waits on when the store failed for a while and the clock was not set', async (t) => {
  const { clock, credentials, state, away } = await openFailing(t)
  const poll = await begin(away, credentials)
  state.fault = new Problem('store-unavailable')
  away.waitingRoom.wake(credentials.id)
  await settle()
  state.fault = undefined
  clock.advance(1_000)
  t.equal(await poll.shown(), undefined, 'the end of a retry\'s second is no sign of a set clock')
  clock.advance(24_000)
  t.equal(await poll.shown(), 'pending 1')
})

/** A waiting room with polls that know these versions, and a store with those. */
const rereading = (waited: Record<string, number>, stored: Record<string, number>) => {
  const woken: string[] = []
  const asked: Array<readonly string[]> = []
  const gates: Array<(fault?: Error) => void> = []
  const reread = createRereadTickets({
    waitingRoom: { waitedFor: () => new Map(Object.entries(waited)), wake: (id: string) => { woken.push(id) } } as unknown as LoginDeps['waitingRoom'],
    tickets: {
      versionsOf: (ids: readonly string[]) => new Promise((resolve, reject) => {
        asked.push(ids)
        gates.push((fault) => { if (fault === undefined) resolve(ids.map((id) => stored[id])); else reject(fault) })
      }),
    } as unknown as LoginDeps['tickets'],
  })
  return { reread, woken, asked, answer: async (fault?: Error) => { gates.shift()?.(fault); await settle() } }
}

await t.test('re-read: a poll is woken when its ticket has another version than it knows, or is gone', async (t) => {
  const { reread, woken, asked, answer } = rereading({ same: 1, moved: 1, gone: 2 }, { same: 1, moved: 2 })
  reread()
  await answer()
  t.strictSame(asked, [['same', 'moved', 'gone']])
  t.strictSame(woken, ['moved', 'gone'])
})

await t.test('re-read: one more follows for all calls together when they come during a re-read', async (t) => {
  const { reread, asked, answer } = rereading({ a: 1 }, { a: 1 })
  reread()
  reread()
  reread()
  t.equal(asked.length, 1)
  await answer()
  t.equal(asked.length, 2)
  await answer()
  t.equal(asked.length, 2)
  reread()
  t.equal(asked.length, 3)
  await answer()
})

await t.test('re-read: no poll is woken, and the next call reads again, when the store fails', async (t) => {
  const { reread, woken, asked, answer } = rereading({ a: 1 }, { a: 2 })
  reread()
  await answer(new Problem('store-unavailable'))
  t.strictSame(woken, [])
  reread()
  t.equal(asked.length, 2)
  await answer()
  t.strictSame(woken, ['a'])
})
