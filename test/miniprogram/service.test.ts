import t from 'tap'
import { createVerifier, httpbis } from 'http-message-signatures'
import '../support/miniprogram.ts'
import { createFakePhone, grant, held, offer, ok, problem, serviceUrl, startMs, ticket } from './fake-phone.ts'
import type { FakeReply } from './fake-phone.ts'
import type { Reply } from '../../miniprogram/utils/ports'

const { createService } = await import('../../miniprogram/utils/service.ts')

const start = (answers: Record<string, FakeReply | FakeReply[]> = {}) => {
  const { phone, platform } = createFakePhone({ scan: offer(), ...answers })
  return { phone, service: createService(platform, serviceUrl) }
}

const person = { id: 'sub/1', handle: 'wx-aaaabbbbccccdddd', name: 'Mei', state: 'waiting', groups: ['staff', 7], first_seen_at: '2026-11-23T02:00:00Z', last_seen_at: null }

await t.test('service: each call is what the service expects, signed', async (t) => {
  const { phone, service } = start({
    confirm: ok({ state: 'confirmed', version: 3, session: 's1' }),
    cancel: ok({ state: 'cancelled', version: 3 }),
    sessions: ok({ sessions: [{ id: 'a/b', browser: { name: 'Safari', system: 'macOS', ip: '::1', place: '上海' }, created_at: '2026-11-23T01:00:00Z', last_seen_at: '2026-11-23T02:00:00Z', expires_at: '2026-12-23T01:00:00Z' }] }),
    'a%2Fb': { status: 204, body: '' },
    [`s1?ticket=${ticket}`]: { status: 204, body: '' },
    profile: ok({ user: { sub: 'sub-of-mei', name: '小明' } }),
    'people?state=waiting': ok({ people: [person, { ...person, id: 7 }], next: 'a:b' }),
    'people?state=active&after=a%3Ab': ok({ people: [], next: null }),
    'people?search=%E5%B0%8F%20%26%3F': ok({ people: [], next: null }),
    allow: ok(person),
    block: ok(person),
    'sign-out': ok(person),
  })
  t.hasStrict(await service.scan(ticket), {
    ok: true,
    value: { state: 'scanned', site: { name: 'Acme', origin: 'https://acme.example' }, createdAt: startMs - 20_000, expiresIn: 150, choices: ['12', '47', '83'] },
  })
  t.strictSame(await service.confirm(ticket, '47'), { ok: true, value: { state: 'confirmed', session: 's1' } })
  t.strictSame(await service.confirm(ticket, null), { ok: true, value: { state: 'confirmed', session: 's1' } })
  t.strictSame(await service.cancel(ticket), { ok: true, value: 'cancelled' })
  t.strictSame(await service.overview(), {
    ok: true,
    value: {
      sessions: [{ id: 'a/b', browser: { name: 'Safari', system: 'macOS', ip: '::1', network: null, place: '上海', placeEn: '上海' }, createdAt: Date.parse('2026-11-23T01:00:00Z'), lastSeenAt: startMs - 20_000, site: null }],
      registration: 'open',
      state: 'active',
      peopleWaiting: undefined,
    },
  }, 'an older service lets everybody in')
  const mei = { id: 'sub/1', handle: 'wx-aaaabbbbccccdddd', name: 'Mei', state: 'waiting', groups: ['staff'], firstSeenAt: startMs - 20_000, lastSeenAt: 0 } as const
  t.strictSame(await service.people('waiting', null), { ok: true, value: { people: [mei], next: 'a:b' } })
  t.strictSame(await service.people('active', 'a:b'), { ok: true, value: { people: [], next: null } })
  t.strictSame(await service.findPeople('小 &?'), { ok: true, value: { people: [], next: null } })
  for (const decision of ['allow', 'block', 'sign-out'] as const) t.strictSame(await service.decide('sub/1', decision), { ok: true, value: mei })
  t.strictSame(await service.signOut('a/b'), { ok: true, value: true })
  t.strictSame(await service.endLogin(ticket, 's1'), { ok: true, value: true })
  t.strictSame(await service.rename('  小明 '), { ok: true, value: '小明' })
  t.strictSame(service.user(), { sub: 'sub-of-mei', name: '小明' }, 'the new name is remembered')

  const on = `${serviceUrl}/api/phone`
  t.strictSame(phone.requests.map(({ method, url, body }) => ({ method, url, body })), [
    { method: 'POST', url: `${on}/login`, body: '{"js_code":"js-code-1"}' },
    { method: 'POST', url: `${on}/tickets/${ticket}/scan`, body: '{}' },
    { method: 'POST', url: `${on}/tickets/${ticket}/confirm`, body: '{"match_code":"47"}' },
    { method: 'POST', url: `${on}/tickets/${ticket}/confirm`, body: '{}' },
    { method: 'POST', url: `${on}/tickets/${ticket}/cancel`, body: '{}' },
    { method: 'GET', url: `${on}/sessions`, body: undefined },
    { method: 'GET', url: `${on}/people?state=waiting`, body: undefined },
    { method: 'GET', url: `${on}/people?state=active&after=a%3Ab`, body: undefined },
    { method: 'GET', url: `${on}/people?search=%E5%B0%8F%20%26%3F`, body: undefined },
    { method: 'POST', url: `${on}/people/sub%2F1/allow`, body: '{}' },
    { method: 'POST', url: `${on}/people/sub%2F1/block`, body: '{}' },
    { method: 'POST', url: `${on}/people/sub%2F1/sign-out`, body: '{}' },
    { method: 'DELETE', url: `${on}/sessions/a%2Fb`, body: '{}' },
    { method: 'DELETE', url: `${on}/sessions/s1?ticket=${ticket}`, body: '{}' },
    { method: 'PUT', url: `${on}/profile`, body: '{"name":"小明"}' },
  ])
  const nonces = new Set<string>()
  for (const { method, url, headers } of phone.requests.slice(1)) {
    nonces.add(/nonce="([A-Za-z0-9_-]{22})"/.exec(headers['Signature-Input'] ?? '')?.[1] ?? '')
    const verify = createVerifier(Buffer.alloc(32, 'key_1'), 'hmac-sha256')
    t.equal(await httpbis.verifyMessage({ keyLookup: async () => ({ verify }), maxAge: Number.MAX_SAFE_INTEGER }, { method, url, headers: { ...headers } }), true, url)
  }
  t.equal(nonces.size, 14, 'no nonce is used twice')
})

