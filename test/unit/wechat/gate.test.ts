/** Which calls to WeChat are let through: how many at a time, and who waits for how long after a refusal. */
import t from 'tap'
import { WechatFault } from '../../../src/wechat/fault.ts'
import { createGate, type Gate, type Passage } from '../../../src/wechat/gate.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const limit = (retryAfterSeconds = 60) => new WechatFault('too often', { errcode: 45011, remedy: 'rate-limit', retryAfterSeconds })
const noAnswer = () => new WechatFault('no answer in time')

const open = ({ maxUnderWay = 64, maxUnderWayPerKey = 16, waitsForAnswers = true } = {}) => {
  const clock = createFakeClock()
  const gate = createGate({ clock, maxUnderWay, maxUnderWayPerKey, waitsForAnswers })
  return { clock, gate }
}

/** The seconds that a client is told to wait; 0 where it is let through, and then the call is over at once and counts as one that succeeded. */
const waitOf = (gate: Gate, clientKey: string): number => {
  try {
    gate.enter(clientKey).succeeded()
    return 0
  } catch (error) {
    return (error as WechatFault).retryAfterSeconds
  }
}

const ask = (gate: Gate, clientKey: string, times: number): void => { for (let i = 0; i < times; i++) gate.enter(clientKey).succeeded() }

await t.test('gate: so many calls are under way, of one client fewer, and the rest are told at once to come back', async (t) => {
  const { gate } = open({ maxUnderWay: 5, maxUnderWayPerKey: 3 })
  const passages = ['a', 'a', 'a', 'b'].map((key) => gate.enter(key))
  t.throws(() => gate.enter('a'), { message: 'too many calls to WeChat are under way', retryAfterSeconds: 2 })
  passages.push(gate.enter('b'))
  t.throws(() => gate.enter('c'), { message: 'too many calls to WeChat are under way' })
  passages[0]?.abandoned()
  t.equal(waitOf(gate, 'c'), 0)
  const unknown = open({ maxUnderWay: 5, maxUnderWayPerKey: 3 }).gate
  for (let i = 0; i < 5; i++) unknown.enter('')
  t.throws(() => unknown.enter(''), WechatFault, 'an address that is not known is everybody\'s')
})

await t.test('gate: who asked most waits first when WeChat refuses, and the others go on', async (t) => {
  const { gate, clock } = open()
  ask(gate, 'honest', 3)
  ask(gate, 'greedy', 100)
  ask(gate, 'greedy-too', 60)
  const refused = gate.enter('greedy')
  t.equal(refused.failed(limit()).retryAfterSeconds, 1)
  t.strictSame(['greedy', 'greedy-too', 'honest', 'new'].map((key) => waitOf(gate, key)), [1, 1, 0, 0])
  clock.advance(1000)
  t.strictSame(['greedy', 'greedy-too'].map((key) => waitOf(gate, key)), [0, 0])
})

await t.test('gate: the wait of one client doubles up to what the fault says, and begins at a second after a success', async (t) => {
  const { gate, clock } = open()
  ask(gate, 'greedy', 100)
  const waits = []
  for (let i = 0; i < 8; i++) {
    ask(gate, 'other', 1)
    const { retryAfterSeconds } = gate.enter('greedy').failed(limit())
    waits.push(retryAfterSeconds)
    // WeChat's limits and our memory of who asked are by the minute, so it stays the one that asks most.
    clock.advance(retryAfterSeconds * 1000)
    if (retryAfterSeconds > 30) break
    t.equal(waitOf(gate, 'other'), 0)
  }
  t.strictSame(waits.slice(0, 6), [1, 2, 4, 8, 16, 32])
  ask(gate, 'greedy', 100)
  t.equal(gate.enter('greedy').failed(limit()).retryAfterSeconds, 1)
})

await t.test('gate: many calls under way that meet one limit begin one wait', async (t) => {
  const { gate, clock } = open()
  const passages: Passage[] = []
  for (let i = 0; i < 16; i++) passages.push(gate.enter('greedy'))
  t.strictSame(passages.map((passage) => passage.failed(limit()).retryAfterSeconds), Array.from({ length: 16 }, () => 1))
  clock.advance(1000)
  const probe = gate.enter('greedy')
  t.throws(() => gate.enter('greedy'), WechatFault, 'one probe at a time')
  t.equal(probe.failed(limit()).retryAfterSeconds, 2)
})

