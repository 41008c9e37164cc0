/** Sessions, and the phone's calls about them: cookies, expiry, logging out, other sites, names, subjects. */
import { createHmac } from 'node:crypto'
import t from 'tap'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { createStore } from '../../src/stores/store.ts'
import { openBrowser } from '../support/clients.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { openTestService, type Answer, type Call, type TestService } from '../support/test-service.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { confirmedBrowser, cookieOf, logIn, phoneOf, verdict } from '../support/login.ts'

const sameOrigin = { 'sec-fetch-site': 'same-origin' }
const dayMs = 86_400_000

const session = (service: TestService, headers: Record<string, string>): Promise<Answer> =>
  service.call({ path: `${service.config.basePath}/api/session`, headers })

await t.test('session cookie: it has the strictest prefix and attributes that PUBLIC_URL and COOKIE_DOMAIN allow', async (t) => {
  const cases = [
    [{ PUBLIC_URL: 'https://login.example.com' }, '__Host-scan_login', 'HttpOnly; Path=/; SameSite=Lax; Secure'],
    [{ PUBLIC_URL: 'https://example.com/login' }, '__Host-scan_login', 'HttpOnly; Path=/; SameSite=Lax; Secure'],
    [{ PUBLIC_URL: 'https://login.example.com', COOKIE_DOMAIN: 'example.com' }, '__Secure-scan_login', 'Domain=example.com; HttpOnly; Path=/; SameSite=Lax; Secure'],
    [{ PUBLIC_URL: 'http://localhost:3000' }, 'scan_login', 'HttpOnly; Path=/; SameSite=Lax'],
  ] as const
  for (const [env, name, attributes] of cases) {
    const service = await openTestService(t, { env })
    const { consumed, cookie } = await logIn(service)
    const [value = '', ...given] = String(consumed.headers['set-cookie']).split('; ')
    t.match(value, new RegExp(`^${name}=[A-Za-z0-9_-]{43}$`))
    const expires = given.find((attribute) => attribute.startsWith('Expires='))
    t.equal(Date.parse(String(expires).slice('Expires='.length)), service.clock.now() + 90 * dayMs)
    t.ok(given.includes(`Max-Age=${90 * dayMs / 1000}`), 'and it ends then by the browser\'s own measure, too')
    t.equal(given.filter((attribute) => !/^(?:Expires|Max-Age)=/.test(attribute)).sort().join('; '), attributes)

    t.equal((await session(service, { cookie })).status, 200)
    t.equal((await session(service, { cookie: `a=b; ${cookie}; c=d` })).status, 200)
    const out = await service.call({ method: 'DELETE', path: `${service.config.basePath}/api/session`, headers: { cookie, ...sameOrigin } })
    const [emptied = '', ...cleared] = String([out.headers['set-cookie']].flat()[0]).split('; ')
    t.equal(emptied, `${name}=`)
    t.equal(cleared.filter((attribute) => !/^(?:Expires|Max-Age)=/.test(attribute)).sort().join('; '), attributes, 'a browser removes a cookie only with the same attributes')
    t.ok(Date.parse(String(cleared.find((attribute) => attribute.startsWith('Expires='))).slice('Expires='.length)) < service.clock.now())
  }
})

await t.test('session: it is answered alike for cookie and token, with the documented members only', async (t) => {
  const service = await openTestService(t)
  const { phone, cookie, token } = await logIn(service, { from: '203.0.113.9' })
  const shown = await session(service, { cookie })
  t.strictSame(shown.json, {
    user: { sub: phone.sub, name: null },
    session: {
      id: shown.json.session.id,
      created_at: '2026-11-23T00:00:00.000Z',
      expires_at: '2026-12-23T00:00:00.000Z',
      browser: { name: 'Chrome', system: 'Windows', ip: '203.0.113.9', network: '203.0.113.0/24', place: null, place_en: null },
    },
  })
  t.match(shown.json.session.id, /^[A-Za-z0-9_-]{22}$/)
  t.strictSame((await session(service, { authorization: `Bearer ${token}` })).json, shown.json)
  t.strictSame((await session(service, { authorization: `bearer ${token}` })).json, shown.json, 'the scheme is case-insensitive (RFC 9110 §11.1)')
  t.equal(shown.headers['cache-control'], 'no-store')
  t.equal(shown.headers.etag, undefined)
})