await t.test('service: logs in once when several calls come at the same time, and not again while the key is valid', async (t) => {
  const { phone, platform } = createFakePhone({ scan: offer(), sessions: ok({ sessions: [] }) })
  const service = createService(platform, serviceUrl)
  await Promise.all([service.scan(ticket), service.overview(), service.confirm(ticket, '47')])
  await createService(platform, serviceUrl).overview()
  t.equal(phone.logins, 1)
  phone.now += 86_400_000 - 59_000
  await service.overview()
  t.equal(phone.logins, 2, 'a key in its last minute is renewed')
})

await t.test('service: logs in again, once, when the key is unknown', async (t) => {
  const { phone, service } = start({ login: [grant('key_1', startMs / 1000), grant('key_2', startMs / 1000)], scan: [problem(401, 'key-unknown'), offer()] })
  t.hasStrict(await service.scan(ticket), { ok: true })
  t.strictSame(phone.calls(), ['POST login', 'POST scan', 'POST login', 'POST scan'])
  t.match(phone.requests[3]?.headers['Signature-Input'] ?? '', /keyid="key_2"/)
})

await t.test('service: keeps the fresh key when a late answer finds the old one unknown', async (t) => {
  const late = held<Reply>()
  const { phone, service } = start({
    login: [grant('key_1', startMs / 1000), grant('key_2', startMs / 1000)],
    scan: [problem(401, 'key-unknown'), offer()],
    sessions: [() => late.promise, ok({ sessions: [] })],
    cancel: ok({ state: 'cancelled' }),
  })
  await service.cancel(ticket)
  const slow = service.overview()
  await service.scan(ticket)
  late.settle(problem(401, 'key-unknown'))
  t.hasStrict(await slow, { ok: true })
  t.equal(phone.logins, 2)
})

