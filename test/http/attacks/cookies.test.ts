/** Cookies with our name that somebody else has set, that are left from an earlier configuration, or that a browser keeps beside a new one. */
import t, { type Test } from 'tap'
import { systemClock } from '../../../src/runtime.ts'
import { createStore } from '../../../src/stores/store.ts'
import { untilReady } from '../../contract/store-harness.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { openTestService, type Answer, type TestService } from '../../support/test-service.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { confirmedBrowser, cookieOf, logIn, phoneOf, verdict } from '../../support/login.ts'
import { startRedis } from '../../support/redis.ts'
import { withoutContext, auditStepsIn } from '../../support/audit-steps.ts'

const shared = { COOKIE_DOMAIN: 'example.com', LIMIT_CREATE: '10000', LIMIT_PHONE: '10000' }
const sameOrigin = { origin: 'https://login.example.com', 'sec-fetch-site': 'same-origin' }

/** Runs a test on a service with each kind of store. */
const onEachStore = async (name: string, tests: (t: Test, service: TestService) => Promise<void>): Promise<void> => {
  for (const kind of ['sqlite', 'redis']) {
    await t.test(`${name} (${kind})`, async (t) => {
      const redis = kind === 'redis' ? await startRedis() : undefined
      const store = createStore(redis?.url ?? 'sqlite::memory:', { clock: systemClock, log: createRecordingLog() }) // expiry by its own clock doesn't matter here
      t.teardown(async () => {
        await store.close()
        await redis?.stop()
      })
      await untilReady(store)
      await tests(t, await openTestService(t, { env: shared, clock: createFakeClock(), store }))
    })
  }
}

const session = (service: TestService, cookie: string, headers: Record<string, string> = {}): Promise<Answer> =>
  service.call({ path: `${service.config.basePath}/api/session`, headers: { cookie, ...headers } })
const cookiesSet = (answer: Answer): string[] => [answer.headers['set-cookie'] ?? []].flat().map(String)
const refusals = (service: TestService) => auditStepsIn(service.logged()).filter(({ event }) => event === 'cookies.refused').map(withoutContext)
const ended = (service: TestService) => auditStepsIn(service.logged()).filter(({ event }) => event === 'session.ended').map(({ by }) => by)
const alive = async (service: TestService, ...cookies: string[]): Promise<boolean[]> =>
  await Promise.all(cookies.map(async (cookie) => (await session(service, cookie)).status === 200))
/** Returns a cookie with our name and no session; `n` tells several apart. */
const dead = (n: number): string => `__Secure-scan_login=${String(n).padStart(42, 'x')}A`

await onEachStore('E17 cookies: nobody is logged in, both are cleared and logged when a sibling host plants another person\'s cookie', async (t, service) => {
  const victim = await logIn(service)
  const attacker = await logIn(service, { phone: await phoneOf(service, 'hong') })
  for (const cookie of [`${attacker.cookie}; ${victim.cookie}`, `${victim.cookie}; a=b; ${attacker.cookie}`, `${attacker.cookie};${victim.cookie};${dead(1)}`]) {
    for (const [method, path] of [['GET', '/api/session'], ['GET', '/api/session/verify'], ['POST', '/api/session/token'], ['DELETE', '/api/session']] as const) {
      const answer = await service.call({ method, path, headers: { cookie, ...sameOrigin } })
      t.equal(verdict(answer), '401 unauthenticated', `${method} ${path}`)
      t.equal(answer.headers['remote-user'], undefined)
      const forms = cookiesSet(answer).map((form) => form.split('; '))
      for (const path of ['/', '/api']) t.ok(forms.some((form) => form[0] === '__Secure-scan_login=' && form.includes('Max-Age=0') && form.includes(`Path=${path}`) && form.includes('Domain=example.com')), `the one with Path=${path} is cleared`)
    }
  }
  t.equal(refusals(service).length, 12)
  const sids = [attacker, victim].map(({ token }) => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid as string)
  t.strictSame((refusals(service)[0]?.sids as string[]).toSorted(), sids.toSorted())
  t.strictSame(await alive(service, victim.cookie, attacker.cookie), [true, true], 'each is still accepted alone')
})

