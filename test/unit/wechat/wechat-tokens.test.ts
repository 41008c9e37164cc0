import t from 'tap'
import { Problem } from '../../../src/errors.ts'
import { waitUntil } from '../../support/waiting.ts'
import { everythingShown, openWechatHarness, rejectionOf, type WechatHarness } from '../../support/wechat-harness.ts'

const tokensUsed = ({ simulator }: WechatHarness): Array<string | undefined> =>
  simulator.calls.filter((call) => call.endpoint === 'getwxacodeunlimit').map((call) => call.query.access_token)

const forced = ({ simulator }: WechatHarness): boolean[] =>
  simulator.calls.filter((call) => call.endpoint === 'stable_token').map((call) => JSON.parse(call.body).force_refresh)

const storeFault = async (): Promise<never> => { throw new Problem('store-unavailable', { retryAfterSeconds: 2 }) }

await t.test('WeChat token: one is fetched when fifty callers need one at once', async (t) => {
  const harness = await openWechatHarness(t)
  // Refused before the simulator draws the picture, which would only take time.
  harness.simulator.fail('getwxacodeunlimit', 61999)
  await Promise.allSettled(Array.from({ length: 50 }, (_, n) => harness.wechat.codeFor(`ticket-${n}`)))
  t.equal(harness.callsTo('stable_token'), 1)
  t.equal(harness.callsTo('getwxacodeunlimit'), 50)
  t.equal(new Set(tokensUsed(harness)).size, 1)
})

await t.test('WeChat token: the next one is fetched two minutes before the end, not sooner', async (t) => {
  const harness = await openWechatHarness(t)
  await harness.wechat.codeFor('ticket-1')
  harness.advance((7200 - 120) * 1000 - 1)
  await harness.wechat.codeFor('ticket-2')
  t.equal(harness.callsTo('stable_token'), 1)
  harness.advance(1)
  await harness.wechat.codeFor('ticket-3')
  t.equal(harness.callsTo('stable_token'), 2)
  const [first, second, third] = tokensUsed(harness)
  t.equal(first, second)
  t.not(second, third)
})

await t.test('WeChat token: another instance reads it from the store', async (t) => {
  const harness = await openWechatHarness(t)
  await harness.wechat.codeFor('ticket-1')
  await harness.instance().codeFor('ticket-1')
  t.equal(harness.callsTo('stable_token'), 1)
  t.equal(harness.callsTo('getwxacodeunlimit'), 2)
})

await t.test('WeChat token: another instance waits for the fetch under way when both need one at once', async (t) => {
  const harness = await openWechatHarness(t)
  const first = harness.wechat.codeFor('ticket-1')
  const second = harness.instance().codeFor('ticket-2')
  await first
  await harness.passWait(200)
  await second
  t.equal(harness.callsTo('stable_token'), 1)
})

await t.test('WeChat token: an instance fetches it when the one that claimed the fetch has died', async (t) => {
  const harness = await openWechatHarness(t)
  await harness.store.claim(`wechat-token-fetch:${harness.simulator.appid}`, 1, 60_000)
  const code = harness.wechat.codeFor('ticket-1')
  for (let reads = 0; reads < 5; reads++) await harness.passWait(200)
  await code
  t.equal(harness.callsTo('stable_token'), 1)
})

await t.test('WeChat token: a later call fetches again when the first fetch failed', async (t) => {
  const harness = await openWechatHarness(t)
  harness.simulator.fail('stable_token', 'html', 1)
  await t.rejects(harness.wechat.codeFor('ticket-1'), { code: 'wechat-unavailable' })
  await harness.wechat.codeFor('ticket-1')
  t.equal(harness.callsTo('stable_token'), 2)
})

await t.test('WeChat token: a new one is fetched and the call repeated once when something else has forced a refresh', async (t) => {
  const harness = await openWechatHarness(t)
  await harness.wechat.codeFor('ticket-1')
  harness.simulator.revokeToken()
  await harness.wechat.codeFor('ticket-2')
  t.strictSame(forced(harness), [false, false])
  t.equal(harness.callsTo('getwxacodeunlimit'), 3)
  t.strictSame(harness.lines, [])
})

await t.test('WeChat token: one is fetched when many calls are refused with the same one', async (t) => {
  const harness = await openWechatHarness(t)
  await harness.wechat.codeFor('ticket-1')
  harness.simulator.revokeToken()
  await Promise.all([2, 3, 4].map((n) => harness.wechat.codeFor(`ticket-${n}`)))
  t.strictSame(forced(harness), [false, false])
})

