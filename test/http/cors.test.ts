/** Cross-origin calls: only ALLOWED_ORIGINS. The ticket calls without credentials; those of the session with credentials, for origins under COOKIE_DOMAIN. */
import t from 'tap'
import { openTestService, type Answer, type Call, type TestService } from '../support/test-service.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'

const shop = 'https://shop.example'
const unknown = `/api/tickets/${'A'.repeat(22)}`
const ticketCalls: Array<[path: string, method: string]> = [
  ['/api/tickets', 'POST'], [unknown, 'GET'], [unknown, 'DELETE'], [`${unknown}/consume`, 'POST'], [`${unknown}/code`, 'GET'], [`${unknown}/link`, 'GET'],
]
const corsHeaders = (answer: Answer): string[] => Object.keys(answer.headers).filter((name) => name.startsWith('access-control-'))

const preflight = (service: TestService, path: string, origin: string, method: string): Promise<Answer> => service.call({
  method: 'OPTIONS',
  path,
  headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': 'authorization,content-type,x-ticket-secret' },
})

await t.test('cross-origin: no origin is allowed when ALLOWED_ORIGINS is not set', async (t) => {
  const service = await openTestService(t, { env: { WECHAT_URL_LINK: 'on' } })
  for (const origin of [shop, 'https://login.example.com', 'null']) {
    for (const [path, method] of ticketCalls) {
      const asked = await preflight(service, path, origin, method)
      t.equal(asked.status, 405)
      t.strictSame(corsHeaders(asked), [])
      t.strictSame(corsHeaders(await service.call({ method: method as 'GET', path, headers: { origin } })), [])
    }
  }
})

await t.test('cross-origin: a preflight of an allowed origin is answered for each ticket call', async (t) => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: `https://www.shop.example, ${shop},http://localhost:8080`, PUBLIC_URL: 'https://login.example.com/auth', WECHAT_URL_LINK: 'on' } })
  for (const origin of [shop, 'https://www.shop.example', 'http://localhost:8080']) {
    for (const [path, method] of ticketCalls) {
      const { status, text, headers } = await preflight(service, `/auth${path}`, origin, method)
      t.equal(status, 204, `${method} ${path}`)
      t.equal(text, '')
      t.equal(headers['access-control-allow-origin'], origin)
      t.ok(String(headers['access-control-allow-methods']).split(', ').includes(method))
      t.strictSame(String(headers['access-control-allow-headers']).toLowerCase().split(', ').sort(), ['authorization', 'content-type', 'x-ticket-secret'])
      t.equal(headers['access-control-allow-credentials'], undefined)
      t.match(headers.vary, /\borigin\b/i)
      t.equal(headers['cache-control'], 'no-store')
    }
  }
})

await t.test('cross-origin: an origin is refused when it only looks like an allowed one', async (t) => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: shop, WECHAT_URL_LINK: 'on' } })
  for (const origin of ['null', '', 'https://shop.example.evil.example', 'https://evil-shop.example', 'https://evilshop.example', 'https://www.shop.example', 'http://shop.example', 'https://shop.example:8443',
    'https://shop.example:443', 'https://shop.example/', 'https://SHOP.example', 'https://shop.example@evil.example', 'https://shop.example, https://evil.example', '*', 'https://login.example.com.evil.example',
    'https://shop.example.', 'https://shop.example%00.evil.example', 'https://shop.example\\.evil.example', 'https://shop.example?.evil.example', 'https://shop.examplе', 'HTTPS://shop.example', 'ftp://shop.example', 'shop.example', '//shop.example',
    'https://shop.example:0443', 'https://user@shop.example', 'https://xn--shop-.example', ' https://shop.example', 'undefined']) {
    for (const [path, method] of ticketCalls) {
      const asked = await preflight(service, path, origin, method)
      t.equal(asked.headers['access-control-allow-origin'], undefined, `${origin} asks for ${method}`)
      const called = await service.call({ method: method as 'GET', path, headers: { origin } })
      t.equal(called.headers['access-control-allow-origin'], undefined)
      t.match(called.headers.vary, /\borigin\b/i, 'a cache must not serve this answer to an allowed origin')
    }
  }
})