await t.test('session: nobody is logged in when cookie and token are missing, foreign or malformed', async (t) => {
  const service = await openTestService(t)
  const { cookie, token } = await logIn(service)
  const [name, value = ''] = cookie.split('=')
  const headers: Array<Record<string, string>> = [
    {},
    { cookie: '' },
    { cookie: `${name}=` },
    { cookie: `${name}=${'A'.repeat(43)}` },
    { cookie: `${name}=${value.slice(0, -1)}` },
    { cookie: `${name}=${value}A` },
    { cookie: `${name}=%00` },
    { cookie: `${name}=%zz` },
    { cookie: `${name}=${'A'.repeat(5000)}` },
    { cookie: `scan_login=${value}` },
    { cookie: `__Secure-scan_login=${value}` },
    { cookie: ';;;=;==' },
    { authorization: 'Bearer' },
    { authorization: 'Bearer ' },
    { authorization: `Bearer ${value}` },
    { authorization: token },
    { authorization: `Ticket ${token}` },
    { authorization: `Bearer ${token} ${token}` },
  ]
  for (const given of headers) {
    const answer = await session(service, given)
    t.equal(verdict(answer), '401 unauthenticated', JSON.stringify(given).slice(0, 80))
    t.equal(answer.headers['www-authenticate'], 'Bearer')
    t.equal(verdict(await service.call({ path: '/api/session/verify', headers: given })), '401 unauthenticated')
    t.equal(verdict(await service.call({ method: 'POST', path: '/api/session/token', headers: { ...given, ...sameOrigin } })), '401 unauthenticated')
    t.equal(verdict(await service.call({ method: 'DELETE', path: '/api/session', headers: { ...given, ...sameOrigin } })), '401 unauthenticated')
  }
  t.equal((await session(service, { cookie })).status, 200, 'none of these calls ended the session')
})

await t.test('session: a login opens a session of its own when a cookie was planted before', async (t) => {
  const service = await openTestService(t)
  const attacker = await logIn(service, { phone: await phoneOf(service, 'hong') })
  const [name] = attacker.cookie.split('=')
  const ended = await logIn(service)
  await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: ended.cookie, ...sameOrigin } })
  const phone = await phoneOf(service)
  const seen = new Set([attacker.cookie, ended.cookie])
  const ids = new Set<string>()
  const planted = [attacker.cookie, ended.cookie, `${name}=${'A'.repeat(43)}`, `${name}=chosen`, `${name}=${(await openBrowser(service)).secret}`]
  for (const cookie of planted) {
    /** Sends the planted cookie with every call, as a browser does. */
    const planting: TestService = { ...service, call: (call) => service.call({ ...call, headers: { cookie, ...call.headers } }) }
    const { browser } = await confirmedBrowser(planting, { phone })
    const consumed = await browser.consume()
    t.equal(consumed.json.user.sub, phone.sub)
    const given = cookieOf(consumed)
    t.notOk(seen.has(given) || planted.includes(given), 'the cookie is new')
    seen.add(given)
    const { json } = await session(service, { cookie: given })
    t.equal(json.user.sub, phone.sub)
    ids.add(json.session.id)
    const shown = await session(service, { cookie })
    if (cookie === attacker.cookie) t.equal(shown.json.user.sub, attacker.phone.sub, 'the planted session is still the attacker\'s own')
    else t.equal(verdict(shown), '401 unauthenticated')
    const again = await browser.consume()
    t.equal(cookieOf(again), given, 'a repeated consume sets the same cookie')
  }
  t.equal(ids.size, planted.length)
  t.equal((await attacker.phone.sessions()).json.sessions.length, 1, 'nobody\'s login is in the attacker\'s list')
})

await t.test('session: it has ended at every instance at once when a person signs out at one', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const keys = generateKeys()
  const here = await openTestService(t, { keys, clock, store })
  const there = await openTestService(t, { keys, clock, store, simulator: here.simulator })
  const byBrowser = await logIn(here)
  const byPhone = await logIn(here, { phone: byBrowser.phone })
  for (const service of [here, there]) {
    for (const { cookie, token } of [byBrowser, byPhone]) t.strictSame([(await session(service, { cookie })).status, (await session(service, { authorization: `Bearer ${token}` })).status], [200, 200])
  }
  await there.call({ method: 'DELETE', path: '/api/session', headers: { cookie: byBrowser.cookie, ...sameOrigin } })
  const [{ id }] = (await byPhone.phone.sessions()).json.sessions
  await (await phoneOf(there)).signOut(id)
  for (const service of [here, there]) {
    for (const { cookie, token } of [byBrowser, byPhone]) {
      for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }] as Array<Record<string, string>>) {
        t.equal(verdict(await session(service, headers)), '401 unauthenticated')
        t.equal(verdict(await service.call({ path: '/api/session/verify', headers })), '401 unauthenticated')
      }
      t.equal(verdict(await service.call({ method: 'POST', path: '/api/session/token', headers: { cookie, ...sameOrigin } })), '401 unauthenticated')
    }
  }
})

