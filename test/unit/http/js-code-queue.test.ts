/** Whose js_code goes to WeChat next: how many of one address at a time, in which order, and who has to go. */
import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import { createJsCodeQueue } from '../../../src/http/js-code-queue.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { settle } from '../../support/waiting.ts'

/** A call that asks for its turn; its work is over when the test says so. */
interface TestCall {
  readonly device: string
  hasBegun: boolean
  /** What became of it. */
  told: string
  readonly work: PromiseWithResolvers<string>
}

/** Gives the same numbers at each run, evenly spread from 0 up to 1 (steps of the golden ratio). */
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
  const turns = createJsCodeQueue({ steady: () => clock.steady() + stalledMs, after: clock.after }, evenly())
  const calls: TestCall[] = []
  const ask = (device: string, { clientKey = '192.0.2.1', network = '192.0.2.0/24', isOverLimit = false } = {}): TestCall => {
    const call: TestCall = { device, hasBegun: false, told: 'waits', work: Promise.withResolvers<string>() }
    calls.push(call)
    turns.run({ clientKey, network, device }, isOverLimit, () => {
      call.hasBegun = true
      return call.work.promise
    }).then((result) => { call.told = result }, (error: { code?: string, message: string }) => { call.told = error.code ?? error.message })
    return call
  }
  const end = async (call: TestCall, how: 'right' | 'wrong' | 'fault'): Promise<void> => {
    if (how === 'right') call.work.resolve('right')
    else call.work.reject(how === 'wrong' ? new Problem('js-code-invalid') : new Error('fault'))
    await settle()
  }
  const askMany = (count: number, device: (n: number) => string, options = {}): TestCall[] => Array.from({ length: count }, (_, n) => ask(device(n), options))
  /** Timers of before fire so much later than they were to. */
  const stall = (ms: number): void => { stalledMs += ms }
  return { clock, calls, ask, askMany, end, stall }
}

const begun = (calls: readonly TestCall[]): number => calls.filter(({ hasBegun }) => hasBegun).length
const toldOf = (calls: readonly TestCall[], told: string): number => calls.filter((call) => call.told === told).length

await t.test('js_code turns: four of an address are under way at first, one more after each right one, and another address has its own', async (t) => {
  const { ask, askMany, end } = open()
  const calls = askMany(20, () => 'phone')
  await settle()
  t.equal(begun(calls), 4)
  const other = ask('phone', { clientKey: '192.0.2.2' })
  await settle()
  t.ok(other.hasBegun)
  await end(calls[0]!, 'right') // 20 were made
  t.equal(calls[0]?.told, 'right')
  t.equal(begun(calls), 1 + 5)
  await end(calls[1]!, 'right')
  t.equal(begun(calls), 2 + 6)
})

await t.test('js_code turns: 32 are under way at the most, however many were right', async (t) => {
  const { ask, askMany, end } = open()
  for (let n = 0; n < 40; n++) await end(ask('phone'), 'right')
  const calls = askMany(50, (n) => `phone ${n % 2}`)
  await settle()
  t.equal(begun(calls), 32)
})

await t.test('js_code turns: half as many are under way after a wrong one, and never none', async (t) => {
  const { askMany, end } = open()
  const calls = askMany(20, () => 'phone')
  await settle()
  for (const underWay of [3, 2, 1, 1, 1]) {
    const next = calls.find(({ hasBegun, told }) => hasBegun && told === 'waits')
    await end(next!, 'wrong') // one is always under way
    t.equal(next?.told, 'js-code-invalid')
    t.equal(begun(calls) - toldOf(calls, 'js-code-invalid'), underWay)
  }
})

await t.test('js_code turns: work that fails gives its turn back, and changes nothing else', async (t) => {
  const { askMany, end } = open()
  const calls = askMany(9, () => 'phone')
  await settle()
  for (const call of calls.slice(0, 4)) await end(call, 'fault')
  t.equal(toldOf(calls, 'fault'), 4)
  t.equal(begun(calls), 4 + 4)
})

await t.test('js_code turns: work that throws before it has begun gives its turn back, too', async (t) => {
  const turns = createJsCodeQueue(createFakeClock())
  const caller = { clientKey: '192.0.2.1', network: '192.0.2.0/24' }
  const fail = () => turns.run({ ...caller, device: '' }, false, () => { throw new Error('at once') })
  for (let n = 0; n < 9; n++) await t.rejects(fail(), { message: 'at once' })
  t.equal(await turns.run({ ...caller, device: '' }, false, async () => 'right'), 'right')
})

