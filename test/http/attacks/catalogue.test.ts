/** The catalogue of attacks on scan logins, A1 to A18, each carried out over HTTP against a running service, and each without success. Other tests go deeper; here every row has its id. */
import t, { type Test } from 'tap'
import { openBrowser, openPhone, type Service, type TestBrowser, type TestPhone } from '../../support/clients.ts'
import { craftSignature } from '../../support/craft-signature.ts'
import { openTestService, type Answer, type TestService } from '../../support/test-service.ts'
import { cookieOf, verdict } from '../../support/login.ts'
import { remote } from '../../support/remote.ts'
import { otherNumber } from '../../support/seeded-random.ts'

interface CatalogueService extends Service {
  readonly service: TestService
  phone (person: string): Promise<TestPhone>
  scanned (phone: TestPhone): Promise<{ browser: TestBrowser, number: string, choices: readonly string[] }>
  confirmed (phone: TestPhone): Promise<TestBrowser>
}

/** Opens a service that listens on a port, and clients that call it there. */
const openCatalogueService = async (t: Test, env: Record<string, string> = {}): Promise<CatalogueService> => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', ...env } })
  const client = remote(await service.app.listen({ host: '127.0.0.1', port: 0 }))
  t.teardown(() => client.close())
  const phone: CatalogueService['phone'] = (person) => openPhone(client, { jsCode: service.simulator.jsCode(person), now: () => service.clock.now() })
  const scanned: CatalogueService['scanned'] = async (by) => {
    const browser = await openBrowser(client)
    const { json } = await by.scan(browser.ticket)
    return { browser, number: await browser.matchCode(), choices: json.match_choices }
  }
  const confirmed: CatalogueService['confirmed'] = async (by) => {
    const { browser, number } = await scanned(by)
    await by.confirm(browser.ticket, number)
    return browser
  }
  return { call: client.call, service, phone, scanned, confirmed }
}

const stateOf = async (browser: TestBrowser): Promise<string> => (await browser.poll()).json.state
const bearing = (secret: string) => ({ headers: { authorization: `Ticket ${secret}` } })
const wrongOf = (number: string, choices: readonly string[]): string => choices.find((choice) => choice !== number) ?? ''