await t.test('session: nobody is logged in by a bearer when there are two Authorization headers', async (t) => {
  const service = await openTestService(t)
  const { browser, token } = await logIn(service)
  const bearer = `Bearer ${token}`
  for (const authorization of [[bearer, bearer], [bearer, 'Bearer x'], ['Bearer x', bearer], [bearer, 'Basic YTpi'], ['Basic YTpi', bearer], [bearer, `Ticket ${browser.secret}`]]) {
    for (const url of ['/api/session', '/api/session/verify']) {
      const { statusCode, body } = await service.app.inject({ url, headers: { authorization } as never }) // its types allow one header of a name
      t.equal(`${statusCode} ${JSON.parse(body).code}`, '401 unauthenticated', authorization.map((value) => value.slice(0, 8)).join())
    }
  }
  const own = `Ticket ${browser.secret}`
  t.equal((await service.app.inject({ url: `/api/tickets/${browser.ticket}`, headers: { authorization: [own] } as never })).statusCode, 200)
  t.equal((await service.app.inject({ url: `/api/tickets/${browser.ticket}`, headers: { authorization: [own, own] } as never })).statusCode, 404)
})

await t.test('session: the cookie counts beside another scheme\'s Authorization, but not beside a bearer', async (t) => {
  const service = await openTestService(t)
  const { cookie, token } = await logIn(service)
  for (const authorization of ['Basic YTpi', 'Digest username="a"', 'Bearerish x', 'ApiKey x', '']) {
    t.equal(verdict(await session(service, { cookie, authorization })), '200', authorization)
    t.equal(verdict(await service.call({ path: '/api/session/verify', headers: { cookie, authorization } })), '200', authorization)
  }
  for (const authorization of ['Bearer', 'Bearer x', `bearer ${token}x`, `Bearer  ${token} x`]) t.equal(verdict(await session(service, { cookie, authorization })), '401 unauthenticated', authorization)
})

await t.test('session: a ticket\'s secret is no credential for a session, and a session\'s none for a ticket', async (t) => {
  const service = await openTestService(t)
  const { browser, cookie, token } = await logIn(service)
  const [name, value = ''] = cookie.split('=')
  t.equal(verdict(await session(service, { cookie: `${name}=${browser.secret}` })), '401 unauthenticated')
  t.equal(verdict(await session(service, { authorization: `Bearer ${browser.secret}` })), '401 unauthenticated')
  for (const authorization of [`Ticket ${value}`, `Bearer ${browser.secret}`, `Ticket ${token}`]) {
    t.equal(verdict(await service.call({ path: `/api/tickets/${browser.ticket}`, headers: { authorization, cookie } })), '404 ticket-not-found')
  }
})

await t.test('session: it ends when it is unused for SESSION_IDLE, and each use extends it', async (t) => {
  const service = await openTestService(t, { env: { SESSION_IDLE: '1h', SESSION_MAX: '1d' } })
  const { cookie, phone } = await logIn(service)
  for (let i = 0; i < 5; i++) {
    service.clock.advance(50 * 60_000)
    t.equal((await session(service, { cookie })).status, 200, `after ${50 * (i + 1)} minutes`)
  }
  t.equal((await session(service, { cookie })).json.session.expires_at, new Date(service.clock.now() + 3600_000).toISOString())
  t.equal((await phone.sessions()).json.sessions[0].last_seen_at, new Date(service.clock.now()).toISOString())
  service.clock.advance(3600_000 - 1)
  t.equal((await phone.sessions()).json.sessions.length, 1, 'listing it on the phone is no use of it')
  service.clock.advance(1)
  t.equal(verdict(await session(service, { cookie })), '401 unauthenticated')
  t.strictSame((await (await phoneOf(service)).sessions()).json.sessions, [])
})

await t.test('session: it ends after SESSION_MAX even when it is used', async (t) => {
  const service = await openTestService(t, { env: { SESSION_IDLE: '1h', SESSION_MAX: '3h' } })
  const { cookie } = await logIn(service)
  for (let i = 0; i < 3; i++) {
    service.clock.advance(3600_000 - 1)
    t.equal((await session(service, { cookie })).status, 200)
  }
  t.equal((await session(service, { cookie })).json.session.expires_at, '2026-11-23T03:00:00.000Z')
  service.clock.advance(3)
  t.equal(verdict(await session(service, { cookie })), '401 unauthenticated')
})