await t.test('WeChat token: an instance reads the one that another has fetched when its own was refused', async (t) => {
  const harness = await openWechatHarness(t)
  const other = harness.instance()
  await harness.wechat.codeFor('ticket-1')
  await other.codeFor('ticket-2')
  harness.simulator.revokeToken()
  await harness.wechat.codeFor('ticket-3')
  await other.codeFor('ticket-4')
  t.strictSame(forced(harness), [false, false])
})

await t.test('WeChat token: a refresh is forced when WeChat returns the refused one again', async (t) => {
  const harness = await openWechatHarness(t)
  await harness.wechat.codeFor('ticket-1')
  harness.simulator.revokeToken('still-returned')
  await harness.wechat.codeFor('ticket-2')
  t.strictSame(forced(harness), [false, false, true])
  t.equal(harness.callsTo('getwxacodeunlimit'), 3)
})

await t.test('WeChat token: no refresh is forced when the last was less than 40 s ago', async (t) => {
  const harness = await openWechatHarness(t)
  await harness.wechat.codeFor('ticket-1')
  harness.simulator.revokeToken('still-returned')
  await harness.wechat.codeFor('ticket-2')
  harness.advance(39_999)
  harness.simulator.revokeToken('still-returned')
  const error = await rejectionOf(harness.wechat.codeFor('ticket-3'))
  t.hasStrict(error, { code: 'wechat-unavailable', retryAfterSeconds: 40 })
  t.strictSame(forced(harness), [false, false, true, false])
  t.equal(harness.lines.length, 1)
  t.match(harness.lines[0], /^error: WeChat returns an access token that it refuses/)
  t.notMatch(everythingShown(harness.lines, error), /97_/)

  harness.advance(1)
  await harness.wechat.codeFor('ticket-3')
  t.strictSame(forced(harness).at(-1), true)
})

await t.test('WeChat token: no refresh is forced when there were twenty within a day', async (t) => {
  const harness = await openWechatHarness(t)
  await harness.wechat.codeFor('ticket-0')
  harness.simulator.fail('getwxacodeunlimit', 40001)
  for (let n = 0; n < 21; n++) {
    await t.rejects(harness.wechat.codeFor('ticket-1'), { code: 'wechat-unavailable' })
    harness.advance(40_000)
  }
  t.equal(forced(harness).filter(Boolean).length, 20)
  harness.simulator.clearFaults()
  harness.advance(24 * 60 * 60 * 1000)
  await harness.wechat.codeFor('ticket-1')
})

await t.test('WeChat token: the one in memory is used when the store is unavailable', async (t) => {
  const harness = await openWechatHarness(t)
  const store = { ...harness.store }
  const instance = harness.instance({ store })
  await instance.codeFor('ticket-1')
  Object.assign(store, { read: storeFault, claim: storeFault, write: storeFault })
  await instance.codeFor('ticket-2')
  t.equal(harness.callsTo('getwxacodeunlimit'), 2)
})

await t.test('WeChat token: rejects with store-unavailable, without a call, when the store is unavailable and none is in memory', async (t) => {
  const harness = await openWechatHarness(t)
  for (const broken of [{ read: storeFault }, { claim: storeFault }]) {
    const error = await rejectionOf(harness.instance({ store: { ...harness.store, ...broken } }).codeFor('ticket-1'))
    t.hasStrict(error, { code: 'store-unavailable', retryAfterSeconds: 2 })
  }
  t.equal(harness.callsTo('stable_token'), 0)
})

await t.test('WeChat token: it is used, and a warning logged, when it can\'t be stored', async (t) => {
  const harness = await openWechatHarness(t)
  const instance = harness.instance({ store: { ...harness.store, write: storeFault, remove: storeFault } })
  await instance.codeFor('ticket-1')
  t.equal(harness.lines.length, 1)
  t.match(harness.lines[0], /^warn: The access token could not be stored/)
})

await t.test('WeChat token: a call under way is aborted when the service closes', async (t) => {
  const harness = await openWechatHarness(t)
  harness.simulator.fail('stable_token', 'hang')
  const rejection = rejectionOf(harness.wechat.codeFor('ticket-1'))
  await waitUntil(() => harness.callsTo('stable_token') === 1)
  harness.wechat.close()
  t.hasStrict(await rejection, { code: 'wechat-unavailable' })
})