await t.test('service: gives up when the fresh key is unknown too', async (t) => {
  const { phone, service } = start({ scan: problem(401, 'key-unknown') })
  t.strictSame(await service.scan(ticket), { ok: false, code: 'key-unknown' })
  t.strictSame(phone.calls(), ['POST login', 'POST scan', 'POST login', 'POST scan'])
})

await t.test('service: learns the offset and tries once more when the phone\'s clock is off', async (t) => {
  const serverTime = startMs / 1000 + 500
  const { phone, service } = start({ scan: [problem(401, 'clock-skew', { server_time: serverTime }), offer()] })
  t.hasStrict(await service.scan(ticket), { ok: true })
  t.strictSame(phone.calls(), ['POST login', 'POST scan', 'POST scan'])
  t.match(phone.requests[2]?.headers['Signature-Input'] ?? '', new RegExp(`;created=${serverTime};`))
  t.equal(service.serverNow(), serverTime * 1000)
  t.equal(service.isClockOff(), true)
})

await t.test('service: gives up when the clock is still off, or the answer doesn\'t say by how much', async (t) => {
  const again = start({ scan: problem(401, 'clock-skew', { server_time: 1 }) })
  t.hasStrict(await again.service.scan(ticket), { ok: false, code: 'clock-skew' })
  t.strictSame(again.phone.calls(), ['POST login', 'POST scan', 'POST scan'])
  const silent = start({ scan: problem(401, 'clock-skew') })
  t.hasStrict(await silent.service.scan(ticket), { ok: false, code: 'clock-skew' })
  t.strictSame(silent.phone.calls(), ['POST login', 'POST scan'])
})

await t.test('service: signs by the service\'s clock when the phone\'s was wrong at its login', async (t) => {
  const { phone, service } = start({ login: grant('key_1', startMs / 1000 - 7200) })
  await service.scan(ticket)
  t.match(phone.requests[1]?.headers['Signature-Input'] ?? '', new RegExp(`;created=${startMs / 1000 - 7200};`))
})

await t.test('service: the clock counts as off when it is off by more than two minutes, which the service refuses', async (t) => {
  for (const [offset, isOff] of [[0, false], [120, false], [-120, false], [121, true], [-3600, true]] as const) {
    const { service } = start({ login: grant('key_1', startMs / 1000 + offset) })
    await service.overview()
    t.equal(service.isClockOff(), isOff, String(offset))
  }
})

await t.test('service: renews the key and corrects the clock when one call needs both', async (t) => {
  const { phone, service } = start({ scan: [problem(401, 'key-unknown'), problem(401, 'clock-skew', { server_time: startMs / 1000 + 300 }), offer()] })
  t.hasStrict(await service.scan(ticket), { ok: true })
  t.strictSame(phone.calls(), ['POST login', 'POST scan', 'POST login', 'POST scan', 'POST scan'])
})

await t.test('service: asks WeChat for one new code when the first is not accepted', async (t) => {
  const { phone, service } = start({ login: [problem(401, 'js-code-invalid'), grant('key_1', startMs / 1000)] })
  t.hasStrict(await service.scan(ticket), { ok: true })
  t.strictSame(phone.requests.slice(0, 2).map(({ body }) => body), ['{"js_code":"js-code-1"}', '{"js_code":"js-code-2"}'])
})

await t.test('service: gives up when the second code is not accepted either', async (t) => {
  const { phone, service } = start({ login: problem(401, 'js-code-invalid') })
  t.strictSame(await service.scan(ticket), { ok: false, code: 'js-code-invalid' })
  t.equal(phone.logins, 2)
})