await t.test('session: a bearer is good until it expires or the session ends', async (t) => {
  const service = await openTestService(t)
  const { token } = await logIn(service)
  service.clock.advance(899_000)
  t.equal((await session(service, { authorization: `Bearer ${token}` })).status, 200)
  service.clock.advance(1000)
  t.equal(verdict(await session(service, { authorization: `Bearer ${token}` })), '401 unauthenticated')
})

await t.test('session: verify tells a proxy the person\'s subject and name', async (t) => {
  const service = await openTestService(t)
  const { phone, cookie, token } = await logIn(service)
  for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }]) {
    const answer = await service.call({ path: '/api/session/verify', headers })
    t.equal(answer.status, 200)
    t.equal(answer.text, '')
    t.equal(answer.headers['remote-user'], phone.sub)
    t.equal(answer.headers['remote-name'], '')
    t.equal(answer.headers['cache-control'], 'no-store')
  }
  await phone.rename('小明 & Co. 🦊')
  const named = await service.call({ path: '/api/session/verify', headers: { cookie } })
  t.equal(named.headers['remote-name'], '%E5%B0%8F%E6%98%8E%20%26%20Co.%20%F0%9F%A6%8A')
  t.equal((await service.call({ method: 'HEAD', path: '/api/session/verify', headers: { cookie } })).headers['remote-user'], phone.sub)
  const refused = await service.call({ path: '/api/session/verify' })
  t.equal(refused.headers['remote-user'], undefined)
})

await t.test('session: the cookie gets a fresh token', async (t) => {
  const service = await openTestService(t)
  const { phone, cookie, token } = await logIn(service, { body: { return_to: '/inbox' } })
  service.clock.advance(600_000)
  const fresh = await service.call({ method: 'POST', path: '/api/session/token', headers: { cookie, ...sameOrigin } })
  t.equal(fresh.status, 200)
  t.strictSame({ ...fresh.json, access_token: '' }, { access_token: '', token_type: 'Bearer', expires_in: 900, user: { sub: phone.sub, name: null } })
  t.not(fresh.json.access_token, token)
  service.clock.advance(600_000)
  t.equal(verdict(await session(service, { authorization: `Bearer ${token}` })), '401 unauthenticated')
  t.equal(verdict(await session(service, { authorization: `Bearer ${fresh.json.access_token}` })), '200')
  const byToken = await service.call({ method: 'POST', path: '/api/session/token', headers: { authorization: `Bearer ${fresh.json.access_token}`, ...sameOrigin } })
  t.equal(verdict(byToken), '401 unauthenticated', 'a token can\'t prolong itself')
})

await t.test('session: cookie and bearer end at once when the browser logs out', async (t) => {
  const service = await openTestService(t)
  const [one, other] = [await logIn(service), await logIn(service)]
  const out = await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: one.cookie, ...sameOrigin } })
  t.equal(out.status, 204)
  t.equal(out.text, '')
  t.equal(out.headers['cache-control'], 'no-store')
  t.equal(verdict(await session(service, { cookie: one.cookie })), '401 unauthenticated')
  t.equal(verdict(await session(service, { authorization: `Bearer ${one.token}` })), '401 unauthenticated')
  t.equal(verdict(await service.call({ path: '/api/session/verify', headers: { cookie: one.cookie } })), '401 unauthenticated')
  t.equal(verdict(await service.call({ method: 'POST', path: '/api/session/token', headers: { cookie: one.cookie, ...sameOrigin } })), '401 unauthenticated')
  t.equal((await session(service, { cookie: other.cookie })).status, 200, 'another browser stays logged in')
  t.equal((await one.phone.sessions()).json.sessions.length, 1)
})

