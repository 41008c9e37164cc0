/** Sites that embed the element on an origin of their own: the phone names the site, and tokens and sessions are valid for it alone. */
import { createLocalJWKSet, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { readConfig } from '../../../src/config.ts'
import { systemClock } from '../../../src/runtime.ts'
import { generateKeys } from '../../../src/sessions/key-set.ts'
import { createStore } from '../../../src/stores/store.ts'
import { untilReady } from '../../contract/store-harness.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { openTestService, type Answer, type TestService } from '../../support/test-service.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { confirmedBrowser, cookieOf, logIn, phoneOf, verdict } from '../../support/login.ts'
import { startRedis } from '../../support/redis.ts'
import { auditStepsIn } from '../../support/audit-steps.ts'

const [serviceOrigin, shop, forum, sibling] = ['https://login.example.com', 'https://shop.example', 'https://forum.example:8443', 'https://www.example.com']
const minuteMs = 60_000
const dayMs = 24 * 3600_000

/** Returns the service as called by a page of this origin. */
const from = (service: TestService, origin: string, site = 'cross-site'): TestService =>
  ({ ...service, call: (call) => service.call({ ...call, headers: { ...call.headers, ...(!call.path.includes('/phone/') && { origin, 'sec-fetch-site': site }) } }) })

const bearing = (token: string) => ({ authorization: `Bearer ${token}` })
const who = (service: TestService, token: string): Promise<Answer> => service.call({ path: '/api/session', headers: bearing(token) })
const verify = (service: TestService, token: string): Promise<Answer> => service.call({ path: '/api/session/verify', headers: bearing(token) })
/** Asks as a site's backend does: without origin and cookie. */
const renew = (service: TestService, token: string, headers: Record<string, string> = {}): Promise<Answer> =>
  service.call({ method: 'POST', path: '/api/session/token', headers: { ...bearing(token), ...headers } })
const claimsOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

const embedding = { ALLOWED_ORIGINS: `${shop},${forum}` }

await t.test('E14 phone: it gets the asking page\'s origin and the service\'s own when another site embeds the login', async (t) => {
  const service = await openTestService(t, { env: { ...embedding, ALLOWED_ORIGINS: `${shop},${forum},${sibling}`, COOKIE_DOMAIN: 'example.com' } })
  const phone = await phoneOf(service)
  const siteOn = async (asking: TestService, headers = {}): Promise<unknown> => {
    const { ticket } = (await asking.call({ method: 'POST', path: '/api/tickets', headers })).json
    return (await phone.scan(ticket)).json.site
  }
  t.strictSame(await siteOn(from(service, shop)), { name: 'shop.example', origin: shop, service: serviceOrigin })
  t.strictSame(await siteOn(from(service, forum)), { name: 'forum.example:8443', origin: forum, service: serviceOrigin })
  const own = { name: 'Example', origin: serviceOrigin, service: serviceOrigin }
  t.strictSame(await siteOn(from(service, serviceOrigin, 'same-origin')), own)
  t.strictSame(await siteOn(from(service, sibling, 'same-site')), own, 'COOKIE_DOMAIN covers it: it is ours')
  t.strictSame(await siteOn(service), own, 'a caller without a page sends no origin')
})

await t.test('E14 phone: it gets the asking origin also when that is of the same domain without COOKIE_DOMAIN, or of another scheme', async (t) => {
  for (const [env, origin] of [
    [{ ALLOWED_ORIGINS: sibling }, sibling],
    [{ ALLOWED_ORIGINS: 'http://www.example.com', COOKIE_DOMAIN: 'example.com' }, 'http://www.example.com'],
    [{ ALLOWED_ORIGINS: 'https://login.example.com:8443' }, 'https://login.example.com:8443'],
    [{ ALLOWED_ORIGINS: 'https://evilexample.com', COOKIE_DOMAIN: 'example.com' }, 'https://evilexample.com'],
  ] as Array<[Record<string, string>, string]>) {
    const service = await openTestService(t, { env })
    const { consumed } = await logIn(from(service, origin), { phone: await phoneOf(service) })
    t.equal(consumed.headers['set-cookie'], undefined, origin)
    t.equal(claimsOf(consumed.json.access_token).aud, origin)
  }
})

/** Runs a test on a service with each kind of store. */
const onEachStore = async (name: string, tests: (t: Test, service: TestService) => Promise<void>): Promise<void> => {
  for (const kind of ['sqlite', 'redis']) {
    await t.test(`${name} (${kind})`, async (t) => {
      const redis = kind === 'redis' ? await startRedis() : undefined
      const clock = createFakeClock()
      const store = createStore(redis?.url ?? 'sqlite::memory:', { clock: systemClock, log: createRecordingLog() }) // expiry by its own clock doesn't matter here
      t.teardown(async () => {
        await store.close()
        await redis?.stop()
      })
      await untilReady(store)
      await tests(t, await openTestService(t, { env: { ...embedding, LIMIT_PHONE: '10000', LIMIT_CREATE: '10000' }, clock, store }))
    })
  }
}

await onEachStore('E14 consume: it gives a token for the asking site only, and no cookie, when another site embeds the login', async (t, service) => {
  const keys = createLocalJWKSet((await service.call({ path: '/.well-known/jwks.json' })).json)
  const phone = await phoneOf(service)
  const ours = await logIn(service, { phone })
  const [bought, written] = [await logIn(from(service, shop), { phone }), await logIn(from(service, forum), { phone })]
  for (const [{ consumed, token, browser }, origin] of [[bought, shop], [written, forum]] as const) {
    t.equal(consumed.headers['set-cookie'], undefined)
    t.equal((await browser.consume()).headers['set-cookie'], undefined, 'nor when it is repeated')
    t.hasStrict((await jwtVerify(token, keys, { issuer: serviceOrigin, audience: origin, currentDate: new Date(service.clock.now()) })).payload, { aud: origin, sub: phone.sub })
    await t.rejects(jwtVerify(token, keys, { audience: serviceOrigin, currentDate: new Date(service.clock.now()) }), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' })
    t.equal((await who(service, token)).json.user.sub, phone.sub)
    t.equal(verdict(await verify(service, token)), '401 unauthenticated', 'it isn\'t accepted for our own sites')
    t.equal(verdict(await service.call({ method: 'DELETE', path: '/api/session', headers: bearing(token) })), '401 unauthenticated')
    t.equal(verdict(await service.call({ method: 'DELETE', path: '/api/session', headers: { ...bearing(token), cookie: ours.cookie, 'sec-fetch-site': 'cross-site' } })), '403 cross-site')
  }
  t.equal(verdict(await verify(service, ours.token)), '200')
  t.equal(claimsOf(ours.token).aud, serviceOrigin)
  t.equal((await who(service, ours.token)).status, 200, 'our own token is still accepted')
})

await t.test('E14 consume: it sets no cookie when the site\'s backend calls it with the secret and without an origin', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const phone = await phoneOf(service)
  const { browser } = await confirmedBrowser(from(service, shop), { phone })
  const consumed = await service.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization: `Ticket ${browser.secret}` } })
  t.equal(consumed.status, 200)
  t.equal(consumed.headers['set-cookie'], undefined)
  t.equal(claimsOf(consumed.json.access_token).aud, shop)
  const moved = await confirmedBrowser(from(service, shop), { phone })
  const pretended = await service.call({ method: 'POST', path: `/api/tickets/${moved.browser.ticket}/consume`, headers: { authorization: `Ticket ${moved.browser.secret}`, origin: serviceOrigin, 'sec-fetch-site': 'same-origin' } })
  t.equal(pretended.headers['set-cookie'], undefined, 'nor when it claims to be our own page')
  t.equal(claimsOf(pretended.json.access_token).aud, shop)
})

