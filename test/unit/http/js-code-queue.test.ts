/** The queue of phones that log in: how many calls of one address are under way, in which order they begin, and which are rejected. */
import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import { createJsCodeQueue } from '../../../src/http/js-code-queue.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { settle } from '../../support/waiting.ts'

/** A call in the queue; the test ends its work. */
interface TestCall {
  readonly device: string
  hasBegun: boolean
  /** Its result, or the code of its problem. */
  outcome: string
  readonly work: PromiseWithResolvers<string>
}

/** Returns the same numbers in each run, evenly spread from 0 to 1 (steps of the golden ratio). */
const evenly = (): () => number => {
  let last = 0
  return () => {
    last = (last + 0.6180339887) % 1
    return last
  }
}

const open = () => {
  const clock = createFakeClock()
  let stalledMs = 0
  const queue = createJsCodeQueue({ steady: () => clock.steady() + stalledMs, after: clock.after }, evenly())
  const calls: TestCall[] = []
  const ask = (device: string, { queueKey = '192.0.2.1', network = '192.0.2.0/24', isOverLimit = false } = {}): TestCall => {
    const call: TestCall = { device, hasBegun: false, outcome: 'waits', work: Promise.withResolvers<string>() }
    calls.push(call)
    queue.run({ queueKey, network, device }, isOverLimit, () => {
      call.hasBegun = true
      return call.work.promise
    }).then((result) => { call.outcome = result }, (error: { code?: string, message: string }) => { call.outcome = error.code ?? error.message })
    return call
  }
  const end = async (call: TestCall, how: 'right' | 'wrong' | 'lost' | 'fault'): Promise<void> => {
    if (how === 'right') call.work.resolve('right')
    else call.work.reject(how === 'fault' ? new Error('fault') : new Problem('js-code-invalid', { isOurFault: how === 'lost' }))
    await settle()
  }
  const askMany = (count: number, device: (n: number) => string, options = {}): TestCall[] => Array.from({ length: count }, (_, n) => ask(device(n), options))
  /** Makes timers that are set already fire later by this. */
  const stall = (ms: number): void => { stalledMs += ms }
  return { clock, calls, ask, askMany, end, stall }
}

const begun = (calls: readonly TestCall[]): number => calls.filter(({ hasBegun }) => hasBegun).length
const countOf = (calls: readonly TestCall[], outcome: string): number => calls.filter((call) => call.outcome === outcome).length

await t.test('js_code queue: an address has four calls under way at first, and one more after each right js_code; another address has its own', async (t) => {
  const { ask, askMany, end } = open()
  const calls = askMany(20, () => 'phone')
  await settle()
  t.equal(begun(calls), 4)
  const other = ask('phone', { queueKey: '192.0.2.2' })
  await settle()
  t.ok(other.hasBegun)
  await end(calls[0]!, 'right') // 20 were made
  t.equal(calls[0]?.outcome, 'right')
  t.equal(begun(calls), 1 + 5)
  await end(calls[1]!, 'right')
  t.equal(begun(calls), 2 + 6)
})

await t.test('js_code queue: no more than 32 calls are under way when any number were right', async (t) => {
  const { ask, askMany, end } = open()
  for (let n = 0; n < 40; n++) await end(ask('phone'), 'right')
  const calls = askMany(50, (n) => `phone ${n % 2}`)
  await settle()
  t.equal(begun(calls), 32)
})

await t.test('js_code queue: half as many calls are under way, and at least one, after each wrong js_code', async (t) => {
  const { askMany, end } = open()
  const calls = askMany(20, () => 'phone')
  await settle()
  for (const underWay of [3, 2, 1, 1, 1]) {
    const next = calls.find(({ hasBegun, outcome }) => hasBegun && outcome === 'waits')
    await end(next!, 'wrong') // one is always under way
    t.equal(next?.outcome, 'js-code-invalid')
    t.equal(begun(calls) - countOf(calls, 'js-code-invalid'), underWay)
  }
})

for (const [how, outcome] of [['fault', 'fault'], ['lost', 'js-code-invalid']] as const) {
  await t.test(`js_code queue: the next call begins, and nothing else changes, when the work fails (${how})`, async (t) => {
    const { askMany, end } = open()
    const calls = askMany(9, () => 'phone')
    await settle()
    for (const call of calls.slice(0, 4)) await end(call, how)
    t.equal(countOf(calls, outcome), 4)
    t.equal(begun(calls), 4 + 4)
  })
}