await t.test('cross-origin: calls other than those on tickets are refused from an allowed origin', async (t) => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: shop } })
  const others: Call[] = [
    { path: '/api/session' }, { path: '/api/session/verify' }, { method: 'POST', path: '/api/session/token' }, { method: 'DELETE', path: '/api/session' },
    { method: 'POST', path: '/api/phone/login' }, { path: '/api/phone/sessions' }, { method: 'PUT', path: '/api/phone/profile' }, { path: '/login' }, { path: '/me' }, { path: '/health/live' },
  ]
  for (const call of others) {
    t.strictSame(corsHeaders(await service.call({ ...call, headers: { origin: shop } })), [], call.path)
    const asked = await preflight(service, call.path, shop, call.method ?? 'GET')
    t.equal(asked.status, 405)
    t.strictSame(corsHeaders(asked), [])
  }
  t.equal(verdict(await service.call({ method: 'DELETE', path: '/api/session', headers: { origin: shop } })), '403 cross-site', 'an origin allowed for tickets is not allowed for sessions')
})

await t.test('cross-origin: an allowed site completes a login up to the token', async (t) => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: shop, LIMIT_CREATE: '2' } })
  const site: TestService = { ...service, call: (call) => service.call({ ...call, headers: { ...call.headers, origin: shop, 'sec-fetch-site': 'cross-site' } }) }
  const { browser, phone } = await confirmedBrowser(site, { body: { return_to: `${shop}/account` } })
  const answers = [browser.created, await browser.poll(0, 0), await browser.consume(), await browser.giveUp()]
  t.strictSame(answers.map(({ status }) => status), [201, 200, 200, 204])
  t.equal(answers[2]?.json.user.sub, phone.sub)
  t.equal(answers[2]?.json.return_to, `${shop}/account`)
  const { ticket } = (await site.call({ method: 'POST', path: '/api/tickets' })).json
  const code = await site.call({ path: `/api/tickets/${ticket}/code` })
  t.equal(code.status, 200)
  t.equal(code.headers['cross-origin-resource-policy'], 'cross-origin', 'an <img> loads it without CORS')
  const refused = [
    await site.call({ path: unknown }),
    await site.call({ method: 'POST', path: '/api/tickets', body: '{' }),
    await site.call({ method: 'POST', path: '/api/tickets' }),
  ]
  t.strictSame(refused.map(verdict), ['404 ticket-not-found', '400 bad-request', '429 rate-limited'])
  for (const { headers } of [...answers, code, ...refused]) {
    t.equal(headers['access-control-allow-origin'], shop, 'the site can read refusals, too')
    t.equal(headers['access-control-allow-credentials'], undefined)
    t.match(headers['access-control-expose-headers'], /\bretry-after\b/i)
  }
  t.equal((await phoneOf(service)).sub, phone.sub)
})

const siblings = ['https://www.example.com', 'https://example.com', 'https://app.example.com:8443']
const withSiblings = { COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: [...siblings, shop, 'https://login.example.com', 'http://old.example.com'].join(), LIMIT_GUESS: '1000' }
const sessionCalls: ReadonlyArray<[path: string, method: NonNullable<Call['method']>]> = [['/api/session', 'GET'], ['/api/session/verify', 'GET'], ['/api/session/token', 'POST'], ['/api/session', 'DELETE']]

