/** Sites that embed the element on an origin of their own: what is made for one of them is shown as its, and is good for it alone. */
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

/** The service as a page of this origin calls it. */
const from = (service: TestService, origin: string, site = 'cross-site'): TestService =>
  ({ ...service, call: (call) => service.call({ ...call, headers: { ...call.headers, ...(!call.path.includes('/phone/') && { origin, 'sec-fetch-site': site }) } }) })

const bearing = (token: string) => ({ authorization: `Bearer ${token}` })
const who = (service: TestService, token: string): Promise<Answer> => service.call({ path: '/api/session', headers: bearing(token) })
const verify = (service: TestService, token: string): Promise<Answer> => service.call({ path: '/api/session/verify', headers: bearing(token) })
/** As a site's backend asks: no origin, no cookie. */
const renew = (service: TestService, token: string, headers: Record<string, string> = {}): Promise<Answer> =>
  service.call({ method: 'POST', path: '/api/session/token', headers: { ...bearing(token), ...headers } })
const claimsOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

const embedding = { ALLOWED_ORIGINS: `${shop},${forum}` }

await t.test('E14 phone: it names the origin whose page asks, and whose service this is, when another site embeds the login', async (t) => {
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
  t.strictSame(await siteOn(service), own, 'what is no page says no origin')
})

await t.test('E14 phone: it names the asking origin when that has the service\'s domain and no COOKIE_DOMAIN joins them, or its scheme is another', async (t) => {
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
      const store = createStore(redis?.url ?? 'sqlite::memory:', { clock: systemClock, log: createRecordingLog() }) // its own ends are not the matter here
      t.teardown(async () => {
        await store.close()
        await redis?.stop()
      })
      await untilReady(store)
      await tests(t, await openTestService(t, { env: { ...embedding, LIMIT_PHONE: '10000', LIMIT_CREATE: '10000' }, clock, store }))
    })
  }
}

await onEachStore('E14 consume: it hands out a token for the asking site alone, and no cookie, when another site embeds the login', async (t, service) => {
  const keys = createLocalJWKSet((await service.call({ path: '/.well-known/jwks.json' })).json)
  const phone = await phoneOf(service)
  const ours = await logIn(service, { phone })
  const [bought, written] = [await logIn(from(service, shop), { phone }), await logIn(from(service, forum), { phone })]
  for (const [{ consumed, token, browser }, origin] of [[bought, shop], [written, forum]] as const) {
    t.equal(consumed.headers['set-cookie'], undefined)
    t.equal((await browser.consume()).headers['set-cookie'], undefined, 'nor when the answer is asked for again')
    t.hasStrict((await jwtVerify(token, keys, { issuer: serviceOrigin, audience: origin, currentDate: new Date(service.clock.now()) })).payload, { aud: origin, sub: phone.sub })
    await t.rejects(jwtVerify(token, keys, { audience: serviceOrigin, currentDate: new Date(service.clock.now()) }), { code: 'ERR_JWT_CLAIM_VALIDATION_FAILED' })
    t.equal((await who(service, token)).json.user.sub, phone.sub)
    t.equal(verdict(await verify(service, token)), '401 unauthenticated', 'it is no way into our own sites')
    t.equal(verdict(await service.call({ method: 'DELETE', path: '/api/session', headers: bearing(token) })), '401 unauthenticated')
    t.equal(verdict(await service.call({ method: 'DELETE', path: '/api/session', headers: { ...bearing(token), cookie: ours.cookie, 'sec-fetch-site': 'cross-site' } })), '403 cross-site')
  }
  t.equal(verdict(await verify(service, ours.token)), '200')
  t.equal(claimsOf(ours.token).aud, serviceOrigin)
  t.equal((await who(service, ours.token)).status, 200, 'and none of it ended ours')
})

await t.test('E14 consume: no cookie comes of it when the site\'s backend takes the login to its end, with its secret and without an origin', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const phone = await phoneOf(service)
  const { browser } = await confirmedBrowser(from(service, shop), { phone })
  const consumed = await service.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization: `Ticket ${browser.secret}` } })
  t.equal(consumed.status, 200)
  t.equal(consumed.headers['set-cookie'], undefined)
  t.equal(claimsOf(consumed.json.access_token).aud, shop)
  const moved = await confirmedBrowser(from(service, shop), { phone })
  const pretended = await service.call({ method: 'POST', path: `/api/tickets/${moved.browser.ticket}/consume`, headers: { authorization: `Ticket ${moved.browser.secret}`, origin: serviceOrigin, 'sec-fetch-site': 'same-origin' } })
  t.equal(pretended.headers['set-cookie'], undefined, 'nor when it says that our own page asks')
  t.equal(claimsOf(pretended.json.access_token).aud, shop)
})