await t.test('session: a call by cookie that changes something is refused from another site', async (t) => {
  const own = { PUBLIC_URL: 'https://login.example.com:8443/auth' }
  const shared = { PUBLIC_URL: 'https://login.example.com', COOKIE_DOMAIN: 'example.com' }
  const cases: Array<[env: Record<string, string>, headers: Record<string, string>, isLet: boolean]> = [
    [own, {}, false],
    [own, { origin: 'https://login.example.com:8443' }, true],
    [own, { 'sec-fetch-site': 'same-origin' }, true],
    [own, { origin: 'https://login.example.com:8443', 'sec-fetch-site': 'same-origin' }, true],
    [own, { referer: 'https://login.example.com:8443/auth/me' }, false],
    [own, { host: 'login.example.com:8443' }, false],
    ...[
      'null', '', 'https://login.example.com', 'http://login.example.com:8443', 'https://login.example.com:8443/', 'https://login.example.com:8443.evil.example',
      'https://login.example.com:84430', 'https://evil.example', 'https://evil-login.example.com:8443', 'https://x.login.example.com:8443', 'https://example.com:8443',
      'https://login.example.com:8443@evil.example', 'https://login.example.com:8443, https://evil.example', 'login.example.com:8443', '*', 'file://',
      'HTTPS://login.example.com:8443', 'https://LOGIN.example.com:8443', 'https://login.example.com.:8443', 'https://login.example.com:08443', 'https://login.example.com:8443%00', 'https://login.example.com:8443\\.evil.example',
      'https://login.example.com:8443?.evil.example', 'https://user@login.example.com:8443', 'wss://login.example.com:8443', '//login.example.com:8443', 'undefined',
    ].map((origin): typeof cases[number] => [own, { origin }, false]),
    ...['cross-site', 'same-site', 'none', 'SAME-ORIGIN', '', 'same-origin, cross-site'].map((site): typeof cases[number] => [own, { 'sec-fetch-site': site }, false]),
    [own, { origin: 'https://login.example.com:8443', 'sec-fetch-site': 'cross-site' }, false],
    [own, { origin: 'https://another-name.example', 'sec-fetch-site': 'same-origin' }, true], // as for creating a ticket: no script can set that header
    [own, { origin: 'null', 'sec-fetch-site': 'same-origin' }, true],
    [own, { origin: 'https://login.example.com:8443', 'sec-fetch-site': 'same-site' }, false],
    [own, { origin: 'https://another-name.example', host: 'another-name.example' }, false],
    [shared, {}, false],
    [shared, { origin: 'https://login.example.com' }, true],
    [shared, { origin: 'https://example.com' }, true],
    [shared, { origin: 'https://www.example.com' }, true],
    [shared, { 'sec-fetch-site': 'same-origin' }, true],
    [shared, { 'sec-fetch-site': 'same-site' }, true],
    [shared, { origin: 'https://www.example.com', 'sec-fetch-site': 'same-site' }, true],
    ...['http://www.example.com', 'https://evilexample.com', 'https://example.com.evil.example', 'https://www.example.org', 'null', 'https://evil.example/#.example.com', 'https://com', 'https://.example.com.evil.example', 'https://evil.example?.example.com', 'https://evil.example\\.example.com', 'wss://www.example.com', 'https://user@www.example.com', 'https://www.example.com/', 'https://www.example.com/.evil.example', 'https://WWW.example.com'].map((origin): typeof cases[number] => [shared, { origin }, false]),
    ...['cross-site', 'none'].map((site): typeof cases[number] => [shared, { 'sec-fetch-site': site }, false]),
    [shared, { origin: 'https://www.example.com', 'sec-fetch-site': 'cross-site' }, false],
    [shared, { origin: 'https://www.example.org', 'sec-fetch-site': 'same-site' }, false],
  ]
  for (const env of [own, shared]) {
    const service = await openTestService(t, { env: { ...env, LIMIT_CREATE: '1000' } })
    const phone = await phoneOf(service)
    const path = `${service.config.basePath}/api/session`
    const { cookie } = await logIn(service, { phone })
    for (const [, headers, isLet] of cases.filter(([ofEnv]) => ofEnv === env)) {
      const token = await service.call({ method: 'POST', path: `${path}/token`, headers: { cookie, ...headers } })
      t.equal(verdict(token), isLet ? '200' : '403 cross-site', JSON.stringify(headers))
      if (isLet) {
        const { cookie } = await logIn(service, { phone })
        t.equal((await service.call({ method: 'DELETE', path, headers: { cookie, ...headers } })).status, 204)
      } else {
        t.equal(verdict(await service.call({ method: 'DELETE', path, headers: { cookie, ...headers } })), '403 cross-site')
      }
      t.equal((await session(service, { cookie, ...headers })).status, 200, 'a GET needs no origin, and the session goes on')
    }
  }
})

