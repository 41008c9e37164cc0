/** The simulator over real HTTP, against what is known of WeChat: it has to be at least as strict. */
import t, { type Test } from 'tap'
import { request } from 'undici'
import { startWechatSimulator, type WechatSimulator } from '../../../src/demo/wechat-simulator.ts'
import { createFakeClock, type FakeClock } from '../../support/fake-clock.ts'

interface Bench {
  readonly simulator: WechatSimulator
  readonly clock: FakeClock
  get (path: string, query?: Record<string, string>): Promise<Reply>
  post (path: string, body: unknown, query?: Record<string, string>): Promise<Reply>
  /** The answer to a call of stable_token. */
  stable (force?: boolean): Promise<Record<string, unknown>>
  /** The errcode of getwxacodeunlimit with a valid token; 0 for an image. */
  codeErrcode (body: unknown): Promise<unknown>
  /** The answer of generate_urllink with a valid token. */
  link (body: unknown): Promise<Record<string, unknown>>
}

interface Reply {
  readonly status: number
  readonly type: unknown
  readonly bytes: Buffer
  readonly json: Record<string, unknown>
}

const setUp = async (t: Test): Promise<Bench> => {
  const clock = createFakeClock()
  const simulator = await startWechatSimulator({ clock })
  t.teardown(() => simulator.close())
  const send = async (method: 'GET' | 'POST', path: string, query: Record<string, string>, body: string | null): Promise<Reply> => {
    const answer = await request(`${simulator.url}${path}`, { method, query, body, headers: body === null ? {} : { 'content-type': 'application/json' } })
    const bytes = Buffer.from(await answer.body.arrayBuffer())
    const json = bytes.toString().startsWith('{') ? JSON.parse(bytes.toString()) : {}
    return { status: answer.statusCode, type: answer.headers['content-type'], bytes, json }
  }
  const { appid, secret } = simulator
  const bench: Bench = {
    simulator,
    clock,
    get: (path, query = {}) => send('GET', path, query, null),
    post: (path, body, query = {}) => send('POST', path, query, typeof body === 'string' ? body : JSON.stringify(body)),
    stable: async (force = false) =>
      (await bench.post('/cgi-bin/stable_token', { grant_type: 'client_credential', appid, secret, force_refresh: force })).json,
    codeErrcode: async (body) => {
      const { access_token: token } = await bench.stable()
      const answer = await bench.post('/wxa/getwxacodeunlimit', body, { access_token: String(token) })
      return answer.json.errcode ?? 0
    },
    link: async (body) => {
      const { access_token: token } = await bench.stable()
      return (await bench.post('/wxa/generate_urllink', body, { access_token: String(token) })).json
    },
  }
  return bench
}

await t.test('stable_token: the same token with its remaining lifetime is returned when called again', async (t) => {
  const { stable, clock } = await setUp(t)
  const first = await stable()
  t.strictSame(Object.keys(first), ['access_token', 'expires_in'])
  t.equal(first.expires_in, 7200)
  clock.advance(6_855_000)
  t.strictSame(await stable(), { access_token: first.access_token, expires_in: 345 })
})

await t.test('stable_token: a new token is returned, and the old one works until it expires, when five minutes are left', async (t) => {
  const { stable, clock, post } = await setUp(t)
  const useErrcode = async (token: unknown) =>
    (await post('/wxa/getwxacodeunlimit', {}, { access_token: String(token) })).json.errcode
  const old = await stable()
  clock.advance(6_900_000)
  const next = await stable()
  t.not(next.access_token, old.access_token)
  t.equal(next.expires_in, 7200)
  t.equal(await useErrcode(old.access_token), 40169, 'the token is valid, the scene is missing')
  t.equal(await useErrcode(next.access_token), 40169)
  clock.advance(300_000)
  t.equal(await useErrcode(old.access_token), 42001)
  t.equal(await useErrcode(next.access_token), 40169)
})

await t.test('stable_token: the old token is revoked at once when a refresh is forced, but not twice within 30 s or 21 times a day', async (t) => {
  const { stable, clock, post } = await setUp(t)
  const old = await stable()
  const forced = await stable(true)
  t.not(forced.access_token, old.access_token)
  t.equal((await post('/wxa/getwxacodeunlimit', {}, { access_token: String(old.access_token) })).json.errcode, 40001)
  clock.advance(29_999)
  t.equal((await stable(true)).access_token, forced.access_token)
  clock.advance(1)
  for (let n = 2; n <= 20; n++) {
    t.ok((await stable(true)).access_token)
    clock.advance(30_000)
  }
  t.equal((await stable(true)).errcode, 45009)
  clock.advance(86_400_000)
  t.ok((await stable(true)).access_token)
})

