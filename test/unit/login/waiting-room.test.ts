import { getEventListeners } from 'node:events'
import t from 'tap'
import { createWaitingRoom, heldPerClient, heldPerNetwork, type WaitOutcome } from '../../../src/login/waiting-room.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { settle } from '../../support/waiting.ts'

const home = ['network', 'home']
const stay = new AbortController().signal

await t.test('waiting room: a wait ends once, and is held no more, when it is woken, timed out or aborted', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 10)
  const leaving = new AbortController()
  const waits = ['wake', 'time', 'leave'].map((id) => room.enter(id, home).wait(id === 'time' ? 1000 : 60_000, id === 'leave' ? leaving.signal : stay, 1))
  t.equal(room.held, 3)
  room.wake('wake')
  clock.advance(1000)
  leaving.abort()
  t.strictSame(await Promise.all(waits), ['changed', 'timed-out', 'closed'])
  t.equal(room.held, 0)
  clock.advance(60_000)
  t.equal(room.held, 0, 'once')
})

await t.test('waiting room: a wait ends at once when its waiter was woken before', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const waiter = room.enter('a', home)
  room.wake('a')
  t.equal(await waiter.wait(1000, stay, 1), 'changed')
})

await t.test('waiting room: a wait goes on when another ticket is woken', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const wait = room.enter('a', home).wait(1000, stay, 1)
  room.wake('c')
  t.equal(room.held, 1)
  room.wake('a')
  t.equal(await wait, 'changed')
})

await t.test('waiting room: a ticket is listed with the lowest version known when a poll waits for it, and only then', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 10)
  const waiters = ['a', 'a', 'b', 'c'].map((id) => room.enter(id, home))
  const waits = [waiters[0]!.wait(1000, stay, 2), waiters[1]!.wait(9000, stay, 1), waiters[2]!.wait(9000, stay, 3)] // four waiters were created
  t.strictSame([...room.waitedFor()], [['a', 1], ['b', 3]])
  room.wake('b')
  t.strictSame([...room.waitedFor()], [['a', 1]])
  clock.advance(9000)
  t.strictSame([...room.waitedFor()], [])
  await Promise.all(waits)
})

await t.test('waiting room: other waiters of the ticket are still woken when one leaves twice', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const first = room.enter('a', home)
  first.leave()
  const second = room.enter('a', home)
  first.leave()
  const wait = second.wait(1000, stay, 1)
  room.wake('a')
  t.equal(await wait, 'changed')
})

await t.test('waiting room: a wait is refused when the room is full, and closed when the room is', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1)
  const [one, two] = [room.enter('a', home), room.enter('a', home)]
  const wait = one.wait(1000, stay, 1)
  t.equal(await two.wait(1000, stay, 1), 'full')
  room.close()
  t.equal(await wait, 'closed')
  t.equal(await two.wait(1000, stay, 1), 'closed')
  t.equal(await room.enter('b', home).wait(1000, stay, 1), 'closed')
})

await t.test('waiting room: one client, and no other, is refused when it has its share of polls, until one of them ends', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1_000_000)
  const waits = Array.from({ length: heldPerClient }, (_, n) => room.enter(`ticket-${n}`, home).wait(1000, stay, 1))
  t.equal(await room.enter('a', home).wait(1000, stay, 1), 'full')
  const other = room.enter('a', ['elsewhere']).wait(1000, stay, 1)
  t.equal(room.held, heldPerClient + 1)
  room.wake('ticket-7')
  t.equal(await waits[7], 'changed')
  const next = room.enter('b', home).wait(1000, stay, 1)
  t.equal(room.held, heldPerClient + 1)
  room.close()
  t.strictSame([await other, await next], ['closed', 'closed'])
})

await t.test('waiting room: one network, and no other, is refused when it has its share of polls, from any of its addresses', async (t) => {
  const limit = 20_000
  const share = heldPerNetwork(limit)
  t.equal(share, 5_000)
  const room = createWaitingRoom(createFakeClock(), limit)
  const poll = (n: number, network = 'site') => room.enter(`ticket-${n}`, [network, `${network} line ${n % 256}`, `${network} ${n}`]).wait(1000, stay, 1)
  const waits = Array.from({ length: share }, (_, n) => poll(n))
  t.equal(room.held, share)
  t.equal(await poll(share), 'full')
  const others = Array.from({ length: 3 * share }, (_, n) => poll(n + share, `site-${n % 3}`))
  t.equal(room.held, limit, 'four networks fill the room')
  t.equal(await poll(limit, 'another'), 'full')
  room.wake('ticket-7')
  t.equal(await waits[7], 'changed')
  t.equal(await poll(limit, 'site-1'), 'full', 'the place is free for other networks only')
  const next = poll(limit, 'another')
  t.equal(room.held, limit)
  room.close()
  t.strictSame(new Set(await Promise.all([...others, next])), new Set(['closed']))
})

