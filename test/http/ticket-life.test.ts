/** A ticket's life for its browser and its phone: expiry, versions, and what the view shows in each state. */
import t from 'tap'
import { openBrowser, type TestBrowser } from '../support/clients.ts'
import type { FakeClock } from '../support/fake-clock.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { confirmedBrowser, cookieOf, logIn, phoneOf, verdict } from '../support/login.ts'

await t.test('ticket: expires_in counts down, and the ticket expires to the second', async (t) => {
  for (const [env, seconds] of [[{}, 180], [{ TICKET_TTL: '30' }, 30]] as Array<[Record<string, string>, number]>) {
    const service = await openTestService(t, { env })
    const browser = await openBrowser(service)
    t.equal(browser.created.json.expires_in, seconds)
    service.clock.advance(10_000)
    t.equal((await browser.poll()).json.expires_in, seconds - 10)
    service.clock.advance((seconds - 10) * 1000 - 1)
    t.hasStrict((await browser.poll()).json, { state: 'pending', version: 1, expires_in: 1 })
    service.clock.advance(1)
    t.strictSame((await browser.poll()).json, { ticket: browser.ticket, state: 'expired', version: 2, expires_in: 0 })
    service.clock.advance(59_999)
    t.equal((await browser.poll()).json.state, 'expired', 'its own browser can still read it for a minute')
    service.clock.advance(60_000)
    t.equal(verdict(await browser.poll()), '404 ticket-not-found')
  }
})

await t.test('ticket: it lives for its full time, and at most both clock errors longer, when instances read the time wrongly', async (t) => {
  const [behind, ahead] = [{ byMs: -200, errorMs: 210 }, { byMs: 230, errorMs: 240 }]
  for (const [makers, finders] of [[behind, ahead], [ahead, behind]] as const) {
    const maker = await openTestService(t)
    const clockOf = ({ byMs, errorMs }: typeof behind): FakeClock => ({ ...maker.clock, now: () => maker.clock.now() + byMs, errorMs: () => errorMs })
    const instanceOf = (reading: typeof behind) => openTestService(t, { store: maker.store, simulator: maker.simulator, clock: clockOf(reading) })
    const browser = await openBrowser(await instanceOf(makers))
    t.equal(browser.created.json.expires_in, 180)
    const finder = await instanceOf(finders)
    const path = `/api/tickets/${browser.ticket}`
    const stateAtFinder = async () => (await finder.call({ path, headers: { authorization: `Ticket ${browser.secret}` } })).json.state
    maker.clock.advance(180_000 - 1)
    t.equal(await stateAtFinder(), 'pending')
    maker.clock.advance(1 + 2 * (makers.errorMs + finders.errorMs))
    t.equal(await stateAtFinder(), 'expired')
  }
})

await t.test('ticket: scanning and expiring give their full minute when instances read the time wrongly', async (t) => {
  const real = await openTestService(t)
  const behind: FakeClock = { ...real.clock, now: () => real.clock.now() - 200, errorMs: () => 210 }
  const ahead: FakeClock = { ...real.clock, now: () => real.clock.now() + 230, errorMs: () => 240 }
  const [noter, finder] = [await openTestService(t, { store: real.store, simulator: real.simulator, clock: behind }), await openTestService(t, { store: real.store, simulator: real.simulator, clock: ahead })]
  const scanned = await openBrowser(noter)
  const phone = await phoneOf(noter)
  real.clock.advance(170_000)
  t.equal((await phone.scan(scanned.ticket)).json.expires_in, 60)
  const cancelled = await openBrowser(noter)
  await cancelled.giveUp()
  const stateAtFinder = async ({ ticket, secret }: TestBrowser) => (await finder.call({ path: `/api/tickets/${ticket}`, headers: { authorization: `Ticket ${secret}` } })).json.state
  real.clock.advance(60_000 - 1)
  t.strictSame([await stateAtFinder(scanned), await stateAtFinder(cancelled)], ['scanned', 'cancelled'])
})

await t.test('ticket: it expires a minute after the scan, once, when it is scanned in its last minute', async (t) => {
  for (const [scannedAfter, left] of [[0, 180], [119, 61], [120, 60], [121, 60], [179, 60]] as const) {
    const service = await openTestService(t)
    const browser = await openBrowser(service)
    const phone = await phoneOf(service)
    service.clock.advance(scannedAfter * 1000)
    const scanned = await phone.scan(browser.ticket)
    t.equal(scanned.json.expires_in, left, `scanned after ${scannedAfter} s`)
    service.clock.advance(20_000)
    t.strictSame((await phone.scan(browser.ticket)).json, { ...scanned.json, expires_in: left - 20 }, 'a repeated scan: the same answer, no later end')
    await phone.confirm(browser.ticket, await browser.matchCode())
    t.equal((await browser.poll()).json.expires_in, left - 20, 'nothing else extends it')
    service.clock.advance((left - 20) * 1000 - 1)
    t.equal((await browser.poll()).json.state, 'confirmed')
    service.clock.advance(1)
    t.equal(verdict(await browser.consume()), '409 ticket-expired')
  }
})