await t.test('stable_token: it is refused with HTTP 200 and a random rid when the call is wrong', async (t) => {
  const { simulator: { appid, secret }, post, get } = await setUp(t)
  const good = { grant_type: 'client_credential', appid, secret }
  const cases: Array<[unknown, number]> = [
    [{ ...good, grant_type: 'x' }, 40002], [{ ...good, appid: '' }, 41002], [{ ...good, appid: appid.toUpperCase() }, 40013],
    [{ ...good, secret: '' }, 41004], [{ ...good, secret: 'x' }, 40125], [{ ...good, force_refresh: 'true' }, 47001],
    ['{', 47001], ['[]', 47001], ['', 47001],
  ]
  for (const [body, errcode] of cases) {
    const { status, json } = await post('/cgi-bin/stable_token', body)
    t.strictSame([status, json.errcode], [200, errcode])
    t.match(json.errmsg, / rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/)
  }
  t.equal((await get('/cgi-bin/stable_token', { ...good })).json.errcode, 43002)
  const twice = [await post('/cgi-bin/stable_token', '{'), await post('/cgi-bin/stable_token', '{')]
  t.not(twice[0]?.json.errmsg, twice[1]?.json.errmsg)
})

await t.test('token: a new token is returned each time, and the previous one works for five more minutes, when it is called twice beside stable_token', async (t) => {
  const { simulator: { appid, secret }, stable, get, post, clock } = await setUp(t)
  const legacy = async () => (await get('/cgi-bin/token', { grant_type: 'client_credential', appid, secret })).json.access_token
  const useErrcode = async (token: unknown) => (await post('/wxa/getwxacodeunlimit', {}, { access_token: String(token) })).json.errcode
  const { access_token: stableToken } = await stable()
  const first = await legacy()
  const second = await legacy()
  t.not(first, second)
  clock.advance(299_999)
  t.equal(await useErrcode(first), 40169)
  clock.advance(1)
  t.equal(await useErrcode(first), 42001)
  t.equal(await useErrcode(second), 40169)
  t.equal(await useErrcode(stableToken), 40169)
})

await t.test('getwxacodeunlimit: it is refused when the token is missing, malformed or unknown', async (t) => {
  const { post } = await setUp(t)
  const errcode = async (query: Record<string, string>) => (await post('/wxa/getwxacodeunlimit', { scene: 'a' }, query)).json.errcode
  t.equal(await errcode({}), 41001)
  t.equal(await errcode({ access_token: 'x' }), 40014)
  t.equal(await errcode({ access_token: `97_${'x'.repeat(128)}` }), 40001)
})

await t.test("getwxacodeunlimit: it is refused, in WeChat's order of checks, when the body is wrong", async (t) => {
  const { codeErrcode, simulator } = await setUp(t)
  const cases: Array<[unknown, number]> = [
    ['scene=a', 47001], ['"a"', 47001], ['null', 47001],
    [{ scene: 1 }, 47001], [{ scene: 'a', check_path: 1 }, 47001], [{ scene: 'a', check_path: 'false' }, 47001],
    [{ scene: 'a', width: '430' }, 47001], [{ scene: 'a', page: null }, 47001], [{ scene: 'a', access_token: 'x' }, 47001],
    [{ scene: '', check_path: 1 }, 47001],
    [{}, 40169], [{ scene: '' }, 40169], [{ scene: 'a'.repeat(33) }, 40169], [{ scene: '%'.repeat(33) }, 40169],
    [{ scene: 'a%20b' }, 40129], [{ scene: 'a b' }, 40129], [{ scene: '微信' }, 40129], [{ scene: '%', env_version: 'x' }, 40129],
    [{ scene: 'a', page: 'pages/x?scancode_time=1' }, 85096],
    [{ scene: 'a', env_version: 'beta' }, 40097], [{ scene: 'a', width: 279 }, 40097], [{ scene: 'a', width: 1281 }, 40097],
    [{ scene: 'a', width: 430.5 }, 40097], [{ scene: 'a', env_version: 'beta', page: '/x' }, 40097],
    [{ scene: 'a', page: '/pages/login/login' }, 41030], [{ scene: 'a', page: 'pages/login/login?a=1', check_path: false }, 41030],
    [{ scene: 'a', page: 'pages/unknown' }, 41030],
  ]
  for (const [body, errcode] of cases) t.equal(await codeErrcode(body), errcode, JSON.stringify(body))

  t.equal(await codeErrcode({ scene: "!#$&'()*+,/:;=?@-._~09AZaz", width: 280 }), 0, 'each special character is allowed')
  t.equal(await codeErrcode({ scene: 'a'.repeat(32), page: 'pages/unknown', check_path: false, width: 280 }), 0)
  simulator.settings.pages = []
  t.equal(await codeErrcode({ scene: 'a' }), 41030)
})

