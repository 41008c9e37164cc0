import { getEventListeners } from 'node:events'
import t from 'tap'
import { createWaitingRoom, heldPerClient, heldPerNetwork, type RestOutcome } from '../../../src/login/waiting-room.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { settle } from '../../support/turns.ts'

const home = ['network', 'home']
const stay = new AbortController().signal

await t.test('waiting room: a rest ends for one reason, and gives its place back', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 10)
  const leaving = new AbortController()
  const rests = ['wake', 'time', 'leave'].map((id) => room.enter(id, home).rest(id === 'time' ? 1000 : 60_000, id === 'leave' ? leaving.signal : stay, 1))
  t.equal(room.held, 3)
  room.wake('wake')
  clock.advance(1000)
  leaving.abort()
  t.strictSame(await Promise.all(rests), ['awake', 'over', 'closed'])
  t.equal(room.held, 0)
  clock.advance(60_000)
  t.equal(room.held, 0, 'once')
})

await t.test('waiting room: a bell that rang before the rest is not lost', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const seat = room.enter('a', home)
  room.wake('a')
  t.equal(await seat.rest(1000, stay, 1), 'awake')
})

await t.test('waiting room: nobody is woken for another ticket', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const rest = room.enter('a', home).rest(1000, stay, 1)
  room.wake('c')
  t.equal(room.held, 1)
  room.wake('a')
  t.equal(await rest, 'awake')
})

await t.test('waiting room: it tells what is waited for, with the lowest version that is known, and only while somebody rests', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 10)
  const seats = ['a', 'a', 'b', 'c'].map((id) => room.enter(id, home))
  const rests = [seats[0]!.rest(1000, stay, 2), seats[1]!.rest(9000, stay, 1), seats[2]!.rest(9000, stay, 3)] // four seats were made
  t.strictSame([...room.waitedFor()], [['a', 1], ['b', 3]])
  room.wake('b')
  t.strictSame([...room.waitedFor()], [['a', 1]])
  clock.advance(9000)
  t.strictSame([...room.waitedFor()], [])
  await Promise.all(rests)
})

await t.test('waiting room: a seat that is left twice takes nobody else along', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const first = room.enter('a', home)
  first.leave()
  const second = room.enter('a', home)
  first.leave()
  const rest = second.rest(1000, stay, 1)
  room.wake('a')
  t.equal(await rest, 'awake')
})

await t.test('waiting room: it is full at its limit, and rests nobody once it is closed', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1)
  const [one, two] = [room.enter('a', home), room.enter('a', home)]
  const rest = one.rest(1000, stay, 1)
  t.equal(await two.rest(1000, stay, 1), 'full')
  room.close()
  t.equal(await rest, 'closed')
  t.equal(await two.rest(1000, stay, 1), 'closed')
  t.equal(await room.enter('b', home).rest(1000, stay, 1), 'closed')
})

await t.test('waiting room: one client is turned away at its share, and nobody else, until one of its polls has ended', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1_000_000)
  const rests = Array.from({ length: heldPerClient }, (_, n) => room.enter(`ticket-${n}`, home).rest(1000, stay, 1))
  t.equal(await room.enter('a', home).rest(1000, stay, 1), 'full')
  const other = room.enter('a', ['elsewhere']).rest(1000, stay, 1)
  t.equal(room.held, heldPerClient + 1)
  room.wake('ticket-7')
  t.equal(await rests[7], 'awake')
  const next = room.enter('b', home).rest(1000, stay, 1)
  t.equal(room.held, heldPerClient + 1)
  room.close()
  t.strictSame([await other, await next], ['closed', 'closed'])
})

