import t from 'tap'
import type { PrefetchedCodes, PrefetchedTicketId } from '../../../src/login/ports.ts'
import { fillAfterMs } from '../../../src/wechat/prefetched-codes.ts'
import type { Wechat } from '../../../src/wechat/wechat.ts'
import { waitUntil } from '../../support/waiting.ts'
import { openWechatHarness, rejectionOf } from '../../support/wechat-harness.ts'

const codes = 'getwxacodeunlimit'

/** Lets a call that may be under way arrive. */
const letArrive = async (callsTo: (endpoint: typeof codes) => number): Promise<void> => {
  const before = callsTo(codes)
  for (let turn = 0; turn < 50 && callsTo(codes) === before; turn++) await new Promise((resolve) => { setImmediate(resolve) })
}

/** Waits for an id with a prefetched code. */
const reserved = async (wechat: PrefetchedCodes, quotaKey: string): Promise<PrefetchedTicketId> => {
  for (;;) {
    const prefetched = wechat.takeTicketId(quotaKey)
    if (prefetched !== undefined) return prefetched
    await new Promise((resolve) => { setImmediate(resolve) })
  }
}

/** Waits for one, and uses it for a ticket. */
const taken = async (wechat: PrefetchedCodes, quotaKey: string): Promise<string> => {
  const { id, use } = await reserved(wechat, quotaKey)
  use()
  return id
}

await t.test('prefetched codes: no call is made before the first visitor, and then CODE_SUPPLY codes are prefetched', async (t) => {
  const { wechat, callsTo, advance } = await openWechatHarness(t, { codeSupply: 4 })
  t.equal(callsTo('stable_token') + callsTo(codes), 0)
  t.equal(wechat.takeTicketId('a'), undefined)
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 4)
  const id = await taken(wechat, 'a')
  t.match(id, /^[\w-]{22}$/)
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 5)
  t.equal((await wechat.codeFor(id, 'a')).type, 'image/jpeg')
  t.equal(callsTo(codes), 5, 'its code is cached')
})

await t.test('prefetched codes: WeChat is not called for more before the page of a new ticket had time to ask for its picture', async (t) => {
  const { wechat, callsTo, advance } = await openWechatHarness(t, { codeSupply: 1 })
  wechat.takeTicketId('a')
  advance(fillAfterMs - 1)
  await letArrive(callsTo)
  t.equal(callsTo(codes), 0)
  advance(1)
  await waitUntil(() => callsTo(codes) === 1)
  await taken(wechat, 'a')
  wechat.close()
  advance(fillAfterMs)
  await letArrive(callsTo)
  t.equal(callsTo(codes), 1, 'none is made when it was closed meanwhile')
})

await t.test('prefetched codes: one client gets a quarter of them in a minute and causes no further calls, and others get their share', async (t) => {
  const { wechat, callsTo, advance } = await openWechatHarness(t, { codeSupply: 8 })
  wechat.takeTicketId('greedy')
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 8)
  const first = await taken(wechat, 'greedy')
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 9)
  const second = await taken(wechat, 'greedy')
  t.not(first, second)
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 10)
  for (let i = 0; i < 1000; i++) t.equal(wechat.takeTicketId('greedy'), undefined)
  t.equal(callsTo(codes), 10)
  await taken(wechat, 'another')
  advance(60_001)
  await taken(wechat, 'greedy')
})

await t.test('prefetched codes: they are dropped after an hour', async (t) => {
  const { wechat, callsTo, advance } = await openWechatHarness(t, { codeSupply: 2 })
  wechat.takeTicketId('a')
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 2)
  await taken(wechat, 'a')
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 3)
  advance(3_600_001)
  t.equal(wechat.takeTicketId('b'), undefined)
})

await t.test('prefetched codes: a failure costs one call and one line, and the pauses between tries grow', async (t) => {
  const { simulator, wechat, callsTo, lines, advance } = await openWechatHarness(t, { codeSupply: 4 })
  simulator.fail(codes, 'http-500')
  const triesWithin = async (ms: number): Promise<number> => {
    const before = callsTo(codes)
    for (let passed = 0; passed < ms; passed += 500) {
      wechat.takeTicketId(`client-${passed}`)
      await letArrive(callsTo)
      advance(500)
    }
    return callsTo(codes) - before
  }
  t.ok(await triesWithin(60_000) <= 8)
  t.equal(lines.filter((line) => line.includes('HTTP status 500')).length, 1)
})

await t.test('prefetched codes: none is made when they are switched off or closed', async (t) => {
  const { wechat, instance, callsTo } = await openWechatHarness(t)
  const closed = instance({ codeSupply: 4 })
  closed.close()
  for (const one of [wechat, closed]) t.equal(one.takeTicketId('a'), undefined)
  await wechat.codeFor('ticket-1')
  t.equal(callsTo(codes), 1)
})

await t.test('prefetched codes: a ticket with one still has both its calls for other instances', async (t) => {
  const { wechat, instance, callsTo, advance } = await openWechatHarness(t, { codeSupply: 1 })
  const [second, third, fourth] = [1, 2, 3].map(() => instance({ codeSupply: 0 })) as [Wechat, Wechat, Wechat] // as many as numbers
  wechat.takeTicketId('a')
  advance(fillAfterMs)
  const id = await taken(wechat, 'a')
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) >= 2)
  const before = callsTo(codes)
  for (const one of [second, third]) t.equal((await one.codeFor(id)).type, 'image/jpeg')
  t.hasStrict(await rejectionOf(fourth.codeFor(id)), { code: 'wechat-unavailable', retryAfterSeconds: 10 })
  t.equal(callsTo(codes), before + 2)
})

await t.test('prefetched codes: an id goes to the next visitor, without a call and without using a share, when its ticket was refused', async (t) => {
  const { wechat, callsTo, advance } = await openWechatHarness(t, { codeSupply: 4 })
  wechat.takeTicketId('a')
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 4)
  for (let i = 0; i < 20; i++) {
    const both = [await reserved(wechat, 'a'), await reserved(wechat, 'b')] as const
    t.not(both[0].id, both[1].id)
    for (const { putBack } of both) putBack()
  }
  await letArrive(callsTo)
  t.equal(callsTo(codes), 4)
  const { id, putBack } = await reserved(wechat, 'a')
  putBack()
  t.equal(await taken(wechat, 'b'), id)
  advance(fillAfterMs)
  await waitUntil(() => callsTo(codes) === 5)
  const late = await reserved(wechat, 'c')
  advance(3_600_001)
  late.putBack()
  t.equal(wechat.takeTicketId('d'), undefined, 'one that is too old by then is dropped')
})