await t.test('getwxacodeunlimit: it is refused with 45009 when there were too many calls within a minute', async (t) => {
  const { codeErrcode, simulator, clock } = await setUp(t)
  simulator.settings.codesPerMinute = 1
  t.equal(await codeErrcode({ scene: 'a', width: 280 }), 0)
  t.equal(await codeErrcode({ scene: 'a', width: 280 }), 45009)
  clock.advance(60_000)
  t.equal(await codeErrcode({ scene: 'a', width: 280 }), 0)
})

await t.test('generate_urllink: a new link, whose page says what it opens until it expires, is returned when called', async (t) => {
  const { link, simulator, clock, get } = await setUp(t)
  const expireTime = Math.ceil(clock.now() / 1000) + 300
  const answer = await link({ path: 'pages/login/login', query: 'scene=abc', env_version: 'release', expire_type: 0, expire_time: expireTime })
  t.strictSame([answer.errcode, answer.errmsg], [0, 'ok'])
  const { origin, pathname } = new URL(String(answer.url_link))
  t.equal(origin, simulator.url)
  const page = await get(pathname, { cq: 'appended' })
  t.strictSame([page.status, page.type, page.bytes.toString()], [200, 'text/plain; charset=utf-8', 'On a phone this opens WeChat, with pages/login/login?scene=abc\n'])
  t.not((await link({ expire_time: expireTime })).url_link, answer.url_link)
  clock.advance(expireTime * 1000 - clock.now())
  t.equal((await get(pathname)).status, 404)
  t.ok((await link({ expire_type: 1, expire_interval: 30 })).url_link)
  t.equal((await get(pathname)).status, 404, 'after the clean-up, too')
})

await t.test('generate_urllink: it is refused when the token is missing, malformed or unknown, or the account an individual\'s', async (t) => {
  const { post, link, simulator } = await setUp(t)
  const errcode = async (query: Record<string, string>) => (await post('/wxa/generate_urllink', '{', query)).json.errcode
  t.equal(await errcode({}), 41001)
  t.equal(await errcode({ access_token: 'x' }), 40014)
  t.equal(await errcode({ access_token: `97_${'x'.repeat(128)}` }), 40001)
  simulator.settings.owner = 'individual'
  t.equal((await link({})).errcode, 40002)
})

await t.test("generate_urllink: it is refused, in WeChat's order of checks, when the body is wrong", async (t) => {
  const { link, simulator, clock } = await setUp(t)
  const now = Math.ceil(clock.now() / 1000)
  const good = { path: 'pages/login/login', query: 'scene=a', env_version: 'trial', expire_type: 0, expire_time: now + 300 }
  const cases: Array<[unknown, number]> = [
    ['scene=a', 47001], ['[]', 47001], [{ ...good, expire_type: '0' }, 47001], [{ ...good, expire_time: String(now + 300) }, 47001],
    [{ ...good, path: null }, 47001], [{ ...good, query: { scene: 'a' } }, 47001], [{ ...good, access_token: 'x' }, 47001],
    [{ ...good, path: 'pages/unknown' }, 40165], [{ ...good, path: 'pages/login/login?scene=a' }, 40165], [{ ...good, path: 'pages/unknown', query: ' ' }, 40165],
    [{ ...good, query: 'scene=微信' }, 40212], [{ ...good, query: 'scene=a b' }, 40212], [{ ...good, query: 'scene' }, 40212],
    [{ ...good, query: '=a' }, 40212], [{ ...good, query: 'a=1&' }, 40212], [{ ...good, query: `scene=${'a'.repeat(1019)}` }, 40212],
    [{ ...good, env_version: 'beta' }, 85402], [{ ...good, env_version: 'beta', expire_time: 0 }, 85402],
    [{ ...good, expire_type: 2 }, 40097],
    [{ ...good, expire_time: undefined }, 85401], [{ ...good, expire_time: now - 1 }, 85401], [{ ...good, expire_time: now + 60 }, 85401],
    [{ ...good, expire_time: now + 300.5 }, 85401], [{ ...good, expire_time: (now + 300) * 1000 }, 85401], [{ ...good, expire_time: now + 30 * 86_400 + 1 }, 85401],
    [{ ...good, expire_type: 1 }, 85401], [{ ...good, expire_type: 1, expire_interval: 31 }, 85401], [{ ...good, expire_type: 1, expire_interval: 0 }, 85401],
  ]
  for (const [body, errcode] of cases) t.equal((await link(body)).errcode, errcode, JSON.stringify(body))
  t.equal((await link({ ...good, path: '/pages/login/login', query: `scene=${'a'.repeat(1018)}` })).errcode, 0)
  t.equal((await link({ ...good, query: '', expire_time: now + 30 * 86_400 })).errcode, 0)
  simulator.settings.pages = []
  t.equal((await link(good)).errcode, 85079)
})