await t.test('waiting room: one client may fill the room when the room is smaller than a client\'s share', async (t) => {
  const small = createWaitingRoom(createFakeClock(), 50)
  const waits = Array.from({ length: 50 }, (_, n) => small.enter(`ticket-${n}`, home).wait(1000, stay, 1))
  t.equal(small.held, 50)
  t.equal(await small.enter('a', ['elsewhere']).wait(1000, stay, 1), 'full')
  small.close()
  await Promise.all(waits)
  t.equal(heldPerNetwork(1), heldPerClient)
})

/** The outcome of a wait; undefined while it goes on. */
const watch = (wait: Promise<WaitOutcome>) => {
  let outcome: WaitOutcome | undefined
  const over = wait.then((reason) => { outcome = reason })
  return async () => {
    await Promise.race([over, settle()])
    return outcome
  }
}

await t.test('waiting room: the oldest wait of a ticket is evicted as full when a fifth begins, not counting waiters that have only entered', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 100)
  const poll = (ticket = 'a') => watch(room.enter(ticket, home).wait(1000, stay, 1))
  const outcomes = [poll('b'), poll(), poll()]
  room.enter('a', home)
  outcomes.push(poll(), poll())
  t.strictSame(await Promise.all(outcomes.map((outcome) => outcome())), Array(5).fill(undefined))
  t.equal(room.held, 5)
  outcomes.push(poll())
  t.strictSame(await Promise.all(outcomes.map((outcome) => outcome())), [undefined, 'full', undefined, undefined, undefined, undefined])
  outcomes.push(poll())
  t.strictSame(await Promise.all(outcomes.map((outcome) => outcome())), [undefined, 'full', 'full', undefined, undefined, undefined, undefined])
  t.equal(room.held, 5)
})

await t.test('waiting room: the oldest wait is evicted when it began while its poll was the only one, and a wait that has ended counts no more', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 100)
  const alone = room.enter('a', home)
  const first = watch(alone.wait(1000, stay, 1))
  const others = Array.from({ length: 4 }, () => room.enter('a', home))
  const waits = others.slice(0, 3).map((poll) => watch(poll.wait(1000, stay, 1)))
  t.equal(await first(), undefined)
  others[0]?.leave()
  waits.push(watch(room.enter('a', home).wait(1000, stay, 1)))
  t.equal(await first(), undefined, 'four wait')
  waits.push(watch(others[3]!.wait(1000, stay, 1))) // four were created
  t.equal(await first(), 'full')
  t.equal(room.held, 4)
  room.wake('a')
  t.strictSame(await Promise.all(waits.map((outcome) => outcome())), ['closed', ...Array(4).fill('changed')])
  t.equal(await alone.wait(1000, stay, 1), 'changed', 'one that doesn\'t wait is woken, too')
})

// Were all of them searched for each, or copied, this would take minutes.
await t.test('waiting room: polls of one ticket enter, wait, are evicted and leave in time when there are very many', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1_000_000)
  const polls = Array.from({ length: 200_000 }, () => room.enter('a', home))
  const waits = polls.map((poll) => poll.wait(1000, stay, 1))
  t.equal(room.held, 4)
  t.strictSame([...room.waitedFor()], [['a', 1]])
  for (const poll of polls) poll.leave()
  t.equal(room.held, 0)
  const outcomes = await Promise.all(waits)
  t.strictSame([outcomes.filter((outcome) => outcome === 'full').length, outcomes.slice(-4)], [199_996, Array(4).fill('closed')])
})

await t.test('waiting room: the lowest version is the waiting poll\'s when another has only entered', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 100)
  const wait = room.enter('a', home).wait(1000, stay, 3)
  room.enter('a', home)
  t.strictSame([...room.waitedFor()], [['a', 3]])
  room.close()
  t.equal(await wait, 'closed')
})

await t.test('waiting room: a wait is closed, and held no more, when its waiter leaves', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1)
  const waiter = room.enter('a', home)
  const wait = waiter.wait(1000, stay, 1)
  waiter.leave()
  t.equal(await wait, 'closed')
  t.equal(room.held, 0)
})

await t.test('waiting room: a second wait has its full time, and leaves no listener on its signal, when the first on the same waiter was aborted', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 1)
  const waiter = room.enter('a', home)
  const [leaving, staying] = [new AbortController(), new AbortController()]
  const first = waiter.wait(1000, leaving.signal, 1)
  clock.advance(500)
  leaving.abort()
  t.equal(await first, 'closed')
  t.equal(getEventListeners(leaving.signal, 'abort').length, 0)
  const second = watch(waiter.wait(1000, staying.signal, 1))
  clock.advance(999)
  t.equal(await second(), undefined)
  clock.advance(1)
  t.equal(await second(), 'timed-out')
  t.equal(getEventListeners(staying.signal, 'abort').length, 0)
})