await t.test('E14 consume: it sets no cookie on another site\'s page when the ticket was created without an origin', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const { browser } = await confirmedBrowser(service)
  const consumed = await from(service, shop).call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization: `Ticket ${browser.secret}` } })
  t.equal(consumed.status, 200)
  t.equal(consumed.headers['set-cookie'], undefined)
})

await t.test('E14 token: it is refused at every site but its own', async (t) => {
  const keys = generateKeys()
  const service = await openTestService(t, { env: embedding, keys })
  const phone = await phoneOf(service)
  const { token } = await logIn(from(service, shop), { phone })
  const claims = claimsOf(token)
  // The same store and keys, after the operator has removed the site from ALLOWED_ORIGINS.
  const without = await openTestService(t, { env: { ALLOWED_ORIGINS: forum }, keys, store: service.store, clock: service.clock, simulator: service.simulator })
  t.equal(verdict(await who(without, token)), '401 unauthenticated', 'a site that is no longer allowed')
  t.equal(verdict(await renew(without, token)), '401 unauthenticated')
  // TOKEN_AUDIENCE must not be an embedding site: the start refuses that.
  t.throws(() => readConfig({ ...embedding, PUBLIC_URL: serviceOrigin, TOKEN_AUDIENCE: shop }), /^TOKEN_AUDIENCE must not be/)
  t.equal((await who(service, token)).status, 200)
  t.equal(claims.aud, shop)
})