await t.test('service: asks WeChat for another code after a cut connection and for one after a refusal, in either order, and for no fourth', async (t) => {
  const refused = problem(401, 'js-code-invalid')
  const rows: ReadonlyArray<readonly [FakeReply[], object, number]> = [
    [['cut', refused, grant('key_1', startMs / 1000)], { ok: true }, 3],
    [[refused, 'cut', grant('key_1', startMs / 1000)], { ok: true }, 3],
    [['cut', refused], { ok: false, code: 'js-code-invalid' }, 3],
    [[refused, 'cut'], { ok: false, code: 'no-answer' }, 3],
  ]
  for (const [login, outcome, logins] of rows) {
    const { phone, service } = start({ login })
    t.hasStrict(await service.scan(ticket), outcome)
    t.equal(phone.logins, logins)
  }
})

await t.test('service: can be tried again when WeChat knows one of the codes it refuses as used before', async (t) => {
  const used = problem(401, 'js-code-invalid', { reason: 'used' })
  const unknown = problem(401, 'js-code-invalid')
  for (const login of [[used], [used, unknown], [unknown, used], ['cut', used] as const]) {
    const { service } = start({ login: [...login] })
    t.strictSame(await service.scan(ticket), { ok: false, code: 'wechat-unavailable' })
  }
})

await t.test('service: returns the code when the login is refused', async (t) => {
  for (const [status, code] of [[403, 'wechat-user-blocked'], [503, 'wechat-unavailable'], [429, 'rate-limited']] as const) {
    const { phone, service } = start({ login: problem(status, code) })
    t.strictSame(await service.overview(), { ok: false, code })
    t.equal(phone.logins, 1, 'asked once')
  }
})

await t.test('service: returns that WeChat is unavailable when wx.login fails, or that the phone is offline when there is no network', async (t) => {
  const { phone, service } = start()
  phone.loginFails = true
  t.strictSame(await service.overview(), { ok: false, code: 'wechat-unavailable' })
  phone.isConnected = false
  t.strictSame(await service.overview(), { ok: false, code: 'offline' })
})

await t.test('service: returns that the address is not set up in WeChat\'s console when WeChat forbids the call', async (t) => {
  const { phone, service } = start({ login: 'lost' })
  phone.errMsg = 'request:fail url not in domain list'
  t.strictSame(await service.overview(), { ok: false, code: 'not-set-up' })
})

await t.test('service: sends nothing when this WeChat is too old', async (t) => {
  const { phone, platform } = createFakePhone({}, { isTooOld: true })
  t.strictSame(await createService(platform, serviceUrl).scan(ticket), { ok: false, code: 'too-old' })
  t.strictSame([phone.logins, ...phone.calls()], [0])
})

await t.test('service: returns that there is no answer, or no network, and does not repeat the call, when no answer comes', async (t) => {
  const lost = start({ login: 'lost' })
  t.strictSame(await lost.service.overview(), { ok: false, code: 'no-answer' })
  const later = start({ confirm: 'lost' })
  t.strictSame(await later.service.confirm(ticket, '47'), { ok: false, code: 'no-answer' })
  later.phone.isConnected = false
  t.strictSame(await later.service.confirm(ticket, '47'), { ok: false, code: 'offline' })
  t.strictSame(later.phone.calls(), ['POST login', 'POST confirm', 'POST confirm'])
})

/** The nonces of the calls to a path, as far as they are signed. */
const noncesOf = (requests: ReadonlyArray<{ readonly headers: Readonly<Record<string, string>> }>): string[] =>
  requests.flatMap(({ headers }) => /nonce="([^"]+)"/.exec(headers['Signature-Input'] ?? '')?.[1] ?? [])