await onEachStore('E17 cookies: the live one counts in any position when dead ones of an earlier domain are sent, too', async (t, service) => {
  const { cookie, phone } = await logIn(service)
  const other = await logIn(service)
  await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: other.cookie, ...sameOrigin } })
  for (const header of [`${other.cookie}; ${cookie}`, `${dead(1)}; ${cookie}; ${dead(2)}`, `${cookie}; ${cookie}`, `__Secure-scan_login=; __Secure-scan_login=nonsense; ${cookie}`, `${[1, 2, 3, 4, 5, 6, 7].map(dead).join('; ')}; ${cookie}`]) {
    const shown = await session(service, header)
    t.equal(shown.json?.user?.sub, phone.sub, header.slice(0, 60))
    t.strictSame(cookiesSet(shown), [])
    t.equal((await service.call({ path: '/api/session/verify', headers: { cookie: header } })).headers['remote-user'], phone.sub)
  }
  const second = await logIn(service, { phone })
  t.equal((await session(service, `${cookie}; ${second.cookie}`)).json.user.sub, phone.sub, 'two of one person log that person in')
  t.equal((await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: `${cookie}; ${second.cookie}`, ...sameOrigin } })).status, 204)
  t.strictSame(await alive(service, cookie, second.cookie), [false, false], 'logging out ends both')
  t.strictSame(refusals(service), [])
})

await t.test('E17 cookies: they aren\'t looked up, log nobody in and are cleared when there are more than eight', async (t) => {
  const lookups: string[] = []
  const service = await openTestService(t, {
    env: shared,
    wrapStore: (store) => ({ ...store, read: async (key) => { lookups.push(key); return await store.read(key) } }),
  })
  const { cookie } = await logIn(service)
  lookups.length = 0
  const answer = await session(service, `${cookie}; ${Array.from({ length: 100 }, (_, i) => dead(i)).join('; ')}`)
  t.equal(verdict(answer), '401 unauthenticated')
  t.strictSame(lookups, [])
  t.ok(cookiesSet(answer).length > 1)
  t.hasStrict(refusals(service), [{ cookies: 101, sids: [] }])
  t.strictSame(await alive(service, cookie), [true])
})

await t.test('E17 log-out: it clears every name and path that the cookie may have', async (t) => {
  const cases: Array<[env: Record<string, string>, forms: string[]]> = [
    [{ PUBLIC_URL: 'https://login.example.com/auth', COOKIE_DOMAIN: 'example.com' }, [
      'scan_login /', '__Host-scan_login /', '__Secure-scan_login / login.example.com', '__Secure-scan_login / example.com', '__Secure-scan_login /',
      ...['/auth', '/auth/', '/auth/api', '/auth/api/', '/auth/api/session'].flatMap((path) => ['', ' login.example.com', ' example.com'].map((domain) => `__Secure-scan_login ${path}${domain}`)),
    ]],
    [{ PUBLIC_URL: 'https://login.example.com' }, ['scan_login /', '__Host-scan_login /', '__Secure-scan_login / login.example.com', '__Secure-scan_login / example.com']],
    [{ PUBLIC_URL: 'http://localhost:3000' }, ['scan_login /', 'scan_login /api', 'scan_login /api/', 'scan_login /api/session']],
  ]
  for (const [env, forms] of cases) {
    const service = await openTestService(t, { env })
    const { cookie } = await logIn(service)
    const out = await service.call({ method: 'DELETE', path: `${service.config.basePath}/api/session`, headers: { cookie, 'sec-fetch-site': 'same-origin' } })
    t.equal(out.status, 204)
    const cleared = cookiesSet(out).map((form) => {
      const [name = '', ...attributes] = form.split('; ')
      const valueOf = (attribute: string): string => attributes.find((one) => one.startsWith(`${attribute}=`))?.slice(attribute.length + 1) ?? ''
      t.equal(valueOf('Max-Age'), '0')
      t.equal(attributes.includes('Secure'), service.config.isSecure)
      return `${name.slice(0, -1)} ${valueOf('Path')} ${valueOf('Domain')}`.trim()
    })
    t.strictSame(cleared.sort(), forms.sort())
    t.ok(cookiesSet(out).join('').length < 2500, 'all of it fits into a proxy\'s buffer for headers')
  }
})

/** Consumes a confirmed ticket as our own page does, with these cookies in the browser. */
const consumeShowing = async (service: TestService, { ticket, secret }: { ticket: string, secret: string }, cookie: string, headers: Record<string, string> = sameOrigin): Promise<Answer> =>
  await service.call({ method: 'POST', path: `/api/tickets/${ticket}/consume`, headers: { authorization: `Ticket ${secret}`, cookie, ...headers } })