await t.test('consume: it answers the same session again for 30 s', async (t) => {
  const service = await openTestService(t)
  const { browser, phone } = await confirmedBrowser(service)
  const answers = [await browser.consume(), ...await Promise.all([browser.consume(), browser.consume(), browser.consume()])]
  service.clock.advance(29_999)
  answers.push(await browser.consume())
  for (const answer of answers) t.equal(answer.status, 200)
  t.equal(new Set(answers.map(cookieOf)).size, 1)
  t.equal((await phone.sessions()).json.sessions.length, 1)
  for (const answer of answers) t.equal((await session(service, { authorization: `Bearer ${answer.json.access_token}` })).status, 200)
  service.clock.advance(1)
  t.equal(verdict(await browser.consume()), '409 ticket-consumed')
  t.equal((await session(service, { cookie: cookieOf(answers[0] as Answer) })).status, 200, 'the session goes on afterwards')
})

await t.test('consume: one session is opened when twenty callers race', async (t) => {
  const service = await openTestService(t)
  const { browser, phone } = await confirmedBrowser(service)
  const answers = await Promise.all(Array.from({ length: 20 }, () => browser.consume()))
  t.ok(answers.every(({ status }) => status === 200))
  t.equal(new Set(answers.map(cookieOf)).size, 1)
  t.equal((await phone.sessions()).json.sessions.length, 1)
})

await t.test('consume: it is refused with ticket-consumed within the 30 s when the session has ended', async (t) => {
  const service = await openTestService(t)
  const byBrowser = await logIn(service)
  await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: byBrowser.cookie, ...sameOrigin } })
  t.equal(verdict(await byBrowser.browser.consume()), '409 ticket-consumed')
  const byPhone = await logIn(service)
  const [{ id }] = (await byPhone.phone.sessions()).json.sessions
  await byPhone.phone.signOut(id)
  const again = await byPhone.browser.consume()
  t.equal(verdict(again), '409 ticket-consumed')
  t.equal(again.headers['set-cookie'], undefined)
  t.strictSame((await byPhone.phone.sessions()).json.sessions, [])
})

await t.test('consume: it restores no ended session when it is repeated at the end of the 30 s', async (t) => {
  const service = await openTestService(t)
  const [byBrowser, byPhone, byRelogin] = [await logIn(service), await logIn(service), await logIn(service)]
  await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: byBrowser.cookie, ...sameOrigin } })
  const ended = (await session(service, { cookie: byPhone.cookie })).json.session.id
  t.equal((await byPhone.phone.signOut(ended)).status, 204)
  service.clock.advance(1)
  const next = await confirmedBrowser(service, { phone: byRelogin.phone })
  const path = `/api/tickets/${next.browser.ticket}/consume`
  t.equal((await service.call({ method: 'POST', path, headers: { authorization: `Ticket ${next.browser.secret}`, cookie: byRelogin.cookie, ...sameOrigin } })).status, 200)
  service.clock.advance(29_998)
  for (const { browser } of [byBrowser, byPhone, byRelogin]) {
    const again = await browser.consume()
    t.equal(verdict(again), '409 ticket-consumed')
    t.equal(again.headers['set-cookie'], undefined)
  }
  t.equal((await byPhone.phone.sessions()).json.sessions.length, 1, 'that of the last login only')
})

await t.test('consume: the answer has the name that the person confirmed with', async (t) => {
  const service = await openTestService(t)
  const phone = await phoneOf(service)
  await phone.rename('Ming')
  const { consumed } = await logIn(service, { phone })
  t.strictSame(consumed.json.user, { sub: phone.sub, name: 'Ming' })
})

await t.test('phone sessions: a person lists and ends their own only', async (t) => {
  const service = await openTestService(t)
  const first = await logIn(service)
  service.clock.advance(120_000)
  const second = await logIn(service, { phone: first.phone, from: '198.51.100.7' })
  const hong = await logIn(service, { phone: await phoneOf(service, 'hong') })
  const { sessions } = (await first.phone.sessions()).json
  t.strictSame(sessions, [
    { id: sessions[0].id, browser: { name: 'Chrome', system: 'Windows', ip: '198.51.100.7', network: '198.51.100.0/24', place: null, place_en: null }, created_at: '2026-11-23T00:02:00.000Z', last_seen_at: '2026-11-23T00:02:00.000Z', expires_at: '2026-12-23T00:02:00.000Z' },
    { id: sessions[1].id, browser: { name: 'Chrome', system: 'Windows', ip: '127.0.0.1', network: null, place: null, place_en: null }, created_at: '2026-11-23T00:00:00.000Z', last_seen_at: '2026-11-23T00:00:00.000Z', expires_at: '2026-12-23T00:00:00.000Z' },
  ])
  t.equal(sessions[0].id, (await session(service, { cookie: second.cookie })).json.session.id)

  const hongs = (await hong.phone.sessions()).json.sessions
  t.equal(hongs.length, 1)
  const foreign = await first.phone.signOut(hongs[0].id)
  const unknown = await first.phone.signOut('A'.repeat(22))
  t.equal(verdict(foreign), '404 not-found')
  t.strictSame({ ...foreign.json, request_id: '' }, { ...unknown.json, request_id: '' }, 'another person\'s session is answered like an unknown one')
  for (const id of ['x', 'A'.repeat(1000), '%00', '..%2f..', '__proto__', 'a:b']) {
    t.strictSame({ ...(await first.phone.signOut(id)).json, request_id: '' }, { ...unknown.json, request_id: '' }, id.slice(0, 20))
  }
  t.equal((await session(service, { cookie: hong.cookie })).status, 200)

  const out = await first.phone.signOut(sessions[0].id)
  t.equal(out.status, 204)
  t.equal(out.text, '')
  t.equal(verdict(await session(service, { cookie: second.cookie })), '401 unauthenticated')
  t.equal(verdict(await session(service, { authorization: `Bearer ${second.token}` })), '401 unauthenticated')
  t.equal((await session(service, { cookie: first.cookie })).status, 200)
  t.strictSame((await first.phone.sessions()).json.sessions.map(({ id }: { id: string }) => id), [sessions[1].id])
})