await t.test('js_code queue: the next call begins when the work throws at once', async (t) => {
  const queue = createJsCodeQueue(createFakeClock())
  const caller = { queueKey: '192.0.2.1', network: '192.0.2.0/24' }
  const fail = () => queue.run({ ...caller, device: '' }, false, () => { throw new Error('at once') })
  for (let n = 0; n < 9; n++) await t.rejects(fail(), { message: 'at once' })
  t.equal(await queue.run({ ...caller, device: '' }, false, async () => 'right'), 'right')
})

await t.test('js_code queue: calls run one at a time, half a second after a wrong js_code and at once after a right one, when a client is over its limit', async (t) => {
  const { clock, ask, end } = open()
  const over = { isOverLimit: true }
  const [first, second, third] = [ask('a', over), ask('b', over), ask('c', over)]
  await settle()
  t.strictSame([first, second, third].map(({ hasBegun }) => hasBegun), [true, false, false])
  await end(first, 'wrong')
  t.notOk(second.hasBegun)
  clock.advance(499)
  await settle()
  t.notOk(second.hasBegun)
  clock.advance(1)
  await settle()
  t.ok(second.hasBegun)
  await end(second, 'right')
  t.ok(third.hasBegun)
  await end(third, 'wrong')
  const late = ask('d', over)
  await settle()
  t.notOk(late.hasBegun, 'even with an empty queue')
  clock.advance(500)
  await settle()
  t.ok(late.hasBegun)
})

await t.test('js_code queue: a call is rejected, and makes room, when it has waited for a second and a half', async (t) => {
  const { clock, askMany, end } = open()
  const calls = askMany(5, () => 'phone')
  clock.advance(1499)
  await settle()
  t.equal(calls[4]?.outcome, 'waits')
  clock.advance(1)
  await settle()
  t.equal(calls[4]?.outcome, 'rate-limited')
  t.equal(countOf(calls, 'waits'), 4, 'calls under way are not')
  const next = askMany(1, () => 'phone')
  await end(calls[0]!, 'right') // five were made
  t.ok(next[0]?.hasBegun)
})

await t.test('js_code queue: a waiting call is not rejected before WeChat\'s answer is read when the process was stalled', async (t) => {
  const { clock, askMany, end, stall } = open()
  const calls = askMany(6, () => 'phone')
  await settle()
  stall(3000)
  clock.advance(1500)
  await settle()
  t.strictSame(calls.slice(4).map(({ outcome }) => outcome), ['waits', 'waits'])
  await end(calls[0]!, 'fault') // six were made
  t.ok(calls[4]?.hasBegun)
  clock.advance(500)
  await settle()
  t.equal(calls[5]?.outcome, 'rate-limited', 'after half a second more')
})

await t.test('js_code queue: devices take turns, and the only call of one comes next, when many of another wait', async (t) => {
  const { ask, askMany, end } = open()
  const flood = askMany(60, () => 'attacker')
  const honest = ask('phone')
  await settle()
  await end(flood[0]!, 'fault') // 60 were made
  t.ok(honest.hasBegun)
  t.equal(begun(flood), 4)
})

await t.test('js_code queue: a waiting call is rejected for a new one when 64 of its device wait at an address, or 128 of all', async (t) => {
  const { ask, askMany } = open()
  const ofOne = askMany(4 + 65, () => 'one')
  await settle()
  t.equal(countOf(ofOne, 'rate-limited'), 1)
  t.equal(ofOne.at(-1)?.outcome, 'waits', 'the new one is not rejected')
  const ofAll = askMany(64, (n) => `other ${n}`)
  await settle()
  t.equal(countOf(ofAll, 'rate-limited'), 0)
  const newest = ask('newest')
  await settle()
  t.equal(newest.outcome, 'waits')
  t.equal(countOf([...ofOne, ...ofAll], 'rate-limited'), 2)
})

await t.test('js_code queue: a call is rejected at an address where it would wait, and begins at once elsewhere, when 4,000 wait in all', async (t) => {
  const { calls, ask, askMany } = open()
  for (let n = 0; n < 40; n++) askMany(4 + 100, (i) => `${i}`, { queueKey: `198.51.100.${n}` })
  await settle()
  t.equal(countOf(calls, 'rate-limited'), 0)
  t.equal(calls.length - begun(calls), 4000)
  const one = ask('one', { queueKey: '198.51.100.0' })
  const elsewhere = ask('one', { queueKey: '192.0.2.1' })
  await settle()
  t.equal(one.outcome, 'rate-limited')
  t.ok(elsewhere.hasBegun)
})