await t.test('gate: everybody waits, one probe at a time, when those are refused who asked little; and all go on after a success', async (t) => {
  const { gate, clock } = open()
  ask(gate, 'greedy', 100)
  gate.enter('greedy').failed(limit())
  t.equal(gate.enter('a').failed(limit()).retryAfterSeconds, 1)
  t.equal(waitOf(gate, 'b'), 1)
  clock.advance(1000)
  const probe = gate.enter('b')
  t.equal(waitOf(gate, 'c'), 1, 'while a probe is under way')
  t.equal(probe.failed(limit()).retryAfterSeconds, 2)
  clock.advance(2000)
  t.equal(waitOf(gate, 'c'), 0)
  const [one, another] = [gate.enter('a'), gate.enter('b')]
  one.succeeded()
  another.succeeded()
})

await t.test('gate: a call that was under way before a wait began neither ends nor lengthens it', async (t) => {
  const { gate } = open()
  const [late, later, refused] = [gate.enter('a'), gate.enter('b'), gate.enter('c')]
  t.equal(refused.failed(limit()).retryAfterSeconds, 1)
  late.succeeded()
  later.failed(limit())
  t.equal(waitOf(gate, 'd'), 1)
})

await t.test('gate: three calls in a row without an answer begin a wait of eight seconds at the most', async (t) => {
  const { gate, clock } = open()
  const fail = () => gate.enter('a').failed(noAnswer())
  fail()
  fail()
  t.equal(waitOf(gate, 'b'), 0, 'a success between them is the end of it')
  const waits = []
  for (let i = 0; i < 3; i++) fail()
  for (let i = 0; i < 5; i++) {
    const wait = waitOf(gate, 'b')
    waits.push(wait)
    clock.advance(wait * 1000)
    fail()
  }
  t.strictSame(waits, [1, 2, 4, 8, 8])
  const phones = open({ waitsForAnswers: false }).gate
  for (let i = 0; i < 10; i++) phones.enter('a').failed(noAnswer())
  t.equal(waitOf(phones, 'a'), 0)
})

for (const remedy of ['js-code', 'blocked'] as const) {
  const answer = () => new WechatFault('an answer', { remedy })

  await t.test(`gate: a wait ends, when the answer is no fault of the endpoint (${remedy})`, async (t) => {
    const { gate, clock } = open()
    ask(gate, 'a', 100)
    gate.enter('a').failed(limit())
    gate.enter('b').failed(limit())
    clock.advance(1000)
    const probe = gate.enter('b')
    t.equal(waitOf(gate, 'c'), 1, 'while a probe is under way')
    t.equal(probe.failed(answer()).remedy, remedy, 'the caller is told')
    const calls = [gate.enter('c'), gate.enter('c')]
    for (const call of calls) call.succeeded()
    const own = gate.enter('a')
    t.equal(waitOf(gate, 'a'), 1)
    own.failed(answer())
    t.equal(gate.enter('a').failed(limit()).retryAfterSeconds, 1, 'and the next one begins at a second')
  })

  await t.test(`gate: no wait begins, and failures are not in a row, when answers are no fault of the endpoint (${remedy})`, async (t) => {
    const { gate } = open()
    for (let i = 0; i < 10; i++) gate.enter('a').failed(answer())
    t.equal(waitOf(gate, 'a'), 0)
    for (let i = 0; i < 5; i++) {
      gate.enter('a').failed(noAnswer())
      gate.enter('a').failed(noAnswer())
      gate.enter('b').failed(answer())
    }
    t.equal(waitOf(gate, 'a'), 0)
  })

  await t.test(`gate: a call that was under way before a wait began doesn't end it, when its answer is no fault of the endpoint (${remedy})`, async (t) => {
    const { gate } = open()
    const [late, refused] = [gate.enter('a'), gate.enter('b')]
    refused.failed(limit())
    late.failed(answer())
    t.equal(waitOf(gate, 'c'), 1)
  })
}

await t.test('gate: one person\'s own limit makes nobody wait', async (t) => {
  const { gate } = open()
  for (let i = 0; i < 20; i++) t.equal(gate.enter('a').failed(limit(), true).retryAfterSeconds, 60)
  t.equal(waitOf(gate, 'a'), 0)
})

for (const [how, byMs] of [['back', -10_800_000], ['ahead', 10_800_000]] as const) {
  await t.test(`E8 gate: a wait lasts as long as it was meant to when the clock is set ${how} by 3 h meanwhile`, async (t) => {
    const { gate, clock } = open()
    gate.enter('a').failed(new WechatFault('broken', { remedy: 'operator', retryAfterSeconds: 60 }))
    clock.set(byMs)
    clock.advance(59_000)
    t.equal(waitOf(gate, 'a'), 1)
    clock.advance(1_000)
    t.equal(waitOf(gate, 'a'), 0)
  })
}