await t.test('profile: the name that a person chooses is shown', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_PHONE: '1000' } })
  const { phone, cookie } = await logIn(service)
  const name = async (): Promise<unknown> => (await session(service, { cookie })).json.user.name
  t.equal(await name(), null)
  for (const good of ['明', 'Ming', '🦊'.repeat(32), 'a'.repeat(32), '👩‍👩‍👧', '<script>alert(1)</script>', '"; DROP', '__proto__', 'e\u0301', 'محمد']) {
    t.strictSame((await phone.rename(good)).json, { user: { sub: phone.sub, name: good } }, good)
    t.equal(await name(), good)
  }
  await phone.rename('Ming')
  for (const bad of ['a'.repeat(33), '🦊'.repeat(33), 'a\nb', 'a\u0000b', '\u0007', 'Ming\n', '\tMing', 'a\u007f', 'a\u0085b', 'a\u202eb', 'a\u2028b', '\ud800', 'a'.repeat(5000)]) {
    t.equal(verdict(await phone.rename(bad)), '400 bad-request', encodeURI(bad.toWellFormed()).slice(0, 40))
  }
  for (const body of [{}, { name: null }, { name: 1 }, { name: ['Ming'] }, { name: { a: 1 } }, [], 'Ming', null]) {
    t.equal(verdict(await phone.signed({ method: 'PUT', path: '/api/phone/profile', body: JSON.stringify(body) })), '400 bad-request', JSON.stringify(body))
  }
  t.equal(await name(), 'Ming', 'a refused name changes nothing')

  const { browser } = await confirmedBrowser(service, { phone })
  t.strictSame((await browser.poll()).json.phone, { name: 'Ming' }, 'the scanned browser gets it')
  t.strictSame((await browser.consume()).json.user, { sub: phone.sub, name: 'Ming' })
  t.strictSame((await phone.rename('')).json, { user: { sub: phone.sub, name: null } })
  t.equal(await name(), null)
  t.equal((await phone.rename('')).status, 200, 'also when repeated')
  const nameless = await openBrowser(service)
  await phone.scan(nameless.ticket)
  t.equal((await nameless.poll()).json.phone, undefined)
})

await t.test('subject: it is the HMAC of mini program and openid, and the same after a restart', async (t) => {
  const keys = generateKeys()
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const before = await openTestService(t, { keys, clock, store })
  const { phone, cookie, token } = await logIn(before)
  const hmac = createHmac('sha256', keys.subject).update(`${before.simulator.appid}\0${before.simulator.openidOf('ming')}`).digest('base64url')
  t.equal(phone.sub, hmac)
  t.not(phone.sub, before.simulator.openidOf('ming'))
  await before.app.close()

  const after = await openTestService(t, { keys, clock, store, simulator: before.simulator })
  t.equal((await phoneOf(after)).sub, phone.sub)
  t.equal((await session(after, { cookie })).json.user.sub, phone.sub, 'the session goes on')
  t.equal((await session(after, { authorization: `Bearer ${token}` })).json.user.sub, phone.sub, 'and the token is still good')
  const withOtherCookieKey = await openTestService(t, { keys: { ...keys, cookie: generateKeys().cookie }, clock, store, simulator: before.simulator })
  t.equal((await session(withOtherCookieKey, { cookie })).json.user.sub, phone.sub, 'another cookie key logs nobody out')
  const elsewhere = await openTestService(t, { clock, simulator: before.simulator })
  t.not((await phoneOf(elsewhere)).sub, phone.sub, 'another subject key gives another subject')
})