await t.test('service: a call that changes nothing twice is made once more, signed anew, when its connection turns out to be gone', async (t) => {
  const calls: ReadonlyArray<[name: string, call: (service: ReturnType<typeof start>['service']) => Promise<unknown>, answer: Reply]> = [
    ['scan', (service) => service.scan(ticket), offer()],
    ['sessions', (service) => service.overview(), ok({ sessions: [] })],
    ['cancel', (service) => service.cancel(ticket), ok({ state: 'cancelled' })],
  ]
  for (const [name, call, answer] of calls) {
    const once = start({ [name]: ['cut', answer] })
    t.hasStrict(await call(once.service), { ok: true }, name)
    t.strictSame(once.phone.calls().slice(1).map((each) => each.split(' ')[1]), [name, name])
    t.equal(new Set(noncesOf(once.phone.requests)).size, 2, 'a nonce works once')
    const always = start({ [name]: 'cut' })
    t.hasStrict(await call(always.service), { ok: false, code: 'no-answer' }, name)
    t.equal(always.phone.requests.length, 3, 'once more, and no more')
  }
})

await t.test('service: a confirmation, a name and a sign-out are never made once more, however the first ended', async (t) => {
  const { phone, service } = start({ confirm: 'cut', profile: 'cut', s1: 'cut', sessions: 'cut' })
  for (const call of [() => service.confirm(ticket, '47'), () => service.confirm(ticket, null), () => service.rename('Mei'), () => service.signOut('s1'), service.signOutEverywhere]) {
    phone.requests.length = 0
    t.hasStrict(await call(), { ok: false, code: 'no-answer' })
    t.equal(phone.calls().filter((name) => name !== 'POST login').length, 1, phone.calls().join())
  }
})

await t.test('service: nothing is made once more when it took long, timed out, was answered or is forbidden, or when there is no network', async (t) => {
  const took = async (errMsg: string, ms: number, isConnected = true): Promise<number> => {
    const { phone, service } = start()
    await service.overview()
    phone.requests.length = 0
    phone.isConnected = isConnected
    phone.script.scan = () => {
      phone.now += ms
      throw new Error(errMsg)
    }
    t.hasStrict(await service.scan(ticket), { ok: false })
    return phone.requests.length
  }
  t.equal(await took('request:fail The network connection was lost.', 4_999), 2)
  t.equal(await took('request:fail The network connection was lost.', 5_000), 1)
  t.equal(await took('request:fail timeout', 0), 1)
  t.equal(await took('request:fail url not in domain list', 0), 1)
  t.equal(await took('request:fail The network connection was lost.', 0, false), 1)
  const answered = start({ scan: problem(503, 'store-unavailable') })
  await answered.service.scan(ticket)
  t.strictSame(answered.phone.calls(), ['POST login', 'POST scan'])
})

await t.test('service: logs in once more, with another js_code, when the connection of the login turns out to be gone', async (t) => {
  const { phone, service } = start({ login: ['cut', grant('key_1', startMs / 1000)] })
  t.hasStrict(await service.scan(ticket), { ok: true })
  t.strictSame(phone.requests.slice(0, 2).map(({ body }) => body), ['{"js_code":"js-code-1"}', '{"js_code":"js-code-2"}'], 'WeChat may have used up the first')
  const always = start({ login: 'cut' })
  t.hasStrict(await always.service.scan(ticket), { ok: false, code: 'no-answer' })
  t.equal(always.phone.logins, 2)
})

await t.test('service: returns an internal error when the answer is not as the service sends it', async (t) => {
  const odd: FakeReply[] = [
    ok({}), problem(418, 'teapot'), offer({ match_choices: [] }), offer({ match_choices: '47' }), offer({ match_choices: [47] }), offer({ match_choices: null }),
    offer({ match: 'type' }), offer({ match: 'off' }), offer({ match: 'none', match_choices: null }), offer({ match: null, match_choices: null }), offer({ match: undefined, match_choices: [] }), offer({ site: null }),
    offer({ created_at: 'yesterday' }), offer({ expires_in: '150' }), offer({ state: undefined }),
  ]
  for (const scan of odd) t.strictSame(await start({ scan }).service.scan(ticket), { ok: false, code: 'internal' }, JSON.stringify(scan))
  t.strictSame(await start({ login: ok({ key_id: 'k' }) }).service.overview(), { ok: false, code: 'internal' })
})