await t.test('js_code turns: over the limit there is one at a time, half a second after each wrong one, and at once after a right one', async (t) => {
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
  t.notOk(late.hasBegun, 'nor does one begin that finds nobody waiting')
  clock.advance(500)
  await settle()
  t.ok(late.hasBegun)
})

await t.test('js_code turns: who has waited for a second and a half is turned away, and their place is free', async (t) => {
  const { clock, askMany, end } = open()
  const calls = askMany(5, () => 'phone')
  clock.advance(1499)
  await settle()
  t.equal(calls[4]?.told, 'waits')
  clock.advance(1)
  await settle()
  t.equal(calls[4]?.told, 'rate-limited')
  t.equal(toldOf(calls, 'waits'), 4, 'who is under way isn\'t')
  const next = askMany(1, () => 'phone')
  await end(calls[0]!, 'right') // five were made
  t.ok(next[0]?.hasBegun)
})

await t.test('js_code turns: who has waited while the process was stalled is not turned away before it has read what WeChat answered', async (t) => {
  const { clock, askMany, end, stall } = open()
  const calls = askMany(6, () => 'phone')
  await settle()
  stall(3000)
  clock.advance(1500)
  await settle()
  t.strictSame(calls.slice(4).map(({ told }) => told), ['waits', 'waits'])
  await end(calls[0]!, 'fault') // six were made
  t.ok(calls[4]?.hasBegun)
  clock.advance(500)
  await settle()
  t.equal(calls[5]?.told, 'rate-limited', 'half a second more, and not for ever')
})

await t.test('js_code turns: devices take turns, so that many of one wait and a single other doesn\'t', async (t) => {
  const { ask, askMany, end } = open()
  const flood = askMany(60, () => 'attacker')
  const honest = ask('phone')
  await settle()
  await end(flood[0]!, 'fault') // 60 were made
  t.ok(honest.hasBegun)
  t.equal(begun(flood), 4)
})

await t.test('js_code turns: 64 of one device wait at an address, 128 of all, and then one of those who wait has to go', async (t) => {
  const { ask, askMany } = open()
  const ofOne = askMany(4 + 65, () => 'one')
  await settle()
  t.equal(toldOf(ofOne, 'rate-limited'), 1)
  t.equal(ofOne.at(-1)?.told, 'waits', 'the newcomer is not turned away for it')
  const ofAll = askMany(64, (n) => `other ${n}`)
  await settle()
  t.equal(toldOf(ofAll, 'rate-limited'), 0)
  const newcomer = ask('newcomer')
  await settle()
  t.equal(newcomer.told, 'waits')
  t.equal(toldOf([...ofOne, ...ofAll], 'rate-limited'), 2)
})

await t.test('js_code turns: 4,000 wait in all, and who finds a place among those under way still begins at once', async (t) => {
  const { calls, ask, askMany } = open()
  for (let n = 0; n < 40; n++) askMany(4 + 100, (i) => `${i}`, { clientKey: `198.51.100.${n}` })
  await settle()
  t.equal(toldOf(calls, 'rate-limited'), 0)
  t.equal(calls.length - begun(calls), 4000)
  const one = ask('one', { clientKey: '198.51.100.0' })
  const elsewhere = ask('one', { clientKey: '192.0.2.1' })
  await settle()
  t.equal(one.told, 'rate-limited')
  t.ok(elsewhere.hasBegun)
})

await t.test('js_code turns: a device that got in lately has every other turn and is not displaced, when each call of a flood is another device', async (t) => {
  const { calls, ask, askMany, end } = open()
  const over = { isOverLimit: true }
  await end(ask('phone'), 'right')
  await end(ask('tablet'), 'right')
  askMany(200, (n) => `attacker ${n}`, over)
  const honest = [ask('phone', over), ask('phone', over), ask('tablet', over)]
  askMany(500, (n) => `attacker ${200 + n}`, over)
  await settle()
  t.equal(toldOf(honest, 'waits'), 3, 'nobody of them has to go')
  t.ok(toldOf(calls, 'rate-limited') >= 500)

  const order: string[] = []
  for (let n = 0; n < 7; n++) {
    const next = calls.find((call) => call.hasBegun && call.told === 'waits') as TestCall // one is always under way
    order.push(next.device.replace(/ .*/, ''))
    await end(next, 'fault')
  }
  t.strictSame(order, ['attacker', 'phone', 'attacker', 'tablet', 'attacker', 'phone', 'attacker'])
})