await t.test('cross-origin: pages of allowed origins under COOKIE_DOMAIN make the calls of the session with credentials', async (t) => {
  const service = await openTestService(t, { env: withSiblings })
  for (const origin of siblings) {
    for (const [path, method] of sessionCalls) {
      const { status, text, headers } = await preflight(service, path, origin, method)
      t.strictSame([status, text], [204, ''], `${method} ${path}`)
      t.hasStrict(headers, { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'Cookie, Authorization, Origin', 'cache-control': 'no-store' })
      t.ok(String(headers['access-control-allow-methods']).split(', ').includes(method))
      t.strictSame(String(headers['access-control-allow-headers']).toLowerCase().split(', ').sort(), ['authorization', 'content-type'])
    }
    const { cookie, phone, token } = await logIn(service)
    const page = (method: NonNullable<Call['method']>, path: string, headers = {}): Promise<Answer> => service.call({ method, path, headers: { origin, 'sec-fetch-site': 'same-site', cookie, ...headers } })
    const answers = [
      await page('GET', '/api/session'),
      await page('GET', '/api/session', { authorization: `Bearer ${token}` }),
      await page('GET', '/api/session/verify'),
      await page('POST', '/api/session/token'),
      await page('POST', '/api/session/token', { 'content-type': 'text/plain', 'content-length': '2' }),
      await page('DELETE', '/api/session'),
      await page('GET', '/api/session'),
      await page('DELETE', '/api/session'),
      await page('DELETE', '/api/session', { 'sec-fetch-site': 'cross-site' }),
    ]
    t.strictSame(answers.map(verdict), ['200', '200', '200', '200', '415 unsupported-media-type', '204', '401 unauthenticated', '401 unauthenticated', '403 cross-site'])
    t.equal(answers[3]?.json.user.sub, phone.sub)
    for (const { headers } of answers) {
      t.hasStrict(headers, { 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'Cookie, Authorization, Origin' }, 'the page can read refusals, too')
    }
  }
})

await t.test('cross-origin: the calls of the session have no CORS for an origin of another site, one that isn\'t allowed, and our own', async (t) => {
  const service = await openTestService(t, { env: withSiblings })
  const { cookie, token } = await logIn(service)
  for (const origin of [shop, 'https://blog.example.com', 'http://www.example.com', 'https://www.example.com:444', 'https://www.example.com.evil.example', 'https://evil-example.com', 'https://WWW.example.com', 'https://www.example.com/', 'http://old.example.com', 'https://login.example.com', 'null', '']) {
    for (const [path, method] of sessionCalls) {
      const asked = await preflight(service, path, origin, method)
      t.strictSame([asked.status, corsHeaders(asked)], [405, []], `${origin} asks for ${method} ${path}`)
      const called = await service.call({ method, path, headers: { origin, 'sec-fetch-site': 'cross-site', cookie } })
      t.strictSame(corsHeaders(called), [])
      t.equal(called.headers.vary, 'Cookie, Authorization, Origin')
      t.equal(method === 'GET' || called.status === 403, true)
    }
  }
  const backend = await service.call({ path: '/api/session', headers: { origin: shop, authorization: `Bearer ${token}` } })
  t.strictSame([backend.status, corsHeaders(backend)], [200, []])
  t.strictSame(corsHeaders(await service.call({ path: '/api/session', headers: { cookie } })), [], 'no page')
  for (const [path, method] of ticketCalls) {
    t.equal((await preflight(service, path, 'https://www.example.com', method)).headers['access-control-allow-credentials'], undefined, 'the ticket calls need no cookie')
  }
  const narrow = await openTestService(t, { env: { ALLOWED_ORIGINS: 'https://www.example.com' } })
  for (const [path, method] of sessionCalls) t.strictSame(corsHeaders(await preflight(narrow, path, 'https://www.example.com', method)), [], 'without COOKIE_DOMAIN')
})

await t.test('cross-origin: an OPTIONS request gets an answer of the service when it is no preflight', async (t) => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: shop } })
  for (const headers of [{}, { origin: shop }, { 'access-control-request-method': 'POST' }] as Array<Record<string, string>>) {
    const answer = await service.call({ method: 'OPTIONS', path: '/api/tickets', headers })
    t.ok(answer.status === 204 || answer.json?.code !== undefined, `${answer.status} ${answer.text}`)
  }
})