/** What a proxy, a router or a Wi-Fi's login page may answer in the service's place, also in JSON and with words that look like the service's. */
const foreign: readonly Reply[] = [
  ...[401, 403, 404, 405, 409, 410, 413, 429, 500, 502, 503].flatMap((status) => [{ status, body: '' }, { status, body: '<html>Not here</html>' }, { status, body: null }]),
  { status: 302, body: '' }, { status: 200, body: '<html>Please log in to the Wi-Fi</html>' }, { status: 200, body: null }, { status: 204, body: '' },
  { status: 404, body: { code: 'ticket-not-found', status: 404 } }, { status: 401, body: { code: 'key-unknown' } }, { status: 401, body: { code: 'clock-skew', server_time: 1 } },
  { status: 404, body: { type: 'about:blank', title: 'Not Found', status: 404 } }, { status: 404, body: { type: 'https://urn:scan-login:problem:not-found', code: 'not-found' } }, { status: 404, body: [404] },
]

await t.test('service: returns that there is no answer, keeps its key and its clock, when something other than the service answers', async (t) => {
  for (const answer of foreign) {
    const { phone, service } = start({ scan: answer, confirm: answer, cancel: answer })
    await service.overview()
    phone.requests.length = 0
    for (const call of [() => service.scan(ticket), () => service.confirm(ticket, '47'), () => service.cancel(ticket)]) {
      t.strictSame(await call(), { ok: false, code: 'no-answer' }, JSON.stringify(answer))
    }
    t.strictSame(phone.calls(), ['POST scan', 'POST confirm', 'POST cancel'], 'no new login, nothing twice')
    t.equal(service.serverNow(), startMs)
  }
})

await t.test('service: a browser counts as signed out, and a name as saved, only when the service says so', async (t) => {
  for (const answer of foreign.filter(({ status }) => status !== 204)) {
    const { service } = start({ s1: answer, sessions: answer, profile: answer })
    for (const call of [() => service.signOut('s1'), service.signOutEverywhere, () => service.rename('Mei')]) {
      t.strictSame(await call(), { ok: false, code: 'no-answer' }, JSON.stringify(answer))
    }
  }
  const { service } = start({ s1: ok({}), profile: ok({}) })
  for (const call of [() => service.signOut('s1'), () => service.rename('Mei')]) t.strictSame(await call(), { ok: false, code: 'internal' })
})

await t.test('service: returns no numbers when the service asks for none', async (t) => {
  for (const choices of [null, undefined]) {
    t.hasStrict(await start({ scan: offer({ match: 'off', match_choices: choices }) }).service.scan(ticket), { ok: true, value: { match: 'off', choices: [] } })
    t.hasStrict(await start({ scan: offer({ match: 'type', match_choices: choices }) }).service.scan(ticket), { ok: true, value: { match: 'type', choices: [] } })
    t.hasStrict(await start({ scan: offer({ match: undefined, match_choices: choices }) }).service.scan(ticket), { ok: true, value: { match: 'off' } }, 'from an older service')
  }
  t.hasStrict(await start({ scan: offer({ match: undefined }) }).service.scan(ticket), { ok: true, value: { match: 'tap', choices: ['12', '47', '83'] } })
})