await onEachStore('E14 session: another site\'s lives only while its tokens are renewed, and for a day at the most, independently of SESSION_IDLE', async (t, service) => {
  const phone = await phoneOf(service)
  const site = from(service, shop)
  const sites = async (): Promise<unknown[]> => (await (await phoneOf(service)).sessions()).json.sessions.map(({ site }: { site?: { name: string } }) => site?.name)

  const left = await logIn(site, { phone })
  service.clock.advance(14 * minuteMs)
  t.equal((await who(service, left.token)).status, 200)
  t.strictSame(await sites(), ['shop.example'])
  service.clock.advance(2 * minuteMs)
  t.strictSame(await sites(), [], 'verifying is no renewal')
  t.equal(verdict(await renew(service, left.token)), '401 unauthenticated', 'an ended session is not renewed')

  const kept = await logIn(site, { phone })
  const openedAt = service.clock.now()
  let { token } = kept
  let renewals = 0
  for (;;) {
    service.clock.advance(14 * minuteMs)
    const answer = await renew(service, token)
    if (answer.status !== 200) {
      t.equal(verdict(answer), '401 unauthenticated')
      break
    }
    renewals += 1
    t.strictSame(Object.keys(answer.json).sort(), ['access_token', 'expires_in', 'token_type', 'user'])
    t.equal(answer.headers['set-cookie'], undefined)
    token = answer.json.access_token
    const { aud, exp, sid } = claimsOf(token)
    t.equal(aud, shop)
    t.equal(sid, claimsOf(kept.token).sid)
    if (Number(exp) * 1000 > openedAt + dayMs) t.fail('a token outlives the day')
  }
  t.equal(renewals, Math.floor((dayMs - 1) / (14 * minuteMs)))
  t.strictSame(await sites(), [])
})

await t.test('E14 renewal: a site\'s backend renews by its own token only, without an origin', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const phone = await phoneOf(service)
  const ours = await logIn(service, { phone })
  const { token } = await logIn(from(service, shop), { phone })
  t.equal(verdict(await renew(service, ours.token)), '401 unauthenticated', 'our own is renewed by cookie')
  t.equal(verdict(await renew(service, ours.token, { 'sec-fetch-site': 'same-origin' })), '401 unauthenticated')
  t.equal(verdict(await renew(service, token)), '200')
  t.equal(verdict(await renew(service, token, { cookie: 'a=b; sid=c' })), '200', 'other cookies don\'t matter')
  t.equal(verdict(await renew(service, token, { cookie: ours.cookie })), '403 cross-site', 'a caller with a cookie is a browser, and needs an origin')
  const byCookie = await renew(service, token, { cookie: ours.cookie, 'sec-fetch-site': 'same-origin' })
  t.equal(claimsOf(byCookie.json.access_token).aud, serviceOrigin, 'and goes by the cookie')
  for (const bad of ['', 'x', `${token}x`, token.toLowerCase()]) t.equal(verdict(await renew(service, bad)), '401 unauthenticated')
  const twice = await service.app.inject({ method: 'POST', url: '/api/session/token', headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } as never }) // its types allow one header of a name
  t.equal(twice.statusCode, 401)
  t.equal(verdict(await service.call({ method: 'POST', path: '/api/session/token' })), '403 cross-site')
})

