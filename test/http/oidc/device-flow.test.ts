/** Logins of devices (RFC 8628): the code and how often a device asks, the pages for the person, guesses, and races. */
import { hash } from 'node:crypto'
import t, { type Test } from 'tap'
import type { OidcClient } from '../../../src/oidc/client.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn, verdict } from '../../support/login.ts'
import { clientsOf, claimsIn, testClient, visit } from '../../support/oidc.ts'
import { askForCode, deviceGrant, en, form, openBrowser, poll, tv } from '../../support/oidc-devices.ts'
import { formActionOf, formHeaders, formIn, submit, words } from '../../support/oidc-forms.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService, type TestService, type TestServiceOptions } from '../../support/test-service.ts'

const open = (t: Test, options: TestServiceOptions = {}, ...clients: OidcClient[]): Promise<TestService> =>
  openTestService(t, { clients: clientsOf(tv, ...clients), clock: createFakeClock(Date.now()), keys: withProviderKeys(), ...options })

await t.test('device flow: a device gets its code with an interval, and tokens after the person has compared the code and said yes', async (t) => {
  const service = await open(t, { places: { placeOf: (ip) => ip === '192.0.2.77' ? { country: 'CN', zh: '浙江杭州', en: 'Hangzhou, Zhejiang' } : null } })
  const code = await askForCode(service)
  t.match(code.user_code, /^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)
  t.hasStrict(code, { interval: 5, expires_in: 600, verification_uri: 'https://login.example.com/oidc/device', verification_uri_complete: `https://login.example.com/oidc/device?user_code=${code.user_code}` })
  t.strictSame([verdict(await poll(service, code.device_code)), (await service.call({ path: '/oidc/device' })).status], ['400', 200])
  const browser = await openBrowser(service)
  const confirm = await browser.typeCode(code.user_code.toLowerCase().replace('-', ' '))
  const said = words(confirm)
  for (const text of ['The telly', code.user_code, 'app.example.com', 'Telly/2.1 (LAN)', 'Hangzhou, Zhejiang', en.device.warning, en.device.compare]) t.ok(said.includes(text), `${text} in ${said}`)
  t.equal(formActionOf(confirm), 'https://login.example.com')
  const done = await browser.decide(confirm, 'confirm')
  t.match(words(done), en.deviceDone.line)
  const tokens = await poll(service, code.device_code)
  t.equal(tokens.status, 200, tokens.text)
  t.equal(claimsIn(tokens.json.id_token).sub, browser.phone?.sub)
  t.equal((await poll(service, code.device_code)).json.error, 'invalid_grant', 'once')
})

await t.test('device flow: the link with the code in it asks the same question, and does nothing by itself', async (t) => {
  const service = await open(t)
  const code = await askForCode(service)
  const { jar, decide } = await openBrowser(service)
  const sent = await visit(service, jar, `${code.verification_uri_complete}&ui_locales=en`)
  t.equal(formActionOf(sent), 'https://login.example.com')
  const confirm = await submit(service, jar, sent, {}, { 'accept-language': 'en' })
  t.ok(words(confirm).includes(code.user_code))
  t.equal((await poll(service, code.device_code)).json.error, 'authorization_pending')
  t.match(words(await decide(confirm, 'confirm')), en.deviceDone.line)
})

await t.test('device flow: "Not me" refuses the device, once and for all', async (t) => {
  const service = await open(t)
  const code = await askForCode(service)
  const browser = await openBrowser(service)
  const refused = await browser.decide(await browser.typeCode(code.user_code), 'abort')
  t.match(words(refused), en.deviceRefused.line)
  t.match(words(await browser.typeCode(code.user_code)), en.codeFaults.used)
  t.equal((await poll(service, code.device_code)).json.error, 'access_denied')
  t.equal((await poll(service, code.device_code)).json.error, 'invalid_grant')
})

await t.test('device flow: whoever is not logged in logs in on the way, and comes back to the device that they have said yes to', async (t) => {
  const service = await open(t)
  const code = await askForCode(service)
  const { jar, typeCode, decide } = await openBrowser(service, { isLoggedIn: false })
  const atLogin = new URL((await decide(await typeCode(code.user_code), 'confirm')).address)
  t.equal(atLogin.pathname, '/login')
  const returnTo = atLogin.searchParams.get('return_to') ?? ''
  t.equal((await poll(service, code.device_code)).json.error, 'authorization_pending')
  const again = await typeCode(code.user_code)
  t.ok(words(again).includes(en.device.compare), 'whoever turns back may begin again')
  const { cookie, phone } = await logIn(service, { body: { return_to: returnTo } })
  jar.set(...cookie.split('=') as [string, string])
  const done = await visit(service, jar, returnTo)
  t.match(words(done), /^Example (The device is logged in|设备已登录)/)
  const tokens = await poll(service, code.device_code)
  t.equal(claimsIn(tokens.json.id_token).sub, phone.sub)
})