await onEachStore('E17 login: it ends the browser\'s earlier session, of whichever person', async (t, service) => {
  const first = await logIn(service)
  service.clock.advance(60_000)
  const { browser, phone } = await confirmedBrowser(service, { phone: await phoneOf(service, 'hong') })
  const consumed = await consumeShowing(service, browser, `${dead(1)}; ${first.cookie}`)
  t.equal(consumed.status, 200)
  t.strictSame(await alive(service, first.cookie, cookieOf(consumed)), [false, true])
  t.equal((await first.phone.sessions()).json.sessions.length, 0)
  t.strictSame(ended(service), ['relogin'])
  const again = await consumeShowing(service, browser, cookieOf(consumed))
  t.equal(cookieOf(again), cookieOf(consumed), 'a repeated consume doesn\'t end its own session')
  t.equal((await consumeShowing(service, browser, first.cookie)).status, 200, 'nor when its first answer got lost with its cookie')
  t.strictSame(await alive(service, cookieOf(consumed)), [true])
  t.equal((await phone.sessions()).json.sessions.length, 1)
})

await t.test('E17 login: the cookie\'s session stays when the call isn\'t our own page\'s, or the cookie isn\'t valid', async (t) => {
  const service = await openTestService(t, { env: { ...shared, ALLOWED_ORIGINS: 'https://shop.example' } })
  const first = await logIn(service)
  const phone = await phoneOf(service, 'hong')
  for (const headers of [{}, { origin: 'https://shop.example', 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }] as Array<Record<string, string>>) {
    const { browser } = await confirmedBrowser(service, { phone })
    t.equal((await consumeShowing(service, browser, first.cookie, headers)).status, 200)
  }
  const { browser } = await confirmedBrowser(service, { phone })
  t.equal((await consumeShowing(service, browser, first.cookie.replace('__Secure-', '__Host-'))).status, 200)
  const wrong = await confirmedBrowser(service, { phone })
  t.equal(verdict(await consumeShowing(service, { ...wrong.browser, secret: browser.secret }, first.cookie)), '404 ticket-not-found')
  t.strictSame(await alive(service, first.cookie), [true])
})

await onEachStore('E17 login: exactly one session is left when several logins race in one browser that has one', async (t, service) => {
  const phone = await phoneOf(service)
  for (let round = 0; round < 6; round++) {
    const first = await logIn(service, { phone: await phoneOf(service, 'hong') })
    const logins = []
    for (let i = 0; i < 4; i++) logins.push((await confirmedBrowser(service, { phone })).browser)
    service.clock.advance(1000)
    const answers = await Promise.all(logins.map(async (login, i) => {
      for (let turns = (i * 7 + round * 3) % 11; turns > 0; turns--) await null
      return await consumeShowing(service, login, first.cookie)
    }))
    const given = answers.filter(({ status }) => status === 200).map(cookieOf)
    t.strictSame([...new Set(answers.map(verdict))].filter((one) => one !== '200' && one !== '409 ticket-consumed'), [])
    t.equal((await alive(service, first.cookie, ...given)).filter(Boolean).length, 1, `round ${round}`)
    t.equal((await phone.sessions()).json.sessions.length, 1)
    await phone.signOut((await phone.sessions()).json.sessions[0].id)
  }
})

await t.test('E17 login: each ends the one before when no time passes between them', async (t) => {
  const service = await openTestService(t, { env: shared })
  const phone = await phoneOf(service)
  let { cookie } = await logIn(service, { phone })
  for (let i = 0; i < 10; i++) {
    const consumed = await consumeShowing(service, (await confirmedBrowser(service, { phone })).browser, cookie)
    t.equal(consumed.status, 200)
    t.strictSame(await alive(service, cookie, cookieOf(consumed)), [false, true])
    cookie = cookieOf(consumed)
  }
})

await t.test('E17 login: a late repeat of an earlier login ends no later one', async (t) => {
  const service = await openTestService(t, { env: shared })
  const phone = await phoneOf(service)
  const [early, late] = [(await confirmedBrowser(service, { phone })).browser, (await confirmedBrowser(service, { phone })).browser]
  t.equal((await consumeShowing(service, early, '')).status, 200) // the answer is lost
  service.clock.advance(1000)
  const consumed = await consumeShowing(service, late, '')
  t.equal(verdict(await consumeShowing(service, early, cookieOf(consumed))), '409 ticket-consumed')
  t.strictSame(await alive(service, cookieOf(consumed)), [true])
  t.equal((await phone.sessions()).json.sessions.length, 1)
})
