import t from 'tap'
import { WechatFault } from '../../../src/wechat/fault.ts'
import { createGate, type Gate, type Permit } from '../../../src/wechat/gate.ts'
import { createFakeClock } from '../../support/fake-clock.ts'

const limit = (retryAfterSeconds = 60) => new WechatFault('too often', { errcode: 45011, remedy: 'rate-limit', retryAfterSeconds })
const noAnswer = () => new WechatFault('no answer in time')

const open = ({ maxUnderWay = 64, maxUnderWayPerKey = 16, backsOffAfterNoAnswer = true } = {}) => {
  const clock = createFakeClock()
  const gate = createGate({ clock, maxUnderWay, maxUnderWayPerKey, backsOffAfterNoAnswer })
  return { clock, gate }
}

/** How many seconds a client has to wait. 0 where a call is permitted: it succeeds at once. */
const waitOf = (gate: Gate, quotaKey: string): number => {
  try {
    gate.acquire(quotaKey).succeeded()
    return 0
  } catch (error) {
    return (error as WechatFault).retryAfterSeconds
  }
}

const succeed = (gate: Gate, quotaKey: string, times: number): void => { for (let i = 0; i < times; i++) gate.acquire(quotaKey).succeeded() }

await t.test('gate: further calls are refused at once when as many as allowed are under way, in all or for one client', async (t) => {
  const { gate } = open({ maxUnderWay: 5, maxUnderWayPerKey: 3 })
  const permits = ['a', 'a', 'a', 'b'].map((key) => gate.acquire(key))
  t.throws(() => gate.acquire('a'), { message: 'too many calls to WeChat are under way', retryAfterSeconds: 2 })
  permits.push(gate.acquire('b'))
  t.throws(() => gate.acquire('c'), { message: 'too many calls to WeChat are under way' })
  permits[0]?.abandoned()
  t.equal(waitOf(gate, 'c'), 0)
  const unknown = open({ maxUnderWay: 5, maxUnderWayPerKey: 3 }).gate
  for (let i = 0; i < 5; i++) unknown.acquire('')
  t.throws(() => unknown.acquire(''), WechatFault, 'clients without a key have no limit of their own')
})

await t.test('gate: the clients with the most calls wait, and others don\'t, when WeChat refuses', async (t) => {
  const { gate, clock } = open()
  succeed(gate, 'honest', 3)
  succeed(gate, 'greedy', 100)
  succeed(gate, 'greedy-too', 60)
  const refused = gate.acquire('greedy')
  t.equal(refused.failed(limit()).retryAfterSeconds, 1)
  t.strictSame(['greedy', 'greedy-too', 'honest', 'new'].map((key) => waitOf(gate, key)), [1, 1, 0, 0])
  clock.advance(1000)
  t.strictSame(['greedy', 'greedy-too'].map((key) => waitOf(gate, key)), [0, 0])
})

await t.test('gate: the backoff of one client doubles up to what the fault says, and starts at one second after a success', async (t) => {
  const { gate, clock } = open()
  succeed(gate, 'greedy', 100)
  const waits = []
  for (let i = 0; i < 8; i++) {
    succeed(gate, 'other', 1)
    const { retryAfterSeconds } = gate.acquire('greedy').failed(limit())
    waits.push(retryAfterSeconds)
    // Less than the minute for which calls count as recent: it stays the client with the most.
    clock.advance(retryAfterSeconds * 1000)
    if (retryAfterSeconds > 30) break
    t.equal(waitOf(gate, 'other'), 0)
  }
  t.strictSame(waits.slice(0, 6), [1, 2, 4, 8, 16, 32])
  succeed(gate, 'greedy', 100)
  t.equal(gate.acquire('greedy').failed(limit()).retryAfterSeconds, 1)
})

await t.test('gate: one backoff begins when many calls under way meet one limit', async (t) => {
  const { gate, clock } = open()
  const permits: Permit[] = []
  for (let i = 0; i < 16; i++) permits.push(gate.acquire('greedy'))
  t.strictSame(permits.map((permit) => permit.failed(limit()).retryAfterSeconds), Array.from({ length: 16 }, () => 1))
  clock.advance(1000)
  const probe = gate.acquire('greedy')
  t.throws(() => gate.acquire('greedy'), WechatFault, 'one probe at a time')
  t.equal(probe.failed(limit()).retryAfterSeconds, 2)
})