await t.test('device flow: of two people who say yes to one code at once, one has it and the other is told', async (t) => {
  for (let round = 0; round < 3; round++) {
    const service = await open(t)
    const code = await askForCode(service)
    const browsers = await Promise.all([openBrowser(service), openBrowser(service)])
    const pages = await Promise.all(browsers.map(({ typeCode }) => typeCode(code.user_code)))
    const ends = await Promise.all(browsers.map(({ decide }, i) => decide(pages[i]!, 'confirm')))
    const outcomes = ends.map((end) => words(end).includes(en.deviceDone.line) ? 'done' : words(end).includes(en.codeFaults.used) ? 'used' : words(end))
    t.strictSame([...outcomes].sort(), ['done', 'used'])
    const tokens = await poll(service, code.device_code)
    t.equal(claimsIn(tokens.json.id_token).sub, browsers[outcomes.indexOf('done')]?.phone?.sub)
  }
})

await t.test('device flow: of a yes and a no at once, one decides', async (t) => {
  const service = await open(t)
  const code = await askForCode(service)
  const browsers = await Promise.all([openBrowser(service), openBrowser(service)])
  const pages = await Promise.all(browsers.map(({ typeCode }) => typeCode(code.user_code)))
  const ends = await Promise.all(browsers.map(({ decide }, i) => decide(pages[i]!, i === 0 ? 'confirm' : 'abort')))
  const [yes, no] = ends.map(words) as [string, string]
  const isYes = yes.includes(en.deviceDone.line)
  t.equal(no.includes(en.deviceRefused.line), !isYes)
  const { status, json } = await poll(service, code.device_code)
  t.equal(isYes ? status : json.error, isYes ? 200 : 'access_denied')
})

await t.test('device flow: a device that asks too often is told to slow down, and waits 5 s longer each time', async (t) => {
  const service = await open(t)
  const { device_code: deviceCode, user_code: userCode } = await askForCode(service)
  const errorAfter = async (seconds: number): Promise<string> => {
    service.clock.advance(seconds * 1000)
    return (await poll(service, deviceCode)).json.error
  }
  t.equal(await errorAfter(0), 'authorization_pending')
  t.equal(await errorAfter(5), 'authorization_pending')
  t.equal(await errorAfter(4.5), 'authorization_pending', 'a little early is on time')
  t.equal(await errorAfter(2), 'slow_down')
  t.equal(await errorAfter(5), 'slow_down', 'the interval is 10 s now')
  t.equal(await errorAfter(15), 'authorization_pending', 'and 15 s now')
  t.equal(await errorAfter(10), 'slow_down')
  const browser = await openBrowser(service)
  await browser.decide(await browser.typeCode(userCode), 'confirm')
  t.equal((await poll(service, deviceCode)).status, 200, 'what is decided is told at once')
})

await t.test('device flow: of eight polls at once, one is in time', async (t) => {
  const service = await open(t)
  const { device_code: deviceCode } = await askForCode(service)
  const errors = (await Promise.all(Array.from({ length: 8 }, () => poll(service, deviceCode)))).map(({ json }) => json.error)
  t.strictSame(errors.sort(), ['authorization_pending', ...Array<string>(7).fill('slow_down')])
  const other = await askForCode(service)
  t.equal((await poll(service, other.device_code)).json.error, 'authorization_pending', 'another device is on its own')
})

await t.test('device flow: wrong codes, none, used and old ones are answered in words, with the form again', async (t) => {
  const service = await open(t)
  const { jar, typeCode } = await openBrowser(service)
  for (const [typed, fault] of [['BBBB-BBBB', 'unknown'], ['', 'unknown'], ['"><script>alert(1)</script>', 'unknown'], ['x'.repeat(5000), 'unknown']] as const) {
    const page = await typeCode(typed)
    t.match(words(page), en.codeFaults[fault])
    t.notMatch(page.text, '<script')
    t.equal(formActionOf(page), 'https://login.example.com')
    t.equal(typeof formIn(page).fields['xsrf'], 'string')
  }
  const page = await visit(service, jar, '/oidc/device?ui_locales=en')
  const stale = await submit(service, jar, page, { xsrf: 'of another page', user_code: 'BBBB-BBBB' })
  t.match(words(stale), en.codeFaults.stale)
})