await t.test('js_code queue: a proven device has every other turn and is not rejected when each call of a flood has a new device', async (t) => {
  const { calls, ask, askMany, end } = open()
  const over = { isOverLimit: true }
  await end(ask('phone'), 'right')
  await end(ask('tablet'), 'right')
  askMany(200, (n) => `attacker ${n}`, over)
  const honest = [ask('phone', over), ask('phone', over), ask('tablet', over)]
  askMany(500, (n) => `attacker ${200 + n}`, over)
  await settle()
  t.equal(countOf(honest, 'waits'), 3, 'none of them is rejected')
  t.ok(countOf(calls, 'rate-limited') >= 500)

  const order: string[] = []
  for (let n = 0; n < 7; n++) {
    const next = calls.find((call) => call.hasBegun && call.outcome === 'waits') as TestCall // one is always under way
    order.push(next.device.replace(/ .*/, ''))
    await end(next, 'fault')
  }
  t.strictSame(order, ['attacker', 'phone', 'attacker', 'tablet', 'attacker', 'phone', 'attacker'])
})

await t.test('js_code queue: new calls of any device stay when a flood comes with two devices that an attacker has proven', async (t) => {
  const { ask, askMany, end } = open()
  for (const device of ['common', 'also common']) await end(ask(device), 'right')
  askMany(6 + 128, (n) => n % 2 === 0 ? 'common' : 'also common')
  const honest = ['rare', 'common', 'also common', 'rare'].map((device) => ask(device))
  await settle()
  t.equal(countOf(honest, 'waits'), 4, 'all of them are queued')
  askMany(20, (n) => n % 2 === 0 ? 'common' : 'also common')
  await settle()
  t.equal(countOf(honest, 'waits'), 4)
})

await t.test('js_code queue: proven and unproven devices have half of the queue each when a flood of either kind fills it', async (t) => {
  const { ask, askMany, end } = open()
  for (const device of ['common', 'also common']) await end(ask(device), 'right')
  askMany(6, (n) => `busy ${n}`)
  const ofProven = askMany(64, (n) => n % 2 === 0 ? 'common' : 'also common')
  const ofOthers = askMany(64, (n) => `other ${n}`)
  const moreProven = askMany(100, (n) => n % 2 === 0 ? 'common' : 'also common')
  await settle()
  t.equal(countOf(ofOthers, 'rate-limited'), 0)
  t.equal(countOf([...ofProven, ...moreProven], 'waits'), 64)
  const moreOthers = askMany(100, (n) => `another ${n}`)
  await settle()
  t.equal(countOf([...ofProven, ...moreProven], 'waits'), 64)
  t.equal(countOf([...ofOthers, ...moreOthers], 'waits'), 64)
})

await t.test('js_code queue: devices that were proven at an address are proven for its network when the limit moves to that', async (t) => {
  const { calls, ask, askMany, end } = open()
  const network = { queueKey: '192.0.2.0/24', isOverLimit: true }
  for (const queueKey of ['192.0.2.1', '192.0.2.2']) await end(ask(`phone of ${queueKey}`, { queueKey }), 'right')
  askMany(200, (n) => `attacker ${n}`, network)
  const honest = [ask('phone of 192.0.2.1', network), ask('phone of 192.0.2.2', network)]
  askMany(200, (n) => `attacker ${200 + n}`, network)
  await settle()
  t.equal(countOf(honest, 'waits'), 2)
  for (const call of [calls[2]!, honest[0]!]) await end(call, 'fault') // one is under way
  t.ok(honest[0]?.hasBegun, 'after one unproven device')
})

await t.test('js_code queue: calls under way at an address count for its network when the limit moves to that', async (t) => {
  const { ask, askMany, end } = open()
  const before = [...askMany(4, () => 'phone'), ask('phone', { queueKey: '192.0.2.2' })]
  await settle()
  t.equal(begun(before), 5)
  const after = ask('phone', { queueKey: '192.0.2.0/24', isOverLimit: true })
  for (const call of before) {
    await settle()
    t.notOk(after.hasBegun)
    await end(call, 'fault')
  }
  t.ok(after.hasBegun)
  const elsewhere = ask('phone', { queueKey: '198.51.100.0/24', network: '198.51.100.0/24', isOverLimit: true })
  await settle()
  t.ok(elsewhere.hasBegun)
})

await t.test('js_code queue: the oldest proven device is forgotten when an address has more than sixteen', async (t) => {
  const { ask, askMany, end } = open()
  await end(ask('phone'), 'right')
  for (let n = 0; n < 16; n++) await end(ask(`other ${n}`), 'right')
  const busy = askMany(21, (n) => `busy ${n}`)
  const waiting = askMany(3, (n) => `waiting ${n}`)
  const [forgotten, proven] = [ask('phone'), ask('other 0')]
  await settle()
  t.equal(begun(busy), 21)
  await end(busy[0]!, 'fault') // 21 were made
  t.ok(proven.hasBegun)
  await end(busy[1]!, 'fault')
  t.ok(waiting[0]?.hasBegun)
  t.notOk(forgotten.hasBegun)
})