await t.test('service: reads the site, the login service, and where browser and phone are', async (t) => {
  const site = { name: 'Shop', origin: 'https://shop.example', service: 'https://login.example.com' }
  const scan = offer({ site, phone_place: '中国 深圳', phone_place_en: 'Shenzhen, China', browser: { name: 'Safari', system: 'iOS', network: null, place: null, is_phone: true }, same_phone: true })
  t.hasStrict(await start({ scan }).service.scan(ticket), { ok: true, value: { site, phonePlace: '中国 深圳', phonePlaceEn: 'Shenzhen, China', isSamePhone: true, browser: { ip: '' } } })
  const browser = { name: 'Safari', system: 'iOS', is_phone: true } // for older mini programs
  const older = await start({ scan: offer({ site: { name: 'Acme', origin: 'https://acme.example' }, browser, phone_place: undefined, phone_place_en: undefined, same_phone: undefined }) }).service.scan(ticket)
  t.hasStrict(older, { ok: true, value: { site: { service: 'https://acme.example' }, phonePlace: null, phonePlaceEn: null, isSamePhone: false } })
})

await t.test('service: logs in once, too, when the storage stores nothing', async (t) => {
  const { phone, service } = start()
  phone.isFull = true
  t.hasStrict(await service.scan(ticket), { ok: true })
  t.hasStrict(await service.scan(ticket), { ok: true })
  t.equal(phone.logins, 1)
})

await t.test('service: returns a failure when the phone gives no random numbers', async (t) => {
  const { platform } = createFakePhone({ scan: offer() })
  const service = createService({ ...platform, randomBytes: () => Promise.reject(new Error('getRandomValues:fail')) }, serviceUrl)
  t.hasStrict(await service.scan(ticket), { ok: false, code: 'no-answer' })
})

await t.test('service: returns an internal error, never a confirmation, when the state is unknown', async (t) => {
  for (const state of ['pending', 'cancelled', 'expired', 'whatever', undefined]) {
    t.strictSame(await start({ scan: offer({ state }) }).service.scan(ticket), { ok: false, code: 'internal' }, `scan: ${state}`)
    t.strictSame(await start({ confirm: ok({ state }) }).service.confirm(ticket, '47'), { ok: false, code: 'internal' }, `confirm: ${state}`)
  }
  t.strictSame(await start({ confirm: ok({ state: 'consumed' }) }).service.confirm(ticket, '47'), { ok: true, value: { state: 'confirmed', session: undefined } })
  t.strictSame(await start({ cancel: ok({ state: 'scanned' }) }).service.cancel(ticket), { ok: false, code: 'internal' })
})

await t.test('service: keeps the offset of the clock when the key expires', async (t) => {
  const { phone, service } = start({ login: grant('key_1', startMs / 1000 - 3600) })
  await service.overview()
  phone.now += 86_400_000 - 30_000
  t.equal(service.user(), undefined, 'the key is in its last minute')
  t.equal(service.serverNow(), phone.now - 3_600_000)
})

await t.test('service: a browser has no name when the service did not recognise it, as the phone has its own word for that', async (t) => {
  const { service } = start({ scan: offer({ browser: { name: 'Unknown browser', system: 'Unknown system', ip: '::1', place: null } }) })
  t.hasStrict(await service.scan(ticket), { ok: true, value: { browser: { name: '', system: '' } } })
})

await t.test('service: reads the browser\'s network and place in readable form, and whether it is in another country', async (t) => {
  const scanned = async (browser: object, more: object = {}): Promise<unknown> => {
    const outcome = await start({ scan: offer({ browser: { name: 'Chrome', system: 'Linux', ...browser }, ...more }) }).service.scan(ticket)
    return outcome.ok && { ...outcome.value.browser, isOtherCountry: outcome.value.isOtherCountry }
  }
  const chrome = { name: 'Chrome', system: 'Linux' }
  t.strictSame(await scanned({ ip: '203.0.113.7', network: '203.0.113.0/24', place: '中国 上海', place_en: 'Shanghai, China' }, { other_country: true }), {
    ...chrome, ip: '203.0.113.7', network: '203.0.113.*', place: '中国 上海', placeEn: 'Shanghai, China', isOtherCountry: true,
  })
  t.hasStrict(await scanned({ ip: '2001:db8:1::7', network: '2001:db8:1::/48', place: null, place_en: null }, { other_country: 'yes' }), { network: '2001:db8:1:*', isOtherCountry: false })
  t.strictSame(await scanned({ ip: '203.0.113.7', place: '上海' }, { other_country: undefined }), {
    ...chrome, ip: '203.0.113.7', network: null, place: '上海', placeEn: '上海', isOtherCountry: false,
  }, 'from an older service')
})