await t.test('ticket: each edge adds one to the version, and the number is shown in state scanned only', async (t) => {
  const service = await openTestService(t)
  const browser = await openBrowser(service)
  const phone = await phoneOf(service)
  const shown = async (): Promise<string> => {
    const { state, version, match_code: number } = (await browser.poll()).json
    return `${state} ${version}${number === undefined ? '' : ' with a number'}`
  }
  t.equal(await shown(), 'pending 1')
  const { match_choices: choices } = (await phone.scan(browser.ticket)).json
  t.equal(await shown(), 'scanned 2 with a number')
  const number = await browser.matchCode()
  t.match(number, /^[1-9]\d$/)
  t.strictSame([choices.length, new Set(choices).size, choices.includes(number)], [3, 3, true])
  const { session, ...confirmed } = (await phone.confirm(browser.ticket, number)).json
  t.strictSame(confirmed, { state: 'confirmed', version: 3 })
  t.equal(await shown(), 'confirmed 3')
  t.strictSame((await phone.confirm(browser.ticket, number)).json, { state: 'confirmed', version: 3, session })
  await browser.consume()
  t.equal(await shown(), 'consumed 4')
  t.strictSame((await phone.confirm(browser.ticket, number)).json, { state: 'consumed', version: 4, session }, 'the current state')
})

await t.test('ticket: its browser learns who confirmed, and never who scanned', async (t) => {
  const service = await openTestService(t)
  const phone = await phoneOf(service)
  await phone.rename('小雨')
  const shown = async (browser: TestBrowser): Promise<unknown[]> => {
    const { state, sub, phone } = (await browser.poll()).json
    return [state, sub, phone]
  }
  const consumed = await openBrowser(service)
  t.strictSame(await shown(consumed), ['pending', undefined, undefined])
  await phone.scan(consumed.ticket)
  t.strictSame(await shown(consumed), ['scanned', undefined, undefined])
  await phone.confirm(consumed.ticket, await consumed.matchCode())
  t.strictSame(await shown(consumed), ['confirmed', phone.sub, { name: '小雨' }])
  await consumed.consume()
  t.strictSame(await shown(consumed), ['consumed', phone.sub, { name: '小雨' }])

  const cancelled = await openBrowser(service)
  await phone.scan(cancelled.ticket)
  await phone.cancel(cancelled.ticket)
  t.strictSame(await shown(cancelled), ['cancelled', undefined, undefined])

  const [scanned, late] = [await openBrowser(service), await openBrowser(service)]
  for (const { ticket } of [scanned, late]) await phone.scan(ticket)
  await phone.confirm(late.ticket, await late.matchCode())
  service.clock.advance(180_000)
  for (const browser of [scanned, late]) t.strictSame(await shown(browser), ['expired', undefined, undefined])
})

await t.test('ticket: no number is needed when MATCH_NUMBERS is off', async (t) => {
  const service = await openTestService(t, { env: { MATCH_NUMBERS: 'off' } })
  const phone = await phoneOf(service)
  for (const body of [undefined, {}, { match_code: '10' }]) {
    const browser = await openBrowser(service)
    t.equal(browser.created.json.match, false)
    t.equal((await phone.scan(browser.ticket)).json.match_choices, null)
    t.equal((await browser.poll()).json.match_code, undefined)
    t.equal((await phone.signed({ method: 'POST', path: `/api/phone/tickets/${browser.ticket}/confirm`, body })).status, 200)
    t.equal((await browser.consume()).status, 200)
  }
})

await t.test('ticket: the refusal of a second scan doesn\'t reveal who scanned first', async (t) => {
  const service = await openTestService(t)
  const browser = await openBrowser(service)
  const [ming, hong] = [await phoneOf(service), await phoneOf(service, 'hong')]
  await ming.rename('Ming')
  await ming.scan(browser.ticket)
  const refused = await hong.scan(browser.ticket)
  t.equal(verdict(refused), '409 ticket-taken')
  t.notOk(refused.text.includes(ming.sub) || refused.text.includes('Ming'))
})

await t.test('ticket: its secret is its only credential, with any cookie and origin', async (t) => {
  const service = await openTestService(t)
  const other = await logIn(service)
  const strange = { cookie: other.cookie, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  const site: TestService = { ...service, call: (call) => service.call({ ...call, headers: { ...call.headers, ...(call.path !== '/api/tickets' && strange) } }) } // creation has no secret yet
  const { browser, phone } = await confirmedBrowser(site, { phone: await phoneOf(service, 'hong') })
  const consumed = await browser.consume()
  t.equal(consumed.json.user.sub, phone.sub)
  t.not(cookieOf(consumed), other.cookie, 'a new login is a new session')
  t.equal((await service.call({ path: '/api/session', headers: { cookie: other.cookie } })).status, 200, 'and the one before it stays its owner\'s')
  const unproven = await site.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume` })
  t.equal(verdict(unproven), '404 ticket-not-found', 'a cookie is no credential for a ticket')
})