await t.test('js_code turns: a newcomer of whatever device is not the one who has to go for the next, when a flood is of two devices that a stranger has proven', async (t) => {
  const { ask, askMany, end } = open()
  for (const device of ['common', 'also common']) await end(ask(device), 'right')
  askMany(6 + 128, (n) => n % 2 === 0 ? 'common' : 'also common')
  const honest = ['rare', 'common', 'also common', 'rare'].map((device) => ask(device))
  await settle()
  t.equal(toldOf(honest, 'waits'), 4, 'all of them come in')
  askMany(20, (n) => n % 2 === 0 ? 'common' : 'also common')
  await settle()
  t.equal(toldOf(honest, 'waits'), 4)
})

await t.test('js_code turns: proven devices and others have half of a full queue each, whichever kind a flood is of', async (t) => {
  const { ask, askMany, end } = open()
  for (const device of ['common', 'also common']) await end(ask(device), 'right')
  askMany(6, (n) => `busy ${n}`)
  const ofProven = askMany(64, (n) => n % 2 === 0 ? 'common' : 'also common')
  const ofOthers = askMany(64, (n) => `other ${n}`)
  const moreProven = askMany(100, (n) => n % 2 === 0 ? 'common' : 'also common')
  await settle()
  t.equal(toldOf(ofOthers, 'rate-limited'), 0)
  t.equal(toldOf([...ofProven, ...moreProven], 'waits'), 64)
  const moreOthers = askMany(100, (n) => `another ${n}`)
  await settle()
  t.equal(toldOf([...ofProven, ...moreProven], 'waits'), 64)
  t.equal(toldOf([...ofOthers, ...moreOthers], 'waits'), 64)
})

await t.test('js_code turns: who got in at an address is known when turns become its network\'s', async (t) => {
  const { calls, ask, askMany, end } = open()
  const network = { clientKey: '192.0.2.0/24', isOverLimit: true }
  for (const clientKey of ['192.0.2.1', '192.0.2.2']) await end(ask(`phone of ${clientKey}`, { clientKey }), 'right')
  askMany(200, (n) => `attacker ${n}`, network)
  const honest = [ask('phone of 192.0.2.1', network), ask('phone of 192.0.2.2', network)]
  askMany(200, (n) => `attacker ${200 + n}`, network)
  await settle()
  t.equal(toldOf(honest, 'waits'), 2)
  for (const call of [calls[2]!, honest[0]!]) await end(call, 'fault') // one is under way
  t.ok(honest[0]?.hasBegun, 'after one of the others')
})

await t.test('js_code turns: calls of an address that are under way are its network\'s, too, when turns become that\'s', async (t) => {
  const { ask, askMany, end } = open()
  const before = [...askMany(4, () => 'phone'), ask('phone', { clientKey: '192.0.2.2' })]
  await settle()
  t.equal(begun(before), 5)
  const after = ask('phone', { clientKey: '192.0.2.0/24', isOverLimit: true })
  for (const call of before) {
    await settle()
    t.notOk(after.hasBegun)
    await end(call, 'fault')
  }
  t.ok(after.hasBegun)
  const elsewhere = ask('phone', { clientKey: '198.51.100.0/24', network: '198.51.100.0/24', isOverLimit: true })
  await settle()
  t.ok(elsewhere.hasBegun)
})

await t.test('js_code turns: sixteen devices are remembered of an address, so that no flood of right ones keeps more', async (t) => {
  const { ask, askMany, end } = open()
  await end(ask('phone'), 'right')
  for (let n = 0; n < 16; n++) await end(ask(`other ${n}`), 'right')
  const busy = askMany(21, (n) => `busy ${n}`)
  const waiting = askMany(3, (n) => `waiting ${n}`)
  const [forgotten, remembered] = [ask('phone'), ask('other 0')]
  await settle()
  t.equal(begun(busy), 21)
  await end(busy[0]!, 'fault') // 21 were made
  t.ok(remembered.hasBegun)
  await end(busy[1]!, 'fault')
  t.ok(waiting[0]?.hasBegun)
  t.notOk(forgotten.hasBegun)
})
