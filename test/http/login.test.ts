import t from 'tap'
import { openBrowser } from '../support/clients.ts'
import { openTestService } from '../support/test-service.ts'
import { phoneOf } from '../support/login.ts'

await t.test('login: a visitor is logged in when the phone taps the right number', async (t) => {
  const service = await openTestService(t)
  const browser = await openBrowser(service, { body: { return_to: '/inbox?folder=1' } })
  t.strictSame(Object.keys(browser.created.json).sort(), ['code_url', 'expires_in', 'match', 'max_wait', 'secret', 'state', 'ticket', 'version'])
  t.hasStrict(browser.created.json, { state: 'pending', version: 1, expires_in: 180, max_wait: 25, match: true, code_url: `/api/tickets/${browser.ticket}/code` })
  t.match(browser.ticket, /^[A-Za-z0-9_-]{22}$/)
  t.match(browser.secret, /^[A-Za-z0-9_-]{43}$/)

  const phone = await phoneOf(service)
  const scanned = await phone.scan(browser.ticket)
  t.equal(scanned.status, 200, scanned.text)
  t.hasStrict(scanned.json, {
    state: 'scanned',
    version: 2,
    expires_in: 180,
    site: { name: 'Example', origin: 'https://login.example.com', service: 'https://login.example.com' },
    browser: { name: 'Chrome', system: 'Windows', network: null, place: null, place_en: null, is_phone: false },
    other_country: false,
    same_phone: false,
    phone_place: null,
    phone_place_en: null,
    match: 'tap',
    created_at: '2026-11-23T00:00:00.000Z',
  })
  const view = await browser.poll(1, 5)
  t.strictSame(view.json, { ticket: browser.ticket, state: 'scanned', version: 2, expires_in: 180, match_code: view.json.match_code })
  t.equal(scanned.json.match_choices.length, 3)
  t.ok(scanned.json.match_choices.includes(view.json.match_code))

  const confirmed = await phone.confirm(browser.ticket, view.json.match_code)
  t.strictSame(confirmed.json, { state: 'confirmed', version: 3, session: confirmed.json.session })
  t.strictSame((await browser.poll(2, 5)).json, { ticket: browser.ticket, state: 'confirmed', version: 3, expires_in: 180, sub: phone.sub })
  const consumed = await browser.consume()
  t.equal(consumed.status, 200, consumed.text)
  t.hasStrict(consumed.json, { token_type: 'Bearer', expires_in: 900, user: { sub: phone.sub, name: null }, return_to: '/inbox?folder=1' })
  const cookie = String(consumed.headers['set-cookie'])
  t.match(cookie, /^__Host-scan_login=[A-Za-z0-9_-]{43}; Max-Age=7776000; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/)

  const me = await service.call({ path: '/api/session', headers: { cookie: cookie.replace(/;.*/, '') } })
  t.equal(me.status, 200, me.text)
  t.hasStrict(me.json, { user: { sub: phone.sub, name: null } })
  const bearer = await service.call({ path: '/api/session', headers: { authorization: `Bearer ${consumed.json.access_token}` } })
  t.strictSame(bearer.json, me.json)
})