await t.test('E14 phone: it lists a site\'s session with the site\'s name, and ends it at once', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const phone = await phoneOf(service)
  await logIn(service, { phone })
  service.clock.advance(1)
  const { token } = await logIn(from(service, shop), { phone })
  const { sessions } = (await phone.sessions()).json
  t.strictSame(sessions.map(({ site }: { site?: unknown }) => site), [{ name: 'shop.example', origin: shop }, undefined])
  t.equal((await phone.signOut(sessions[0].id)).status, 204)
  t.equal(verdict(await who(service, token)), '401 unauthenticated')
  t.equal(verdict(await renew(service, token)), '401 unauthenticated')
  t.equal((await phone.sessions()).json.sessions.length, 1)
})

await t.test('E14 cookie: one that an earlier release has set for a site\'s session is refused', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const { cookie, token } = await logIn(service)
  const key = `session:${String(claimsOf(token).sid)}`
  await service.store.write(key, { ...await service.store.read<object>(key), site: shop }, minuteMs)
  t.equal(verdict(await service.call({ path: '/api/session', headers: { cookie } })), '401 unauthenticated')
  t.equal(verdict(await who(service, token)), '401 unauthenticated', 'and so is a token for us')
})

await t.test('E13 code: its Cross-Origin-Resource-Policy is as wide as ALLOWED_ORIGINS, and it is refused on other sites\' pages', async (t) => {
  const policies: Array<[env: Record<string, string>, policy: string]> = [
    [{}, 'same-origin'],
    [{ ALLOWED_ORIGINS: serviceOrigin }, 'same-origin'],
    [{ COOKIE_DOMAIN: 'example.com' }, 'same-origin'],
    [{ COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: sibling }, 'same-site'],
    [{ ALLOWED_ORIGINS: sibling }, 'cross-origin'],
    [{ COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: `${sibling},${shop}` }, 'cross-origin'],
  ]
  for (const [env, policy] of policies) {
    const service = await openTestService(t, { env })
    const { ticket } = (await service.call({ method: 'POST', path: '/api/tickets' })).json
    const code = (headers: Record<string, string>): Promise<Answer> => service.call({ path: `/api/tickets/${ticket}/code`, headers })
    t.equal((await code({})).headers['cross-origin-resource-policy'], policy, JSON.stringify(env))
    const image = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' }
    for (const headers of [{ origin: 'https://evil.example' }, { origin: 'null' }, { ...image, referer: 'https://evil.example/' }, { ...image, 'sec-fetch-site': 'same-site', referer: 'https://blog.example.com/' }]) {
      t.equal(verdict(await code(headers)), '403 cross-site', JSON.stringify(headers))
    }
    const good: Array<Record<string, string>> = [{ referer: 'https://elsewhere.example/' }, { ...image, 'sec-fetch-site': 'same-origin', referer: 'https://other-name.example/' }, { ...image, 'sec-fetch-mode': 'navigate', referer: 'https://mail.example/' }, image, { ...image, referer: 'nonsense' }]
    for (const headers of [...good, ...(env.ALLOWED_ORIGINS ?? serviceOrigin).split(',').flatMap((origin) => [{ origin }, { ...image, referer: `${origin}/page` }])]) {
      t.equal(verdict(await code(headers)), '200', JSON.stringify(headers))
    }
  }
})

await t.test('E14 audit: a site\'s login is logged with the site', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const { consumed } = await logIn(from(service, shop), { phone: await phoneOf(service) })
  t.equal(cookieOf(consumed), 'undefined')
  t.strictSame(auditStepsIn(service.logged()).filter(({ event }) => /ticket.created|session.opened/.test(event)).map(({ site }) => site), [shop, shop])
})
