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
  const bench = await openWechatHarness(t)
  // Refused before the simulator draws the picture, which would only take time.
  bench.simulator.fail('getwxacodeunlimit', 61999)
  await Promise.allSettled(Array.from({ length: 50 }, (_, n) => bench.wechat.codeFor(`ticket-${n}`)))
  t.equal(bench.callsTo('stable_token'), 1)
  t.equal(bench.callsTo('getwxacodeunlimit'), 50)
  t.equal(new Set(tokensUsed(bench)).size, 1)
})

await t.test('WeChat token: the next one is fetched two minutes before the end, not sooner', async (t) => {
  const bench = await openWechatHarness(t)
  await bench.wechat.codeFor('ticket-1')
  bench.advance((7200 - 120) * 1000 - 1)
  await bench.wechat.codeFor('ticket-2')
  t.equal(bench.callsTo('stable_token'), 1)
  bench.advance(1)
  await bench.wechat.codeFor('ticket-3')
  t.equal(bench.callsTo('stable_token'), 2)
  const [first, second, third] = tokensUsed(bench)
  t.equal(first, second)
  t.not(second, third)
})

await t.test('WeChat token: another instance reads it from the store', async (t) => {
  const bench = await openWechatHarness(t)
  await bench.wechat.codeFor('ticket-1')
  await bench.instance().codeFor('ticket-1')
  t.equal(bench.callsTo('stable_token'), 1)
  t.equal(bench.callsTo('getwxacodeunlimit'), 2)
})

await t.test('WeChat token: another instance waits for the fetch under way when both need one at once', async (t) => {
  const bench = await openWechatHarness(t)
  const first = bench.wechat.codeFor('ticket-1')
  const second = bench.instance().codeFor('ticket-2')
  await first
  await bench.passWait(200)
  await second
  t.equal(bench.callsTo('stable_token'), 1)
})

await t.test('WeChat token: an instance fetches it when the one that claimed the fetch has died', async (t) => {
  const bench = await openWechatHarness(t)
  await bench.store.claim(`wechat-token-fetch:${bench.simulator.appid}`, 1, 60_000)
  const code = bench.wechat.codeFor('ticket-1')
  for (let reads = 0; reads < 5; reads++) await bench.passWait(200)
  await code
  t.equal(bench.callsTo('stable_token'), 1)
})

await t.test('WeChat token: a later call fetches again when the first fetch failed', async (t) => {
  const bench = await openWechatHarness(t)
  bench.simulator.fail('stable_token', 'html', 1)
  await t.rejects(bench.wechat.codeFor('ticket-1'), { code: 'wechat-unavailable' })
  await bench.wechat.codeFor('ticket-1')
  t.equal(bench.callsTo('stable_token'), 2)
})

await t.test('WeChat token: a new one is fetched and the call repeated once when something else has forced a refresh', async (t) => {
  const bench = await openWechatHarness(t)
  await bench.wechat.codeFor('ticket-1')
  bench.simulator.revokeToken()
  await bench.wechat.codeFor('ticket-2')
  t.strictSame(forced(bench), [false, false])
  t.equal(bench.callsTo('getwxacodeunlimit'), 3)
  t.strictSame(bench.lines, [])
})

await t.test('WeChat token: one is fetched when many calls are refused with the same one', async (t) => {
  const bench = await openWechatHarness(t)
  await bench.wechat.codeFor('ticket-1')
  bench.simulator.revokeToken()
  await Promise.all([2, 3, 4].map((n) => bench.wechat.codeFor(`ticket-${n}`)))
  t.strictSame(forced(bench), [false, false])
})

await t.test('WeChat token: an instance reads the one that another has fetched when its own was refused', async (t) => {
  const bench = await openWechatHarness(t)
  const other = bench.instance()
  await bench.wechat.codeFor('ticket-1')
  await other.codeFor('ticket-2')
  bench.simulator.revokeToken()
  await bench.wechat.codeFor('ticket-3')
  await other.codeFor('ticket-4')
  t.strictSame(forced(bench), [false, false])
})

