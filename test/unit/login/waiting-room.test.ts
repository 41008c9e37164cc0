import t from 'tap'
import { createWaitingRoom } from '../../../src/login/waiting-room.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const stay = new AbortController().signal

await t.test('waiting room: a rest ends for one reason, and gives its place back', async (t) => {
  const clock = createFakeClock()
  const room = createWaitingRoom(clock, 10)
  const leaving = new AbortController()
  const rests = ['wake', 'time', 'leave'].map((id) => room.enter(id).rest(id === 'time' ? 1000 : 60_000, id === 'leave' ? leaving.signal : stay))
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
  const seat = room.enter('a')
  room.wake('a')
  t.equal(await seat.rest(1000, stay), 'awake')
})

await t.test('waiting room: nobody is woken for another ticket, and everybody for any', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const rests = [room.enter('a').rest(1000, stay), room.enter('b').rest(1000, stay)]
  room.wake('c')
  t.equal(room.held, 2)
  room.wake(null)
  t.strictSame(await Promise.all(rests), ['awake', 'awake'])
})

await t.test('waiting room: a seat that is left twice takes nobody else along', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 10)
  const first = room.enter('a')
  first.leave()
  const second = room.enter('a')
  first.leave()
  const rest = second.rest(1000, stay)
  room.wake('a')
  t.equal(await rest, 'awake')
})

await t.test('waiting room: it is full at its limit, and rests nobody once it is closed', async (t) => {
  const room = createWaitingRoom(createFakeClock(), 1)
  const [one, two] = [room.enter('a'), room.enter('a')]
  const rest = one.rest(1000, stay)
  t.equal(await two.rest(1000, stay), 'full')
  room.close()
  t.equal(await rest, 'closed')
  t.equal(await two.rest(1000, stay), 'closed')
  t.equal(await room.enter('b').rest(1000, stay), 'closed')
})