await t.test('generate_urllink: it is refused when there were too many calls within a second or a day', async (t) => {
  const { link, simulator, clock } = await setUp(t)
  const ask = async () => (await link({ expire_type: 1, expire_interval: 1 })).errcode
  simulator.settings.linksPerSecond = 1
  t.strictSame([await ask(), await ask()], [0, 44990])
  clock.advance(1000)
  t.equal(await ask(), 0)
  simulator.settings.linksPerDay = 2
  clock.advance(1000)
  t.equal(await ask(), 44993)
  clock.advance(86_400_000)
  t.equal(await ask(), 0)
})

await t.test('jscode2session: a js_code is accepted once, and not when five minutes have passed', async (t) => {
  const { simulator, get, clock } = await setUp(t)
  const { appid, secret } = simulator
  const redeem = async (jsCode: string) =>
    (await get('/sns/jscode2session', { appid, secret, js_code: jsCode, grant_type: 'authorization_code' })).json
  const jsCode = simulator.jsCode('Ada')
  const answer = await redeem(jsCode)
  t.strictSame(Object.keys(answer).sort(), ['openid', 'session_key'])
  t.equal(answer.openid, simulator.openidOf('Ada'))
  t.match(answer.openid, /^o[\w-]{27}$/)
  t.match(answer.session_key, /^[\w+/]{22}==$/)
  t.not(simulator.openidOf('Ada'), simulator.openidOf('Bob'))
  t.equal((await redeem(jsCode)).errcode, 40163)
  t.equal((await redeem('never-given')).errcode, 40029)
  t.equal((await redeem('')).errcode, 41008)
  const late = simulator.jsCode('Ada')
  clock.advance(300_000)
  t.equal((await redeem(late)).errcode, 40029)
})

await t.test('simulator: only the next calls fail when a fault is injected for a number of them', async (t) => {
  const { simulator, stable, post } = await setUp(t)
  simulator.fail('stable_token', -1, 2)
  t.strictSame([(await stable()).errcode, (await stable()).errcode, (await stable()).errcode], [-1, -1, undefined])
  simulator.fail('stable_token', 'http-500')
  t.equal((await post('/cgi-bin/stable_token', {})).status, 500)
  simulator.fail('stable_token', 'html')
  t.match((await post('/cgi-bin/stable_token', {})).bytes.toString(), /^<html>/)
  simulator.fail('stable_token', { json: { of: 'another kind' } })
  t.strictSame((await post('/cgi-bin/stable_token', {})).json, { of: 'another kind' })
  simulator.fail('stable_token', 'cut')
  await t.rejects(post('/cgi-bin/stable_token', {}))
  simulator.clearFaults()
  t.ok((await stable()).access_token)
})

await t.test('simulator: calls are recorded, secrets included, when tests read them', async (t) => {
  const { simulator, stable } = await setUp(t)
  await stable()
  t.equal(simulator.calls.length, 1)
  t.strictSame(JSON.parse(simulator.calls[0]?.body ?? ''), {
    grant_type: 'client_credential', appid: simulator.appid, secret: simulator.secret, force_refresh: false,
  })
})

await t.test('simulator: it is answered with 40066 when the path is unknown', async (t) => {
  const { get } = await setUp(t)
  const { status, json } = await get('/wxa/unknown')
  t.strictSame([status, json.errcode], [200, 40066])
})

await t.test('simulator: it closes at once when a call still hangs', async (t) => {
  const { simulator, stable } = await setUp(t)
  simulator.fail('stable_token', 'hang')
  const rejection = t.rejects(stable())
  while (simulator.calls.length === 0) await new Promise(setImmediate)
  await simulator.close()
  await rejection
})
