/** Deadlines of calls: an answer that has arrived counts, and a stall of this process is not held against the other side. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { afterDeadline, settleWithin, withDeadline } from '../../src/deadline.ts'
import { systemClock } from '../../src/runtime.ts'
import type { Timer } from '../../src/timer-queue.ts'
import { createFakeClock } from '../support/fake-clock.ts'

const late = () => new Error('late')
const never = new Promise<never>(() => {})

/** A clock whose timers fire `byMs` later than asked, as in a process that was stalled. */
const stalling = () => {
  const clock = createFakeClock()
  const stall = { byMs: 0 }
  const timer: Timer = { steady: clock.steady, after: (ms, call) => clock.after(ms + stall.byMs, call) }
  return { clock, stall, timer }
}

/** Keeps this process from reading sockets and from firing timers. */
const stallFor = (ms: number): void => { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms) }

/** A server that prints its port and echoes what it receives. */
const echo = "require('net').createServer((s) => s.on('data', (d) => s.write(d))).listen(0, '127.0.0.1', function () { console.log(this.address().port) })"

await t.test('deadline: it settles as the work does when the work is in time', async (t) => {
  const clock = createFakeClock()
  t.equal(await withDeadline(clock, 1000, async () => 5, { late }), 5)
  await t.rejects(withDeadline(clock, 1000, async () => { throw new Error('no') }, { late }), { message: 'no' })
  clock.advance(5000)
  await turn()
  t.pass('nothing rejects afterwards')
})

await t.test('deadline: it rejects, and its signal aborts, when the time is up', async (t) => {
  const clock = createFakeClock()
  let given: AbortSignal | undefined
  const waiting = withDeadline(clock, 1000, (signal) => {
    given = signal
    return never
  }, { late })
  clock.advance(999)
  await turn()
  t.equal(given?.aborted, false)
  clock.advance(1)
  await t.rejects(waiting, { message: 'late' })
  t.match(given?.reason, { message: 'late' })
})

await t.test('deadline: without a signal it settles as the work does, or rejects when the time is up', async (t) => {
  const clock = createFakeClock()
  t.equal(await settleWithin(clock, 1000, Promise.resolve(5), late), 5)
  await t.rejects(settleWithin(clock, 1000, Promise.reject(new Error('no')), late), { message: 'no' })
  let isLate = false
  const waiting = settleWithin(clock, 1000, never, () => {
    isLate = true
    return late()
  })
  clock.advance(999)
  await turn()
  t.equal(isLate, false)
  clock.advance(1)
  await t.rejects(waiting, { message: 'late' })
})

await t.test('deadline: it rejects with the reason when its signal aborts, before or while it waits', async (t) => {
  const clock = createFakeClock()
  const controller = new AbortController()
  const waiting = withDeadline(clock, 1000, () => never, { late, signal: controller.signal })
  controller.abort(new Error('closed'))
  await t.rejects(waiting, { message: 'closed' })
  let isAsked = false
  await t.rejects(withDeadline(clock, 1000, async () => { isAsked = true }, { late, signal: controller.signal }), { message: 'closed' })
  t.equal(isAsked, false)
})

await t.test('deadline: it keeps its length when the clock is set meanwhile', async (t) => {
  const clock = createFakeClock()
  let calls = 0
  for (const byMs of [-10_800_000, 10_800_000]) {
    const before = calls
    afterDeadline(clock, 1000, () => { calls++ })
    clock.shiftWallClock(byMs)
    clock.advance(999)
    await turn()
    t.equal(calls, before)
    clock.advance(1)
    await turn()
    t.equal(calls, before + 1)
  }
})

await t.test('E8 deadline: an answer that lies in the socket counts when this process was stalled beyond the deadline', async (t) => {
  const child = spawn(process.execPath, ['-e', echo])
  t.teardown(() => { child.kill('SIGKILL') })
  const [line] = await once(child.stdout, 'data') as [Buffer]
  const socket = connect(Number(String(line)), '127.0.0.1')
  t.teardown(() => { socket.destroy() })
  await once(socket, 'connect')
  const waiting = withDeadline(systemClock, 20, async () => {
    socket.write('question')
    const [answer] = await once(socket, 'data') as [Buffer]
    return String(answer)
  }, { late })
  stallFor(300)
  t.equal(await waiting, 'question')
})

await t.test('E8 deadline: it waits a little longer, and no longer than that, when timers fire late', async (t) => {
  const { clock, stall, timer } = stalling()
  stall.byMs = 2600
  let calls = 0
  afterDeadline(timer, 1000, () => { calls++ })
  stall.byMs = 0
  clock.advance(3600)
  await turn()
  t.equal(calls, 0, 'the stall is not held against the other side')
  clock.advance(499)
  await turn()
  t.equal(calls, 0)
  clock.advance(1)
  await turn()
  t.equal(calls, 1, 'the other side is silent')

  stall.byMs = 200
  afterDeadline(timer, 1000, () => { calls++ })
  for (const ms of [1200, 700, 700]) {
    t.equal(calls, 1)
    clock.advance(ms)
    await turn()
  }
  t.equal(calls, 2, 'a process that stalls again and again gives up as well')
})

await t.test('deadline: it never calls when it is cancelled, even between the timer and the next turn of the event loop', async (t) => {
  const clock = createFakeClock()
  let calls = 0
  const cancel = afterDeadline(clock, 1000, () => { calls++ })
  clock.advance(1000)
  cancel()
  await turn()
  t.equal(calls, 0)
})
