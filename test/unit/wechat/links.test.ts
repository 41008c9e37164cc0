import t from 'tap'
import { request } from 'undici'
import { createFakeClock } from '../../support/fake-clock.ts'
import { everythingShown, rejectionOf, openWechatHarness } from '../../support/wechat-harness.ts'

const ticketId = 'AbCdEfGhIjKlMnOpQrStUv'
/** Of a ticket that is made when the harness's clock starts. */
const endsAt = createFakeClock().now() + 180_000

for (const envVersion of ['release', 'trial', 'develop'] as const) {
  await t.test(`linkFor: resolves with WeChat's link to the login page when the version is ${envVersion}`, async (t) => {
    const { simulator, wechat } = await openWechatHarness(t, { envVersion })
    simulator.fail('generate_urllink', { json: { errcode: 0, errmsg: 'ok', url_link: 'https://wxaurl.cn/AbCdEfGh1' } })
    t.equal(await wechat.linkFor(ticketId, 1_800_000_000_001), 'https://wxaurl.cn/AbCdEfGh1')
    const call = simulator.calls.at(-1)
    t.equal(call?.endpoint, 'generate_urllink')
    t.strictSame(Object.keys(call?.query ?? {}), ['access_token'])
    t.strictSame(JSON.parse(call?.body ?? ''), {
      path: 'pages/login/login',
      query: `scene=${ticketId}`,
      env_version: envVersion,
      expire_type: 0,
      expire_time: 1_800_000_121,
    })
  })
}

await t.test('linkFor: the link works until two minutes after the ticket has ended', async (t) => {
  const { wechat, advance } = await openWechatHarness(t)
  const link = await wechat.linkFor(ticketId, endsAt)
  const page = async () => {
    const { statusCode, body } = await request(link)
    return [statusCode, /pages.*$/m.exec(await body.text())?.[0]]
  }
  advance(180_000 + 119_000)
  t.strictSame(await page(), [200, `pages/login/login?scene=${ticketId}`])
  advance(1000)
  t.strictSame(await page(), [404, undefined])
})

await t.test('linkFor: WeChat accepts the expiry when the ticket is about to end', async (t) => {
  const { wechat, lines } = await openWechatHarness(t)
  t.match(await wechat.linkFor(ticketId, endsAt - 180_000), /^http:/)
  t.strictSame(lines, [])
})

await t.test('linkFor: WeChat is called once when fifty callers want the same link, and again for another', async (t) => {
  const { wechat, callsTo, advance } = await openWechatHarness(t, { ticketTtlMs: 1000 })
  const links = await Promise.all(Array.from({ length: 50 }, () => wechat.linkFor(ticketId, endsAt)))
  t.equal(callsTo('generate_urllink'), 1)
  t.equal(new Set(links).size, 1)
  t.equal(await wechat.linkFor(ticketId, endsAt), links[0], 'from the cache')
  t.equal(callsTo('generate_urllink'), 1)
  t.not(await wechat.linkFor('another-ticket', endsAt), links[0])
  t.equal(callsTo('generate_urllink'), 2)
  advance(1000)
  t.not(await wechat.linkFor(ticketId, endsAt), links[0], 'the cached one has expired')
})

await t.test('linkFor: a ticket has a code and a link at the same time', async (t) => {
  const { wechat, callsTo } = await openWechatHarness(t)
  const [code, link] = await Promise.all([wechat.codeFor(ticketId), wechat.linkFor(ticketId, endsAt)])
  t.equal(code.type, 'image/jpeg')
  t.type(link, 'string')
  t.strictSame([await wechat.codeFor(ticketId), await wechat.linkFor(ticketId, endsAt)], [code, link])
  t.strictSame([callsTo('getwxacodeunlimit'), callsTo('generate_urllink')], [1, 1])
})

await t.test('linkFor: WeChat is called again when the cache was closed', async (t) => {
  const { wechat, callsTo } = await openWechatHarness(t)
  await wechat.linkFor(ticketId, endsAt)
  wechat.close()
  await wechat.linkFor(ticketId, endsAt)
  t.equal(callsTo('generate_urllink'), 2)
})

await t.test('linkFor: the call is repeated with a new token when something else has forced a refresh', async (t) => {
  const { simulator, wechat, callsTo, lines } = await openWechatHarness(t)
  await wechat.linkFor(ticketId, endsAt)
  simulator.revokeToken()
  t.type(await wechat.linkFor('another-ticket', endsAt), 'string')
  t.strictSame([callsTo('stable_token'), callsTo('generate_urllink')], [2, 3])
  t.strictSame(lines, [])
})