await t.test('waiting room: one network is turned away at its share, whatever address in it asks, and nobody else is', async (t) => {
  const limit = 20_000
  const share = heldPerNetwork(limit)
  t.equal(share, 5_000)
  const room = createWaitingRoom(createFakeClock(), limit)
  const poll = (n: number, network = 'site') => room.enter(`ticket-${n}`, [network, `${network} line ${n % 256}`, `${network} ${n}`]).rest(1000, stay, 1)
  const rests = Array.from({ length: share }, (_, n) => poll(n))
  t.equal(room.held, share)
  t.equal(await poll(share), 'full')
  const others = Array.from({ length: 3 * share }, (_, n) => poll(n + share, `site-${n % 3}`))
  t.equal(room.held, limit, 'four networks fill the room')
  t.equal(await poll(limit, 'another'), 'full')
  room.wake('ticket-7')
  t.equal(await rests[7], 'awake')
  t.equal(await poll(limit, 'site-1'), 'full', 'its place is for others')
  const next = poll(limit, 'another')
  t.equal(room.held, limit)
  room.close()
  t.strictSame(new Set(await Promise.all([...others, next])), new Set(['closed']))
})

await t.test('waiting room: a line within a network has the network\'s share, and a small room is for whoever comes', async (t) => {
  const small = createWaitingRoom(createFakeClock(), 50)
  const rests = Array.from({ length: 50 }, (_, n) => small.enter(`ticket-${n}`, home).rest(1000, stay, 1))
  t.equal(small.held, 50)
  t.equal(await small.enter('a', ['elsewhere']).rest(1000, stay, 1), 'full')
  small.close()
  await Promise.all(rests)
  t.equal(heldPerNetwork(1), heldPerClient)
})

/** The outcome of a rest, or undefined while that goes on. */
const watch = (rest: Promise<RestOutcome>) => {
  let outcome: RestOutcome | undefined
  const over = rest.then((reason) => { outcome = reason })
  return async () => {
    await Promise.race([over, settle()])
    return outcome
  }
}

await t.test('waiting room: the oldest of a ticket is told that it is full when a fifth rests, and who has only entered is no one of them', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 100)
  const rest = (ticket = 'a') => watch(room.enter(ticket, home).rest(1000, stay, 1))
  const outcomes = [rest('b'), rest(), rest()]
  room.enter('a', home)
  outcomes.push(rest(), rest())
  t.strictSame(await Promise.all(outcomes.map((outcome) => outcome())), Array(5).fill(undefined))
  t.equal(room.held, 5)
  outcomes.push(rest())
  t.strictSame(await Promise.all(outcomes.map((outcome) => outcome())), [undefined, 'full', undefined, undefined, undefined, undefined])
  outcomes.push(rest())
  t.strictSame(await Promise.all(outcomes.map((outcome) => outcome())), [undefined, 'full', 'full', undefined, undefined, undefined, undefined])
  t.equal(room.held, 5)
})

await t.test('waiting room: who rests knows the lowest version when another has only entered', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 100)
  const rest = room.enter('a', home).rest(1000, stay, 3)
  room.enter('a', home)
  t.strictSame([...room.waitedFor()], [['a', 3]])
  room.close()
  t.equal(await rest, 'closed')
})

await t.test('waiting room: a rest is closed, and its place free, when its seat is left', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1)
  const seat = room.enter('a', home)
  const rest = seat.rest(1000, stay, 1)
  seat.leave()
  t.equal(await rest, 'closed')
  t.equal(room.held, 0)
})

await t.test('waiting room: a rest has all its time, and leaves nothing at its signal, when one before it on the same seat was closed', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 1)
  const seat = room.enter('a', home)
  const [leaving, staying] = [new AbortController(), new AbortController()]
  const first = seat.rest(1000, leaving.signal, 1)
  clock.advance(500)
  leaving.abort()
  t.equal(await first, 'closed')
  t.equal(getEventListeners(leaving.signal, 'abort').length, 0)
  const second = watch(seat.rest(1000, staying.signal, 1))
  clock.advance(999)
  t.equal(await second(), undefined)
  clock.advance(1)
  t.equal(await second(), 'over')
  t.equal(getEventListeners(staying.signal, 'abort').length, 0)
})