await t.test('gate: everybody waits, with one probe at a time until a success, when clients with few calls are refused', async (t) => {
  const { gate, clock } = open()
  succeed(gate, 'greedy', 100)
  gate.acquire('greedy').failed(limit())
  t.equal(gate.acquire('a').failed(limit()).retryAfterSeconds, 1)
  t.equal(waitOf(gate, 'b'), 1)
  clock.advance(1000)
  const probe = gate.acquire('b')
  t.equal(waitOf(gate, 'c'), 1, 'while a probe is under way')
  t.equal(probe.failed(limit()).retryAfterSeconds, 2)
  clock.advance(2000)
  t.equal(waitOf(gate, 'c'), 0)
  const [one, another] = [gate.acquire('a'), gate.acquire('b')]
  one.succeeded()
  another.succeeded()
})

await t.test('gate: a backoff neither ends nor grows by a call that was under way when it began', async (t) => {
  const { gate } = open()
  const [late, later, refused] = [gate.acquire('a'), gate.acquire('b'), gate.acquire('c')]
  t.equal(refused.failed(limit()).retryAfterSeconds, 1)
  late.succeeded()
  later.failed(limit())
  t.equal(waitOf(gate, 'd'), 1)
})

await t.test('gate: a backoff of eight seconds at most begins when three calls in a row have no answer', async (t) => {
  const { gate, clock } = open()
  const fail = () => gate.acquire('a').failed(noAnswer())
  fail()
  fail()
  t.equal(waitOf(gate, 'b'), 0, 'a success starts the count again')
  const waits = []
  for (let i = 0; i < 3; i++) fail()
  for (let i = 0; i < 5; i++) {
    const wait = waitOf(gate, 'b')
    waits.push(wait)
    clock.advance(wait * 1000)
    fail()
  }
  t.strictSame(waits, [1, 2, 4, 8, 8])
  const phones = open({ backsOffAfterNoAnswer: false }).gate
  for (let i = 0; i < 10; i++) phones.acquire('a').failed(noAnswer())
  t.equal(waitOf(phones, 'a'), 0)
})

for (const remedy of ['js-code', 'blocked'] as const) {
  const answer = () => new WechatFault('an answer', { remedy })

  await t.test(`gate: a backoff ends when the answer is no fault of the endpoint (${remedy})`, async (t) => {
    const { gate, clock } = open()
    succeed(gate, 'a', 100)
    gate.acquire('a').failed(limit())
    gate.acquire('b').failed(limit())
    clock.advance(1000)
    const probe = gate.acquire('b')
    t.equal(waitOf(gate, 'c'), 1, 'while a probe is under way')
    t.equal(probe.failed(answer()).remedy, remedy, 'the caller gets it')
    const calls = [gate.acquire('c'), gate.acquire('c')]
    for (const call of calls) call.succeeded()
    const own = gate.acquire('a')
    t.equal(waitOf(gate, 'a'), 1)
    own.failed(answer())
    t.equal(gate.acquire('a').failed(limit()).retryAfterSeconds, 1, 'the next one starts at one second')
  })

  await t.test(`gate: no backoff begins, and failures are no longer in a row, when answers are no fault of the endpoint (${remedy})`, async (t) => {
    const { gate } = open()
    for (let i = 0; i < 10; i++) gate.acquire('a').failed(answer())
    t.equal(waitOf(gate, 'a'), 0)
    for (let i = 0; i < 5; i++) {
      gate.acquire('a').failed(noAnswer())
      gate.acquire('a').failed(noAnswer())
      gate.acquire('b').failed(answer())
    }
    t.equal(waitOf(gate, 'a'), 0)
  })

  await t.test(`gate: a backoff doesn't end by a call that was under way when it began and whose answer is no fault of the endpoint (${remedy})`, async (t) => {
    const { gate } = open()
    const [late, refused] = [gate.acquire('a'), gate.acquire('b')]
    refused.failed(limit())
    late.failed(answer())
    t.equal(waitOf(gate, 'c'), 1)
  })
}

await t.test('gate: nobody waits when the limit is one person\'s own', async (t) => {
  const { gate } = open()
  for (let i = 0; i < 20; i++) t.equal(gate.acquire('a').failed(limit(), true).retryAfterSeconds, 60)
  t.equal(waitOf(gate, 'a'), 0)
})

for (const [how, byMs] of [['back', -10_800_000], ['ahead', 10_800_000]] as const) {
  await t.test(`E8 gate: a backoff keeps its length when the clock is set ${how} by 3 h meanwhile`, async (t) => {
    const { gate, clock } = open()
    gate.acquire('a').failed(new WechatFault('broken', { remedy: 'operator', retryAfterSeconds: 60 }))
    clock.shiftWallClock(byMs)
    clock.advance(59_000)
    t.equal(waitOf(gate, 'a'), 1)
    clock.advance(1_000)
    t.equal(waitOf(gate, 'a'), 0)
  })
}