await t.test('linkFor: the log says to switch links off when the account is an individual\'s, and codes still work', async (t) => {
  const { simulator, wechat, lines, callsTo } = await openWechatHarness(t)
  simulator.settings.owner = 'individual'
  t.hasStrict(await rejectionOf(wechat.linkFor(ticketId, endsAt)), { code: 'wechat-unavailable', retryAfterSeconds: 600 })
  await t.rejects(wechat.linkFor('another-ticket', endsAt), { code: 'wechat-unavailable' })
  t.equal(callsTo('generate_urllink'), 1, 'WeChat is not called for a while')
  t.equal(lines.length, 1)
  t.match(lines[0], /^error: .*an individual.*set WECHAT_URL_LINK to off/)
  t.equal((await wechat.codeFor(ticketId)).type, 'image/jpeg')
})

await t.test('linkFor: WeChat is not called for a second when its limit per second was reached', async (t) => {
  const { simulator, wechat, callsTo, advance } = await openWechatHarness(t)
  simulator.settings.linksPerSecond = 1
  await wechat.linkFor('ticket-1', endsAt)
  t.hasStrict(await rejectionOf(wechat.linkFor('ticket-2', endsAt)), { code: 'wechat-unavailable', retryAfterSeconds: 1 })
  advance(999)
  await t.rejects(wechat.linkFor('ticket-2', endsAt), { code: 'wechat-unavailable' })
  t.equal(callsTo('generate_urllink'), 2)
  advance(1)
  t.type(await wechat.linkFor('ticket-2', endsAt), 'string')
})

const wrongLinks: Record<string, unknown> = {
  nothing: undefined,
  null: null,
  'an empty text': '',
  'a number': 1,
  'a list of links': ['https://wxaurl.cn/AbCdEfGh1'],
  'no URL': 'wxaurl.cn/AbCdEfGh1',
  'a path': '/login',
  'a path to another host': '//evil.example/',
  'a script': 'javascript:alert(1)//https://wxaurl.cn/',
  data: 'data:text/html,x',
  'a scheme of WeChat\'s': 'weixin://dl/business/?t=AbCdEfGh1',
  'plain http': 'http://wxaurl.cn/AbCdEfGh1',
  'plain http on another port of this machine': 'http://127.0.0.1:1/link/x',
  'too long': `https://wxaurl.cn/${'a'.repeat(2048)}`,
}

for (const [what, link] of Object.entries(wrongLinks)) {
  await t.test(`linkFor: rejects when WeChat's link is ${what}`, async (t) => {
    const { simulator, wechat, lines } = await openWechatHarness(t)
    simulator.fail('generate_urllink', { json: { errcode: 0, errmsg: 'ok', url_link: link } }, 1)
    const error = await rejectionOf(wechat.linkFor(ticketId, endsAt))
    t.hasStrict(error, { code: 'wechat-unavailable', retryAfterSeconds: 5 })
    t.equal(lines.length, 1)
    t.match(lines[0], /^warn: .*the answer lacks what was asked for/)
    if (typeof link === 'string' && link !== '') t.notOk(everythingShown(lines, error).includes(link))
    t.type(await wechat.linkFor(ticketId, endsAt), 'string', 'nothing was cached')
  })
}

await t.test('linkFor: characters that a header can\'t have are escaped', async (t) => {
  const { simulator, wechat } = await openWechatHarness(t)
  simulator.fail('generate_urllink', { json: { errcode: 0, errmsg: 'ok', url_link: ' https://wxaurl.cn/微信\r\nSet-Cookie: a=b' } })
  t.match(await wechat.linkFor(ticketId, endsAt), /^https:\/\/wxaurl\.cn\/%E5%BE%AE%E4%BF%A1Set-Cookie:%20a=b$/)
})

await t.test('linkFor: rejects without a call when the ticket id is malformed', async (t) => {
  const { simulator, wechat } = await openWechatHarness(t)
  for (const odd of ['', 'a b', 'a&b=c', 'a'.repeat(33), '%20']) await t.rejects(wechat.linkFor(odd, endsAt), RangeError)
  t.strictSame(simulator.calls, [])
})
