import t from 'tap'
import { waitUntil } from '../../support/waiting.ts'
import { openWechatHarness, rejectionOf } from '../../support/wechat-harness.ts'

await t.test('idsFor: resolves with the openid after one call when the js_code is valid', async (t) => {
  const { simulator, wechat, lines } = await openWechatHarness(t)
  const jsCode = simulator.jsCode('Ada')
  t.strictSame(await wechat.idsFor(jsCode), { openid: simulator.openidOf('Ada'), unionid: null })
  t.strictSame(simulator.calls.map(({ endpoint, query }) => ({ endpoint, query })), [{
    endpoint: 'jscode2session',
    query: { appid: simulator.appid, secret: simulator.secret, js_code: jsCode, grant_type: 'authorization_code' },
  }])
  t.strictSame(lines, [])
})

await t.test('idsFor: rejects with js-code-invalid when the js_code was used before', async (t) => {
  const { simulator, wechat } = await openWechatHarness(t)
  const jsCode = simulator.jsCode('Ada')
  await wechat.idsFor(jsCode)
  await t.rejects(wechat.idsFor(jsCode), { code: 'js-code-invalid', extra: { reason: 'used' } })
})

await t.test('idsFor: one of two calls resolves when both have the same js_code at the same time', async (t) => {
  const { simulator, wechat } = await openWechatHarness(t)
  const jsCode = simulator.jsCode('Ada')
  const outcomes = await Promise.allSettled([wechat.idsFor(jsCode), wechat.idsFor(jsCode)])
  t.strictSame(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
})

await t.test('idsFor: rejects with js-code-invalid when the js_code has expired', async (t) => {
  const { simulator, wechat, advance } = await openWechatHarness(t)
  const jsCode = simulator.jsCode('Ada')
  advance(300_000)
  await t.rejects(wechat.idsFor(jsCode), { code: 'js-code-invalid', extra: {} })
})

await t.test('idsFor: rejects with js-code-invalid without a call when the js_code is malformed', async (t) => {
  const { simulator, wechat } = await openWechatHarness(t)
  for (const odd of ['', 'a'.repeat(257), 'the code is a mock one', '0'.repeat(31) + '\n', '0'.repeat(31) + '\0', '微信'.repeat(16)]) {
    await t.rejects(wechat.idsFor(odd), { code: 'js-code-invalid' })
  }
  t.strictSame(simulator.calls, [])
})

await t.test('idsFor: the call is not repeated when WeChat is busy', async (t) => {
  const { simulator, wechat, callsTo } = await openWechatHarness(t)
  simulator.fail('jscode2session', -1, 1)
  await t.rejects(wechat.idsFor(simulator.jsCode('Ada')), { code: 'wechat-unavailable' })
  t.equal(callsTo('jscode2session'), 1)
  t.strictSame(await wechat.idsFor(simulator.jsCode('Ada')), { openid: simulator.openidOf('Ada'), unionid: null }, 'a new one works')
})

await t.test('idsFor: a new js_code works when the answer for the first was lost', async (t) => {
  const { simulator, wechat, callsTo, advance } = await openWechatHarness(t)
  simulator.fail('jscode2session', 'hang', 1)
  const lost = simulator.jsCode('Ada')
  const rejection = rejectionOf(wechat.idsFor(lost))
  await waitUntil(() => callsTo('jscode2session') === 1)
  advance(5_000)
  t.hasStrict(await rejection, { code: 'wechat-unavailable', retryAfterSeconds: 5 })
  t.equal(callsTo('jscode2session'), 1)
  await t.rejects(wechat.idsFor(lost), { code: 'js-code-invalid' })
  t.strictSame(await wechat.idsFor(simulator.jsCode('Ada')), { openid: simulator.openidOf('Ada'), unionid: null })
})

for (const fault of [40029, 40163, 40226] as const) {
  await t.test(`idsFor: phones log in at the same time again when WeChat refused one for its quota and then answered another with ${fault}`, async (t) => {
    const { simulator, wechat, advance, callsTo } = await openWechatHarness(t)
    for (let n = 0; n < 8; n++) await wechat.idsFor(simulator.jsCode(`person ${n}`))
    simulator.fail('jscode2session', 45009, 1)
    await t.rejects(wechat.idsFor(simulator.jsCode('Ada')), { code: 'wechat-unavailable', retryAfterSeconds: 1 })
    advance(1000)
    simulator.fail('jscode2session', fault, 1)
    await t.rejects(wechat.idsFor('made-up'), { code: fault === 40226 ? 'wechat-user-blocked' : 'js-code-invalid' })
    const people = ['Ada', 'Bo', 'Cai', 'Dan']
    t.strictSame(await Promise.all(people.map((person) => wechat.idsFor(simulator.jsCode(person)))), people.map((person) => ({ openid: simulator.openidOf(person), unionid: null })))
    t.equal(callsTo('jscode2session'), 14)
  })
}

const warningOf = ({ lines }: { readonly lines: readonly string[] }): string[] => lines.filter((line) => line.includes('WECHAT_APPID'))

await t.test('idsFor: the log says once, and then once an hour, what to compare when no js_code was valid since the start', async (t) => {
  const harness = await openWechatHarness(t)
  const { simulator, wechat, lines, advance } = harness
  const refuse = async (): Promise<void> => { await t.rejects(wechat.idsFor('from-another-mini-program'), { code: 'js-code-invalid' }) }
  await refuse()
  await refuse()
  t.strictSame(lines, [], 'a phone that tries a second js_code says nothing yet')
  await refuse()
  t.equal(lines.length, 1)
  t.match(lines[0], /^warn: None of the js_codes since the start was valid\..*WECHAT_APPID.*project\.config\.json.*touristappid.*\{"code":"js-codes-refused","endpoint":"jscode2session","appid":"wx0123456789abcdef","refused":3\}$/)
  for (let i = 0; i < 100; i++) await refuse()
  advance(3_599_000)
  await refuse()
  t.equal(lines.length, 1)
  advance(1_000)
  await refuse()
  t.equal(lines.length, 2)
  t.match(lines[1], /"refused":105/)
  t.notMatch(lines.join(), 'from-another')
  await wechat.idsFor(simulator.jsCode('Ada'))
  advance(3_600_000)
  for (let i = 0; i < 10; i++) await refuse()
  t.equal(warningOf(harness).length, 2, 'once one was valid, the others are only made up or old')
})

await t.test('idsFor: the log says what to compare when developers\' tools with their test account give their mock js_code', async (t) => {
  const harness = await openWechatHarness(t)
  for (let i = 0; i < 3; i++) await t.rejects(harness.wechat.idsFor('the code is a mock one'), { code: 'js-code-invalid' })
  t.equal(warningOf(harness).length, 1)
})

await t.test('idsFor: the log says nothing of the AppID when made-up js_codes come after a valid one, or WeChat knew the person or the js_code', async (t) => {
  for (const first of ['valid', 40226, 40163] as const) {
    const harness = await openWechatHarness(t)
    const { simulator, wechat } = harness
    if (first === 'valid') await wechat.idsFor(simulator.jsCode('Ada'))
    else {
      simulator.fail('jscode2session', first, 1)
      await t.rejects(wechat.idsFor(simulator.jsCode('Ada')))
    }
    for (let i = 0; i < 10; i++) await t.rejects(wechat.idsFor('made-up'), { code: 'js-code-invalid' })
    t.strictSame(warningOf(harness), [], String(first))
  }
})

await t.test('idsFor: resolves with the unionid, too, when WeChat gives one', async (t) => {
  const { simulator, wechat } = await openWechatHarness(t)
  simulator.settings.hasUnionids = true
  t.strictSame(await wechat.idsFor(simulator.jsCode('Ada')), { openid: simulator.openidOf('Ada'), unionid: simulator.unionidOf('Ada') })
})