await t.test('E14 consume: no cookie is set on a page of another site when the ticket was made without one', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const { browser } = await confirmedBrowser(service)
  const consumed = await from(service, shop).call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization: `Ticket ${browser.secret}` } })
  t.equal(consumed.status, 200)
  t.equal(consumed.headers['set-cookie'], undefined)
})

await t.test('E14 token: each is refused where another one is meant when sites, or their operator, mix them up', async (t) => {
  const keys = generateKeys()
  const service = await openTestService(t, { env: embedding, keys })
  const phone = await phoneOf(service)
  const { token } = await logIn(from(service, shop), { phone })
  const claims = claimsOf(token)
  // The same store and keys, after the operator took the site off the list.
  const without = await openTestService(t, { env: { ALLOWED_ORIGINS: forum }, keys, store: service.store, clock: service.clock, simulator: service.simulator })
  t.equal(verdict(await who(without, token)), '401 unauthenticated', 'a site that is allowed no more')
  t.equal(verdict(await renew(without, token)), '401 unauthenticated')
  // And with the site's name as that of everybody's tokens, which a start refuses.
  t.throws(() => readConfig({ ...embedding, PUBLIC_URL: serviceOrigin, TOKEN_AUDIENCE: shop }), /^TOKEN_AUDIENCE must not be/)
  t.equal((await who(service, token)).status, 200)
  t.equal(claims.aud, shop)
})

await onEachStore('E14 session: it lives as long as its tokens are renewed and a day at the most, whatever SESSION_IDLE allows ours, when it is another site\'s', async (t, service) => {
  const phone = await phoneOf(service)
  const site = from(service, shop)
  const sites = async (): Promise<unknown[]> => (await (await phoneOf(service)).sessions()).json.sessions.map(({ site }: { site?: { name: string } }) => site?.name)

  const left = await logIn(site, { phone })
  service.clock.advance(14 * minuteMs)
  t.equal((await who(service, left.token)).status, 200)
  t.strictSame(await sites(), ['shop.example'])
  service.clock.advance(2 * minuteMs)
  t.strictSame(await sites(), [], 'to be asked about is no renewal')
  t.equal(verdict(await renew(service, left.token)), '401 unauthenticated', 'what has ended is not renewed')

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

await t.test('E14 renewal: it is for a site\'s backend, by its own token and nothing else, and no origin is asked for', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const phone = await phoneOf(service)
  const ours = await logIn(service, { phone })
  const { token } = await logIn(from(service, shop), { phone })
  t.equal(verdict(await renew(service, ours.token)), '401 unauthenticated', 'ours has its cookie')
  t.equal(verdict(await renew(service, ours.token, { 'sec-fetch-site': 'same-origin' })), '401 unauthenticated')
  t.equal(verdict(await renew(service, token)), '200')
  t.equal(verdict(await renew(service, token, { cookie: 'a=b; sid=c' })), '200', 'the cookies of somebody else are none')
  t.equal(verdict(await renew(service, token, { cookie: ours.cookie })), '403 cross-site', 'whoever shows a cookie is a browser, and says whose page it is')
  const byCookie = await renew(service, token, { cookie: ours.cookie, 'sec-fetch-site': 'same-origin' })
  t.equal(claimsOf(byCookie.json.access_token).aud, serviceOrigin, 'and is judged by the cookie')
  for (const bad of ['', 'x', `${token}x`, token.toLowerCase()]) t.equal(verdict(await renew(service, bad)), '401 unauthenticated')
  const twice = await service.app.inject({ method: 'POST', url: '/api/session/token', headers: { authorization: [`Bearer ${token}`, `Bearer ${token}`] } as never }) // its types know one header of a name
  t.equal(twice.statusCode, 401)
  t.equal(verdict(await service.call({ method: 'POST', path: '/api/session/token' })), '403 cross-site')
})

await t.test('E14 phone: a site\'s session is listed under its name, and ended there, at once', async (t) => {
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

await t.test('E14 cookie: none opens a site\'s session when an earlier release has set one', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const { cookie, token } = await logIn(service)
  const key = `session:${String(claimsOf(token).sid)}`
  await service.store.write(key, { ...await service.store.read<object>(key), site: shop }, minuteMs)
  t.equal(verdict(await service.call({ path: '/api/session', headers: { cookie } })), '401 unauthenticated')
  t.equal(verdict(await who(service, token)), '401 unauthenticated', 'nor a token that was made out to us')
})

await t.test('E13 code: its resource policy is as wide as ALLOWED_ORIGINS, and a page that says it is another\'s is refused', async (t) => {
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

await t.test('E14 audit: a site\'s login can be told from ours', async (t) => {
  const service = await openTestService(t, { env: embedding })
  const { consumed } = await logIn(from(service, shop), { phone: await phoneOf(service) })
  t.equal(cookieOf(consumed), 'undefined')
  t.strictSame(auditStepsIn(service.logged()).filter(({ event }) => /ticket.created|session.opened/.test(event)).map(({ site }) => site), [shop, shop])
})
