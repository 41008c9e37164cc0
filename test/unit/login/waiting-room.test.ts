import t from 'tap'
import { createWaitingRoom, heldPerHousehold } from '../../../src/login/waiting-room.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const stay = new AbortController().signal

await t.test('waiting room: a rest ends for one reason, and gives its place back', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 10)
  const leaving = new AbortController()
  const rests = ['wake', 'time', 'leave'].map((id) => room.enter(id, 'home').rest(id === 'time' ? 1000 : 60_000, id === 'leave' ? leaving.signal : stay, 1))
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
  const seat = room.enter('a', 'home')
  room.wake('a')
  t.equal(await seat.rest(1000, stay, 1), 'awake')
})

await t.test('waiting room: nobody is woken for another ticket', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const rest = room.enter('a', 'home').rest(1000, stay, 1)
  room.wake('c')
  t.equal(room.held, 1)
  room.wake('a')
  t.equal(await rest, 'awake')
})

await t.test('waiting room: it tells what is waited for, with the lowest version that is known, and only while somebody rests', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 10)
  const seats = ['a', 'a', 'b', 'c'].map((id) => room.enter(id, 'home'))
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
  const first = room.enter('a', 'home')
  first.leave()
  const second = room.enter('a', 'home')
  first.leave()
  const rest = second.rest(1000, stay, 1)
  room.wake('a')
  t.equal(await rest, 'awake')
})

await t.test('waiting room: it is full at its limit, and rests nobody once it is closed', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1)
  const [one, two] = [room.enter('a', 'home'), room.enter('a', 'home')]
  const rest = one.rest(1000, stay, 1)
  t.equal(await two.rest(1000, stay, 1), 'full')
  room.close()
  t.equal(await rest, 'closed')
  t.equal(await two.rest(1000, stay, 1), 'closed')
  t.equal(await room.enter('b', 'home').rest(1000, stay, 1), 'closed')
})

await t.test('waiting room: one household is turned away at its share, and nobody else, until one of its polls has ended', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1_000_000)
  const rests = Array.from({ length: heldPerHousehold }, (_, n) => room.enter(`ticket-${n}`, 'home').rest(1000, stay, 1))
  t.equal(await room.enter('a', 'home').rest(1000, stay, 1), 'full')
  const other = room.enter('a', 'elsewhere').rest(1000, stay, 1)
  t.equal(room.held, heldPerHousehold + 1)
  room.wake('ticket-7')
  t.equal(await rests[7], 'awake')
  const next = room.enter('b', 'home').rest(1000, stay, 1)
  t.equal(room.held, heldPerHousehold + 1)
  room.close()
  t.strictSame([await other, await next], ['closed', 'closed'])
})