await t.test('device flow: user codes are guessed LIMIT_GUESS times a minute, and no right one passes beyond', async (t) => {
  const service = await open(t, { env: { LIMIT_GUESS: '5' } })
  const code = await askForCode(service)
  const attacker = await openBrowser(service)
  const page = await visit(service, attacker.jar, '/oidc/device?ui_locales=en')
  for (let i = 0; i < 5; i++) t.match(words(await submit(service, attacker.jar, page, { user_code: `BBBB-BBB${'BCDFG'[i]}` })), i === 0 ? en.codeFaults.unknown : /./)
  const right = await submit(service, attacker.jar, page, { user_code: code.user_code })
  t.equal(right.status, 429)
  t.match(right.headers['content-type'], 'text/html')
  t.notMatch(right.text, 'The telly')
  const direct = await submit(service, attacker.jar, page, { user_code: code.user_code, confirm: 'yes' })
  t.equal(direct.status, 429)
  service.clock.advance(61_000)
  const later = await attacker.typeCode(code.user_code)
  t.ok(words(later).includes('The telly'))
})

await t.test('device flow: an app that may not, and a person who may not, are refused', async (t) => {
  const staff = testClient({ clientId: 'staff', name: 'Staff <only>', isPublic: true, secretHashes: [], allow: { groups: ['staff'] } })
  const web = testClient({ clientId: 'web', isPublic: true, secretHashes: [], mayUseDeviceFlow: false })
  const service = await open(t, {}, staff, web)
  const refused = await service.call({ ...form({ client_id: 'web', scope: 'openid' }), path: '/oidc/device/auth', headers: { ...formHeaders, accept: 'application/json' } })
  t.strictSame([refused.status, refused.json.error], [400, 'invalid_request'])
  const code = await askForCode(service, { client: staff, userAgent: '<img src=x onerror=alert(1)>\u202e' })
  const browser = await openBrowser(service)
  const confirm = await browser.typeCode(code.user_code)
  t.match(confirm.text, '&lt;img src=x onerror=alert(1)&gt;')
  t.notMatch(confirm.text, /<img|\u202e|Staff <only>/)
  t.match(words(await browser.decide(confirm, 'confirm')), en.deviceNotAdmitted.line)
  const call = form({ client_id: 'staff', grant_type: deviceGrant, device_code: code.device_code })
  t.equal((await service.call({ ...call, path: '/oidc/token', headers: { ...call.headers, accept: 'application/json' } })).json.error, 'access_denied')
})

await t.test('device flow: a code whose time is up says so to the person and to the device', async (t) => {
  const service = await open(t)
  const code = await askForCode(service)
  const browser = await openBrowser(service)
  const confirm = await browser.typeCode(code.user_code)
  const key = `oidc:DeviceCode:${hash('sha256', code.device_code, 'base64url')}`
  const entry = await service.store.read<any>(key)
  await service.store.write(key, { ...entry, payload: { ...entry.payload, exp: Math.floor(Date.now() / 1000) - 1 } }, 60_000) // the provider goes by the machine's clock
  t.match(words(await browser.typeCode(code.user_code)), en.codeFaults.expired)
  t.match(words(await browser.decide(confirm, 'confirm')), /expired|too long/)
  t.equal((await poll(service, code.device_code)).json.error, 'expired_token')
})

await t.test('device flow: what would be stored without limit is refused', async (t) => {
  const service = await open(t, { env: { LIMIT_CREATE: '3' } })
  for (const [i, status] of [200, 200, 200, 429].entries()) {
    const call = form({ client_id: 'tv', scope: 'openid' })
    t.equal((await service.call({ ...call, path: '/oidc/device/auth', headers: { ...call.headers, accept: 'application/json' } })).status, status, `call ${i}`)
  }
  const huge = form({ client_id: 'tv', scope: 'openid', state: 'x'.repeat(20_000) })
  t.equal((await service.call({ ...huge, path: '/oidc/device/auth', headers: { ...huge.headers, accept: 'application/json', 'content-length': String(huge.body.length) }, from: '192.0.2.9' })).status, 413)
})