const attacks: Record<string, (t: Test) => Promise<void>> = {
  'A1 consent phishing: a lured victim sees which browser asks, and one wrong number or three minutes end the ticket': async (t) => {
    const remoteService = await openCatalogueService(t)
    const victim = await remoteService.phone('ming')
    const lure = await openBrowser(remoteService)
    const seen = await victim.scan(lure.ticket)
    t.hasStrict(seen.json, { site: { name: 'Example', origin: 'https://login.example.com' }, browser: { name: 'Chrome', system: 'Windows', network: null } })
    t.equal(seen.json.match_choices.length, 3)
    t.ok(Date.parse(seen.json.created_at) <= remoteService.service.clock.now())
    t.equal(verdict(await victim.confirm(lure.ticket)), '400 bad-request', 'confirming without a number is not enough')
    t.equal(verdict(await victim.confirm(lure.ticket, wrongOf(await lure.matchCode(), seen.json.match_choices))), '403 match-wrong', 'the victim has to guess the number')
    t.equal(verdict(await lure.consume()), '409 ticket-cancelled')
    const stale = await openBrowser(remoteService)
    remoteService.service.clock.advance(180_000)
    t.equal(verdict(await victim.scan(stale.ticket)), '409 ticket-expired')
  },
  'A2 poll race: somebody who photographs the code can neither poll nor consume': async (t) => {
    const remoteService = await openCatalogueService(t)
    const browser = await remoteService.confirmed(await remoteService.phone('ming'))
    const own = await openBrowser(remoteService)
    for (const attacker of [{}, bearing(own.secret), bearing(browser.ticket), { headers: { authorization: `Bearer ${browser.ticket}` } }]) {
      t.equal(verdict(await remoteService.call({ path: `/api/tickets/${browser.ticket}`, ...attacker })), '404 ticket-not-found')
      t.equal(verdict(await remoteService.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, ...attacker })), '404 ticket-not-found')
    }
    t.equal((await browser.consume()).status, 200, 'its own browser still can')
  },
  'A3 double login: fifty concurrent consumes and a later one give one session': async (t) => {
    const remoteService = await openCatalogueService(t)
    const ming = await remoteService.phone('ming')
    const browser = await remoteService.confirmed(ming)
    const answers = await Promise.all(Array.from({ length: 50 }, () => browser.consume()))
    t.equal(new Set(answers.filter(({ status }) => status === 200).map(cookieOf)).size, 1)
    t.equal((await ming.sessions()).json.sessions.length, 1)
    remoteService.service.clock.advance(30_000)
    t.equal(verdict(await browser.consume()), '409 ticket-consumed')
  },
  'A4 secrets in addresses: code, link, redirects and log contain none, and none is read from a query': async (t) => {
    const remoteService = await openCatalogueService(t, { WECHAT_URL_LINK: 'on' })
    const browser = await remoteService.confirmed(await remoteService.phone('ming'))
    const link = await remoteService.call({ path: browser.created.json.link_url })
    const code = JSON.parse(remoteService.service.simulator.calls.findLast(({ endpoint }) => endpoint === 'generate_urllink')?.body ?? '{}')
    t.match(JSON.stringify(code), browser.ticket)
    for (const text of [JSON.stringify(code), browser.created.json.code_url, browser.created.json.link_url, String(link.headers.location), remoteService.service.logged()]) t.notOk(text.includes(browser.secret))
    for (const query of [`secret=${browser.secret}`, `authorization=Ticket%20${browser.secret}`, `access_token=${browser.secret}`]) t.equal(verdict(await remoteService.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume?${query}` })), '404 ticket-not-found')
    t.equal((await remoteService.call({ path: '/login' })).headers['referrer-policy'], 'no-referrer')
  },
  'A5 unbound code: a ticket belongs to the browser that created it, and a made-up one is unknown': async (t) => {
    const remoteService = await openCatalogueService(t)
    const ming = await remoteService.phone('ming')
    t.equal(verdict(await ming.scan('A'.repeat(22))), '404 ticket-not-found')
    const [made, other] = [await openBrowser(remoteService, { body: { ticket: 'A'.repeat(22), secret: 'A'.repeat(43), state: 'confirmed' } }), await openBrowser(remoteService)]
    t.not(made.ticket, 'A'.repeat(22))
    t.not(made.secret, 'A'.repeat(43))
    t.equal(made.created.json.state, 'pending')
    t.equal(verdict(await remoteService.call({ path: `/api/tickets/${made.ticket}`, ...bearing(other.secret) })), '404 ticket-not-found')
  },
  'A6 brute force: ids are long, mistakes are answered alike, guesses are limited, and one wrong number ends the ticket': async (t) => {
    const remoteService = await openCatalogueService(t, { LIMIT_GUESS: '10' })
    const ming = await remoteService.phone('ming')
    const { browser, number, choices } = await remoteService.scanned(ming)
    t.match(browser.ticket, /^[\w-]{22}$/)
    t.match(browser.secret, /^[\w-]{43}$/)
    t.equal(verdict(await ming.confirm(browser.ticket, wrongOf(number, choices))), '403 match-wrong')
    t.equal(verdict(await ming.confirm(browser.ticket, number)), '409 ticket-cancelled')
    const guesses = []
    for (let i = 0; i < 12; i++) guesses.push(verdict(await remoteService.call({ path: `/api/tickets/${String(i).padStart(21, 'A')}A`, ...bearing('A'.repeat(43)) })))
    t.strictSame(guesses, [...Array(10).fill('404 ticket-not-found'), ...Array(2).fill('429 rate-limited')])
  },
  'A7 fixation: no ticket, cookie or origin of somebody else is accepted': async (t) => {
    const remoteService = await openCatalogueService(t)
    const browser = await remoteService.confirmed(await remoteService.phone('evil'))
    const page = await remoteService.call({ path: `/login?ticket=${browser.ticket}&secret=${browser.secret}` })
    t.notOk(page.text.includes(browser.ticket), 'the page reads no ticket from its address')
    const planted = { cookie: `__Host-scan_login=${'A'.repeat(43)}` }
    const consumed = await remoteService.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { ...planted, authorization: `Ticket ${browser.secret}` } })
    t.match(consumed.headers['set-cookie'], /^__Host-scan_login=(?!A{43})[^;]+; Max-Age=7776000; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/)
    const cookie = cookieOf(consumed)
    for (const name of ['scan_login', '__Secure-scan_login']) t.equal((await remoteService.call({ path: '/api/session', headers: { cookie: cookie.replace('__Host-scan_login', name) } })).status, 401, `${name} of a sibling domain is ignored`)
    t.equal(verdict(await remoteService.call({ method: 'DELETE', path: '/api/session', headers: { cookie, origin: 'https://evil.example' } })), '403 cross-site')
    t.equal((await remoteService.call({ method: 'POST', path: '/api/tickets', headers: { origin: 'https://evil.example' } })).headers['access-control-allow-origin'], undefined)
  },
  'A8 confirm without scan: it is refused and changes nothing': async (t) => {
    const remoteService = await openCatalogueService(t)
    const browser = await openBrowser(remoteService)
    t.equal(verdict(await (await remoteService.phone('ming')).confirm(browser.ticket, '10')), '409 ticket-not-scanned')
    t.equal(await stateOf(browser), 'pending')
  },
  'A9 scan by one, confirm by another: it is refused and changes nothing': async (t) => {
    const remoteService = await openCatalogueService(t)
    const { browser, number } = await remoteService.scanned(await remoteService.phone('ming'))
    t.equal(verdict(await (await remoteService.phone('hong')).confirm(browser.ticket, number)), '409 ticket-taken')
    t.equal(await stateOf(browser), 'scanned')
  },
  'A10 replay: a captured confirm works once, for its own ticket, body, path and key, and not later': async (t) => {
    const remoteService = await openCatalogueService(t)
    const [ming, hong] = [await remoteService.phone('ming'), await remoteService.phone('hong')]
    const [one, two] = [await remoteService.scanned(ming), await remoteService.scanned(ming)]
    const body = JSON.stringify({ match_code: one.number })
    const captured = { method: 'POST' as const, path: `/api/phone/tickets/${one.browser.ticket}/confirm`, body }
    const headers = craftSignature(captured, ming.key, remoteService.service.clock.now() / 1000)
    const replay = (changes: object): Promise<Answer> => remoteService.call({ ...captured, headers, ...changes })
    t.equal(verdict(await replay({ path: `/api/phone/tickets/${two.browser.ticket}/confirm` })), '401 signature-invalid')
    t.equal(verdict(await replay({ path: captured.path.replace('confirm', 'cancel') })), '401 signature-invalid')
    t.equal(verdict(await replay({ body: JSON.stringify({ match_code: otherNumber(one.number) }) })), '401 signature-invalid')
    t.equal(verdict(await replay({ headers: { ...headers, 'signature-input': headers['signature-input']?.replace(ming.key.key_id, hong.key.key_id) } })), '401 signature-invalid')
    t.strictSame([await stateOf(one.browser), await stateOf(two.browser)], ['scanned', 'scanned'])
    t.equal((await replay({})).status, 200)
    t.equal(verdict(await replay({})), '401 replayed')
    remoteService.service.clock.advance(121_000)
    t.equal(verdict(await replay({})), '401 clock-skew')
  },
  'A11 scan hijack: a second scanner learns nothing and changes nothing': async (t) => {
    const remoteService = await openCatalogueService(t)
    const [ming, hong] = [await remoteService.phone('ming'), await remoteService.phone('hong')]
    const { browser, number } = await remoteService.scanned(ming)
    const refused = await hong.scan(browser.ticket)
    t.equal(verdict(refused), '409 ticket-taken')
    t.notMatch(refused.text, new RegExp(`${ming.sub}|match|browser`))
    t.equal((await ming.confirm(browser.ticket, number)).status, 200, 'the first scanner goes on')
  },
  'A12 final tickets: a cancelled or expired one never changes again': async (t) => {
    const remoteService = await openCatalogueService(t)
    const ming = await remoteService.phone('ming')
    const [cancelled, expired] = [await remoteService.scanned(ming), await remoteService.scanned(ming)]
    await ming.cancel(cancelled.browser.ticket)
    const attempts = async ({ browser, number }: typeof expired) => [verdict(await ming.scan(browser.ticket)), verdict(await ming.confirm(browser.ticket, number)), verdict(await browser.consume())]
    t.strictSame(await attempts(cancelled), Array(3).fill('409 ticket-cancelled'))
    remoteService.service.clock.advance(181_000)
    t.strictSame(await attempts(expired), Array(3).fill('409 ticket-expired'))
    remoteService.service.clock.advance(61_000)
    t.strictSame(await attempts(expired), Array(3).fill('404 ticket-not-found'))
  },
  'A13 confirm and cancel at once: one of them wins, and the other gets its outcome': async (t) => {
    const remoteService = await openCatalogueService(t, { LIMIT_PHONE: '100000' })
    const ming = await remoteService.phone('ming')
    for (let round = 0; round < 10; round++) {
      const { browser, number } = await remoteService.scanned(ming)
      const [confirm, cancel] = await Promise.all([ming.confirm(browser.ticket, number), ming.cancel(browser.ticket)])
      t.equal([confirm, cancel].filter(({ status }) => status === 200).length, 1)
      t.equal(await stateOf(browser), confirm.status === 200 ? 'confirmed' : 'cancelled')
    }
  },
  'A14 identity from a parameter: the person is the signing key\'s, whoever else a call names': async (t) => {
    const remoteService = await openCatalogueService(t)
    const [ming, evil] = [await remoteService.phone('ming'), await remoteService.phone('evil')]
    const { browser, number } = await remoteService.scanned(evil)
    const others = { openid: remoteService.service.simulator.openidOf('ming'), sub: ming.sub, user: ming.sub, person: { sub: ming.sub }, phone: '13800000000' }
    await evil.signed({ method: 'POST', path: `/api/phone/tickets/${browser.ticket}/confirm?sub=${ming.sub}&openid=${others.openid}`, body: { match_code: number, ...others }, headers: { 'remote-user': ming.sub, 'x-wx-openid': others.openid } })
    t.equal((await browser.consume()).json.user.sub, evil.sub)
    t.equal(verdict(await evil.signed({ method: 'DELETE', path: `/api/phone/sessions/${'A'.repeat(22)}?sub=${ming.sub}` })), '404 not-found')
  },
  'A15 oracle: an unknown, a foreign and a final ticket are answered alike to a stranger': async (t) => {
    const remoteService = await openCatalogueService(t)
    const browser = await remoteService.confirmed(await remoteService.phone('ming'))
    const dead = await openBrowser(remoteService)
    await dead.giveUp()
    const askedAs = async (ticket: string): Promise<unknown> => {
      const { status, json, headers: { date, ...headers } } = await remoteService.call({ path: `/api/tickets/${ticket}`, ...bearing('A'.repeat(43)) })
      return { status, headers, body: { ...json, request_id: '' } }
    }
    const unknown = await askedAs('A'.repeat(22))
    for (const ticket of [browser.ticket, dead.ticket, 'x']) t.strictSame(await askedAs(ticket), unknown)
  },
  'A16 open redirect: return_to leads only to paths of the site and allowed origins': async (t) => {
    const remoteService = await openCatalogueService(t)
    for (const returnTo of ['https://evil.example', '//evil.example', '/\\evil.example', '/%2fevil.example', '/.//evil.example', 'javascript:alert(1)', 'data:text/html,x', 'https://login.example.com@evil.example', 'https://login.example.com.evil.example', '\t//evil.example']) {
      t.equal(verdict((await openBrowser(remoteService, { body: { return_to: returnTo } })).created), '400 return-to-not-allowed', returnTo)
    }
    t.equal((await remoteService.call({ path: '/?return_to=//evil.example' })).headers.location, '/login')
  },
  'A17 another site: its tokens, tickets and phone keys are refused here': async (t) => {
    const [here, there] = [await openCatalogueService(t), await openCatalogueService(t, { PUBLIC_URL: 'https://login.example.com', TOKEN_AUDIENCE: 'https://other.example' })]
    const foreign = await there.confirmed(await there.phone('ming'))
    const token = (await foreign.consume()).json.access_token
    t.equal((await there.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })).status, 200)
    t.equal((await here.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })).status, 401)
    t.equal(verdict(await here.call({ path: `/api/tickets/${foreign.ticket}`, ...bearing(foreign.secret) })), '404 ticket-not-found')
    const { key } = await there.phone('ming')
    const call = { path: '/api/phone/sessions' }
    t.equal(verdict(await here.call({ ...call, headers: craftSignature(call, key, here.service.clock.now() / 1000) })), '401 key-unknown')
  },
  'A18 clickjacking: no page of ours may be framed': async (t) => {
    const remoteService = await openCatalogueService(t, { ALLOWED_ORIGINS: 'https://shop.example' })
    for (const path of ['/login', '/me']) {
      const { headers } = await remoteService.call({ path, headers: { origin: 'https://shop.example', 'sec-fetch-dest': 'iframe' } })
      t.match(headers['content-security-policy'], /(?:^|;)frame-ancestors 'none'(?:;|$)/)
      t.equal(headers['x-frame-options'], 'DENY')
    }
  },
}

t.strictSame(Object.keys(attacks).map((name) => name.split(' ')[0]), Array.from({ length: 18 }, (_, index) => `A${index + 1}`), 'every row of the catalogue has a test')
for (const [name, attack] of Object.entries(attacks)) await t.test(`attack ${name}`, attack)