await t.test('phone login: each failure has its own code', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_GUESS: '1000' } })
  const login = (body: unknown): Promise<Answer> => service.call({ method: 'POST', path: '/api/phone/login', body } satisfies Call)
  const jsCode = service.simulator.jsCode('ming')
  t.equal(verdict(await login({ js_code: jsCode })), '200')
  t.equal(verdict(await login({ js_code: jsCode })), '401 js-code-invalid', 'it works once')
  for (const bad of ['nonsense', 'a&appid=wx1', 'a\nb', '微信', ' ']) t.equal(verdict(await login({ js_code: bad })), '401 js-code-invalid', bad)
  for (const bad of ['', 1, null, ['x'], {}, 'x'.repeat(5000)]) t.equal(verdict(await login({ js_code: bad })), '400 bad-request', JSON.stringify(bad).slice(0, 20))
  for (const bad of [undefined, {}, [], 'null', '"x"']) t.equal(verdict(await login(bad)), '400 bad-request')
  service.simulator.fail('jscode2session', 40226, 1)
  t.equal(verdict(await login({ js_code: service.simulator.jsCode('ming') })), '403 wechat-user-blocked')
  for (const fault of [-1, 45011, 47001, 99999, 'html', 'http-500', 'cut', 45009] as const) {
    service.simulator.fail('jscode2session', fault)
    const answer = await login({ js_code: service.simulator.jsCode('ming') })
    t.equal(verdict(answer), '503 wechat-unavailable', String(fault))
    t.ok(Number(answer.headers['retry-after']) > 0)
  }
})

await t.test('session: it is answered with 200 and null in place of 401 when nobody is logged in and the caller asks for that', async (t) => {
  const service = await openTestService(t)
  const { cookie } = await logIn(service)
  const { cookie: ofAnother } = await logIn(service, { phone: await phoneOf(service, 'hong') })
  const ask = (query: string, headers: Record<string, string> = {}): Promise<Answer> => service.call({ path: `/api/session${query}`, headers })
  for (const headers of [{}, { cookie: 'scan_login=nonsense' }, { authorization: 'Bearer nonsense' }, { cookie: `${cookie}; ${ofAnother}` }]) {
    for (const query of ['', '?optional=false', '?absent=204']) t.equal(verdict(await ask(query, headers)), '401 unauthenticated', query)
    const answer = await ask('?optional=true', headers)
    t.strictSame([answer.status, answer.json, answer.headers['www-authenticate']], [200, { user: null, session: null }, undefined])
    t.match(answer.headers['content-type'], /^application\/json\b/)
  }
  t.strictSame((await ask('?optional=true&return_to=/deep')).json, { user: null, session: null, return_to: '/deep' })
  t.ok([(await ask('?optional=true', { cookie: `${cookie}; ${ofAnother}` })).headers['set-cookie']].flat().length > 0, 'cookies of different people are cleared all the same')
  t.strictSame((await ask('?optional=true', { cookie })).json, (await ask('', { cookie })).json)
  t.equal(verdict(await ask('?optional=yes')), '400 bad-request')
})

await t.test('session: return_to is returned when it is allowed, and refused by the rule of tickets when it is not', async (t) => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: 'https://shop.example' } })
  const { cookie } = await logIn(service)
  const ask = async (returnTo: string): Promise<Answer> => {
    const answer = await service.call({ path: `/api/session?return_to=${encodeURIComponent(returnTo)}`, headers: { cookie } })
    t.strictSame([answer.headers['cache-control'], answer.headers.vary, answer.headers.location], ['no-store', 'Cookie, Authorization', undefined], returnTo)
    return answer
  }
  for (const returnTo of ['/me', '/x?a=b&c=d#/orders/7', 'https://shop.example/a#b', `${service.config.origin}/deep`]) t.equal((await ask(returnTo)).json.return_to, returnTo)
  for (const returnTo of ['', '//evil.example', '/\\evil.example', 'https://evil.example/', '/a%0Ab', 'javascript:alert(1)', `/${'a'.repeat(8192)}`]) {
    t.equal(verdict(await ask(returnTo)), '400 return-to-not-allowed', returnTo)
    t.strictSame(verdict(await service.call({ path: `/api/session?return_to=${encodeURIComponent(returnTo)}` })), '400 return-to-not-allowed', 'for strangers, too')
  }
})