await t.test('service: logs in anew when what is stored cannot be read', async (t) => {
  const { phone, platform } = createFakePhone({ scan: offer() })
  phone.storage.set('scan-login-key', '{"keyId":')
  const service = createService(platform, serviceUrl)
  t.hasStrict(await service.scan(ticket), { ok: true })
  t.equal(phone.logins, 1)
})

await t.test('signOut: succeeds when that browser is signed out already', async (t) => {
  t.strictSame(await start({ s1: problem(404, 'not-found') }).service.signOut('s1'), { ok: true, value: true })
  t.strictSame(await start({ s1: problem(503, 'store-unavailable') }).service.signOut('s1'), { ok: false, code: 'store-unavailable' })
})

await t.test('E16 rename: returns the rule by which the service refused the name when the answer has it', async (t) => {
  const code = async (more: object, name = 'evil.com'): Promise<unknown> => {
    const outcome = await start({ profile: problem(400, 'bad-request', more) }).service.rename(name)
    return outcome.ok || outcome.code
  }
  for (const reason of ['unreadable', 'mixed-scripts', 'office', 'address']) t.equal(await code({ reason }), `name-${reason}`)
  for (const reason of ['other', 'refused', 7, null, undefined]) t.equal(await code({ reason }), 'name-refused', String(reason))
})

await t.test('rename: removes the name when it is empty', async (t) => {
  const { service } = start({ profile: ok({ user: { sub: 'sub-of-mei', name: null } }) })
  t.strictSame(await service.rename(' '), { ok: true, value: null })
})

await t.test('service: all that the phone keeps for a person is gone once their data is deleted', async (t) => {
  const { phone, platform } = createFakePhone({ person: { status: 204, body: '' } })
  const service = createService(platform, serviceUrl)
  await service.overview()
  service.noteConfirmed()
  service.keepLogin({ ticket, endsAt: startMs + 60_000, browser: { name: '', system: '', ip: '', network: null, place: null, placeEn: null }, site: null })
  t.equal(phone.storage.size, 3)
  t.strictSame(await service.eraseMe(), { ok: true, value: true })
  t.strictSame([...phone.storage], [])
  t.strictSame([service.user(), service.isFirstLogin(), service.waitingLogins()], [undefined, true, []])
  t.strictSame(phone.calls(), ['POST login', 'GET sessions', 'DELETE person'], 'no new key is asked for')
})

await t.test('service: the data is deleted with a new key, which it ends too, when the answer got lost and the key is gone', async (t) => {
  const { phone, platform } = createFakePhone({ login: [grant('key_1', startMs / 1000), grant('key_2', startMs / 1000)], person: ['lost', problem(401, 'key-unknown'), { status: 204, body: '' }] })
  const service = createService(platform, serviceUrl)
  t.hasStrict(await service.eraseMe(), { ok: false, code: 'no-answer' })
  t.equal(service.user()?.sub, 'sub-of-mei', 'nothing is forgotten that may still be there')
  t.strictSame(await service.eraseMe(), { ok: true, value: true })
  t.strictSame(phone.calls(), ['POST login', 'DELETE person', 'DELETE person', 'POST login', 'DELETE person'])
  t.equal(phone.storage.size, 0)
})

await t.test('service: the key stays when the deletion is refused', async (t) => {
  const { phone, platform } = createFakePhone({ person: problem(503, 'store-unavailable') })
  const service = createService(platform, serviceUrl)
  t.hasStrict(await service.eraseMe(), { ok: false, code: 'store-unavailable' })
  t.equal(phone.storage.size, 1)
})