await t.test('WeChat token: a refresh is forced when WeChat returns the refused one again', async (t) => {
  const bench = await openWechatHarness(t)
  await bench.wechat.codeFor('ticket-1')
  bench.simulator.revokeToken('handed-out-still')
  await bench.wechat.codeFor('ticket-2')
  t.strictSame(forced(bench), [false, false, true])
  t.equal(bench.callsTo('getwxacodeunlimit'), 3)
})

await t.test('WeChat token: no refresh is forced when the last was less than 40 s ago', async (t) => {
  const bench = await openWechatHarness(t)
  await bench.wechat.codeFor('ticket-1')
  bench.simulator.revokeToken('handed-out-still')
  await bench.wechat.codeFor('ticket-2')
  bench.advance(39_999)
  bench.simulator.revokeToken('handed-out-still')
  const error = await rejectionOf(bench.wechat.codeFor('ticket-3'))
  t.hasStrict(error, { code: 'wechat-unavailable', retryAfterSeconds: 40 })
  t.strictSame(forced(bench), [false, false, true, false])
  t.equal(bench.lines.length, 1)
  t.match(bench.lines[0], /^error: WeChat returns an access token that it refuses/)
  t.notMatch(everythingShown(bench.lines, error), /97_/)

  bench.advance(1)
  await bench.wechat.codeFor('ticket-3')
  t.strictSame(forced(bench).at(-1), true)
})

await t.test('WeChat token: no refresh is forced when there were twenty within a day', async (t) => {
  const bench = await openWechatHarness(t)
  await bench.wechat.codeFor('ticket-0')
  bench.simulator.fail('getwxacodeunlimit', 40001)
  for (let n = 0; n < 21; n++) {
    await t.rejects(bench.wechat.codeFor('ticket-1'), { code: 'wechat-unavailable' })
    bench.advance(40_000)
  }
  t.equal(forced(bench).filter(Boolean).length, 20)
  bench.simulator.clearFaults()
  bench.advance(24 * 60 * 60 * 1000)
  await bench.wechat.codeFor('ticket-1')
})

await t.test('WeChat token: the one in memory is used when the store is unavailable', async (t) => {
  const bench = await openWechatHarness(t)
  const store = { ...bench.store }
  const instance = bench.instance({ store })
  await instance.codeFor('ticket-1')
  Object.assign(store, { read: storeFault, claim: storeFault, write: storeFault })
  await instance.codeFor('ticket-2')
  t.equal(bench.callsTo('getwxacodeunlimit'), 2)
})

await t.test('WeChat token: rejects with store-unavailable, without a call, when the store is unavailable and none is in memory', async (t) => {
  const bench = await openWechatHarness(t)
  for (const broken of [{ read: storeFault }, { claim: storeFault }]) {
    const error = await rejectionOf(bench.instance({ store: { ...bench.store, ...broken } }).codeFor('ticket-1'))
    t.hasStrict(error, { code: 'store-unavailable', retryAfterSeconds: 2 })
  }
  t.equal(bench.callsTo('stable_token'), 0)
})

await t.test('WeChat token: it is used, and a warning logged, when it can\'t be stored', async (t) => {
  const bench = await openWechatHarness(t)
  const instance = bench.instance({ store: { ...bench.store, write: storeFault, remove: storeFault } })
  await instance.codeFor('ticket-1')
  t.equal(bench.lines.length, 1)
  t.match(bench.lines[0], /^warn: The access token could not be stored/)
})

await t.test('WeChat token: a call under way is aborted when the service closes', async (t) => {
  const bench = await openWechatHarness(t)
  bench.simulator.fail('stable_token', 'hang')
  const rejection = rejectionOf(bench.wechat.codeFor('ticket-1'))
  await waitUntil(() => bench.callsTo('stable_token') === 1)
  bench.wechat.close()
  t.hasStrict(await rejection, { code: 'wechat-unavailable' })
})
