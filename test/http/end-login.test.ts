/** "Not me" after the confirmation: its person ends a login by the id that they were told, whether its browser has got the session or not. */
import t from 'tap'
import { openBrowser, windowsChrome } from '../support/clients.ts'
import { Problem } from '../../src/errors.ts'
import type { Store } from '../../src/login/store-port.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { cookieOf, confirmedBrowser, logIn, phoneOf, verdict, type LoginOptions } from '../support/login.ts'
import { auditStepsIn } from '../support/audit-steps.ts'

/** A confirmed login, and the id of its session. */
const confirmed = async (service: TestService, options: LoginOptions = {}) => {
  const { browser, phone } = await confirmedBrowser(service, options)
  return { browser, phone, id: (await phone.confirm(browser.ticket)).json.session as string }
}

const logInHere = async (service: TestService) => {
  const login = await confirmed(service)
  return { ...login, consumed: await login.browser.consume() }
}

const whoIs = (service: TestService, headers: Record<string, string>) => service.call({ path: '/api/session', headers })

const eventsOf = (service: TestService) => auditStepsIn(service.logged()).filter(({ event }) => String(event).startsWith('session.')).map(({ event, sid, by, again }) => [event, sid, again === true ? `${by} again` : by])

await t.test('end of a login: the session is dead at once when the browser has it already', async (t) => {
  const service = await openTestService(t)
  const { browser, phone, id } = await confirmed(service)
  const consumed = await browser.consume()
  t.equal((await whoIs(service, { cookie: cookieOf(consumed) })).json.session.id, id, 'the phone was told the id before the session opened')
  t.equal((await phone.signOut(id, browser.ticket)).status, 204)
  t.equal((await whoIs(service, { cookie: cookieOf(consumed) })).status, 401)
  t.equal((await whoIs(service, { authorization: `Bearer ${consumed.json.access_token}` })).status, 401)
  t.equal(verdict(await browser.consume()), '409 ticket-consumed', 'the answer is not given again')
  t.strictSame((await phone.sessions()).json.sessions, [])
  t.equal((await phone.signOut(id, browser.ticket)).status, 204, 'again, as the answer may have got lost')
  t.strictSame(eventsOf(service), [['session.opened', id, undefined], ['session.ended', id, 'phone'], ['session.ended', id, 'phone again']])
})

await t.test('end of a login: the browser never gets the session when it asks for it later', async (t) => {
  const service = await openTestService(t, { env: { TICKET_TTL: '3600' } })
  const { browser, phone, id } = await confirmed(service)
  t.equal((await phone.signOut(id, browser.ticket)).status, 204)
  t.equal((await phone.signOut(id, browser.ticket)).status, 204, 'again, as the answer may have got lost')
  // Far beyond the ten minutes for which ended sessions are kept otherwise, and until the last moment of the ticket and of its repetition.
  service.clock.advance(3_590_000)
  t.equal(verdict(await browser.consume()), '409 ticket-consumed')
  service.clock.advance(29_000)
  t.equal(verdict(await browser.consume()), '409 ticket-consumed')
  t.strictSame((await phone.sessions()).json.sessions, [])
  t.strictSame(eventsOf(service), [['session.prevented', id, 'phone'], ['session.prevented', id, 'phone again']])
  t.hasStrict(auditStepsIn(service.logged()).find(({ event }) => event === 'session.prevented'), { ticket: browser.ticket.slice(0, 8), sub: phone.sub, key: phone.key.key_id })
})

await t.test('end of a login: its person is told so when they scan its code again, whether the browser had the session or not; while it lasts, they are told that it does', async (t) => {
  const service = await openTestService(t)
  for (const isOpen of [true, false]) {
    const { browser, phone, id } = await confirmed(service)
    if (isOpen) await browser.consume()
    const before = await phone.scan(browser.ticket)
    t.hasStrict(before.json, isOpen ? { code: 'ticket-consumed', session: id, reason: undefined } : { state: 'confirmed', session: id })
    t.equal((await phone.signOut(id, browser.ticket)).status, 204)
    for (let n = 0; n < 2; n++) t.hasStrict((await phone.scan(browser.ticket)).json, { code: 'ticket-consumed', reason: 'logged-out' })
    t.notOk('reason' in (await (await phoneOf(service, 'hong')).scan(browser.ticket)).json, 'nobody else is told')
  }
})

await t.test('end of a login: it is recorded with the repetition when the store has stored it and its answer got lost', async (t) => {
  let isLost = false
  const losing = <A extends readonly unknown[]>(method: (key: string, ...args: A) => Promise<boolean>) => async (key: string, ...args: A) => {
    const stored = await method(key, ...args)
    if (!isLost || !key.startsWith('session:')) return stored
    isLost = false
    throw new Problem('store-unavailable', { retryAfterSeconds: 1 })
  }
  const wrapStore = (store: Store): Store => ({ ...store, claim: losing(store.claim), replace: losing(store.replace) })
  const service = await openTestService(t, { wrapStore })
  for (const isOpen of [false, true]) {
    const { browser, phone, id } = await confirmed(service)
    if (isOpen) await browser.consume()
    const before = eventsOf(service).length
    isLost = true
    t.equal((await phone.signOut(id, browser.ticket)).status, 503)
    t.equal((await phone.signOut(id, browser.ticket)).status, 204)
    t.strictSame(eventsOf(service).slice(before), [[isOpen ? 'session.ended' : 'session.prevented', id, 'phone again']])
    service.clock.advance(60_000)
    await phone.signOut(id, browser.ticket)
    t.equal(eventsOf(service).length, before + 1, 'a minute later it is no repetition any more')
  }
  const { phone, id, browser, consumed } = await logInHere(service)
  t.equal((await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: cookieOf(consumed), origin: service.config.origin } })).status, 204)
  const before = eventsOf(service)
  t.equal((await phone.signOut(id, browser.ticket)).status, 204)
  t.strictSame(eventsOf(service), before, 'the browser had ended it')
})

await t.test('end of a login: the session of another site ends, too', async (t) => {
  const origin = 'https://shop.example'
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: origin } })
  for (const isOpen of [true, false]) {
    const phone = await phoneOf(service)
    const { ticket, secret } = (await service.call({ method: 'POST', path: '/api/tickets', headers: { origin, 'user-agent': windowsChrome } })).json
    const headers = { authorization: `Ticket ${secret}`, origin }
    const consume = () => service.call({ method: 'POST', path: `/api/tickets/${ticket}/consume`, headers })
    await phone.scan(ticket)
    const { match_code: number } = (await service.call({ path: `/api/tickets/${ticket}`, headers })).json
    const { session: id } = (await phone.confirm(ticket, number)).json
    const token = isOpen ? (await consume()).json.access_token : ''
    t.equal((await phone.signOut(id, ticket)).status, 204)
    if (isOpen) t.equal((await whoIs(service, { authorization: `Bearer ${token}` })).status, 401)
    t.equal(verdict(await consume()), '409 ticket-consumed')
  }
})

await t.test('end of a login: the phone learns the id again when the answer to its confirmation got lost', async (t) => {
  const service = await openTestService(t)
  const { browser, phone, id } = await confirmed(service)
  t.equal((await phone.scan(browser.ticket)).json.session, id)
  const late = await phone.cancel(browser.ticket)
  t.strictSame([verdict(late), late.json.session], ['409 ticket-confirmed', id])
  await browser.consume()
  for (const answer of [await phone.scan(browser.ticket), await phone.cancel(browser.ticket)]) t.strictSame([verdict(answer), answer.json.session], ['409 ticket-consumed', id])
  t.equal((await phone.confirm(browser.ticket)).json.session, id)

  const hong = await phoneOf(service, 'hong')
  for (const answer of [await hong.scan(browser.ticket), await hong.confirm(browser.ticket), await hong.cancel(browser.ticket), await browser.poll(), await browser.giveUp()]) t.notOk(answer.text.includes(id), 'nobody else learns it')
})

await t.test('end of a login: nobody ends or prevents a login that they have not confirmed themselves', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_PHONE: '1000' } })
  const hong = await phoneOf(service, 'hong')
  const { browser, phone, id } = await confirmed(service)
  const own = await confirmed(service, { phone: hong })
  const scanned = await openBrowser(service)
  await hong.scan(scanned.ticket)
  t.notOk('session' in (await hong.scan(scanned.ticket)).json, 'no id before the confirmation')
  const cancelled = await openBrowser(service)
  await hong.scan(cancelled.ticket)
  await hong.cancel(cancelled.ticket)
  const madeUp = 'A'.repeat(22)
  const keysBefore = await Promise.all([id, own.id, madeUp].map((one) => service.store.read(`session:${one}`)))
  for (const [session, ticket] of [[id, browser.ticket], [id, own.browser.ticket], [own.id, browser.ticket], [madeUp, own.browser.ticket], [madeUp, scanned.ticket], [madeUp, cancelled.ticket], [own.id, undefined], [madeUp, undefined]] as const) {
    t.equal(verdict(await hong.signOut(session, ticket)), '404 not-found', `${session} ${ticket}`)
  }
  for (const [session, ticket] of [[madeUp, madeUp], [own.id, madeUp], [own.id, 'x']] as const) t.equal(verdict(await hong.signOut(session, ticket)), '404 ticket-not-found', `${session} ${ticket}`)
  t.equal((await hong.signed({ method: 'DELETE', path: `/api/phone/sessions/${own.id}?ticket=a&ticket=${own.browser.ticket}` })).status, 400)
  t.strictSame(await Promise.all([id, own.id, madeUp].map((one) => service.store.read(`session:${one}`))), keysBefore, 'nothing is stored')
  t.equal((await browser.consume()).status, 200)
  t.equal((await own.browser.consume()).status, 200)
  t.equal((await phone.sessions()).json.sessions.length, 1)
})

await t.test('end of a login: the answer says that no session can open any more when its ticket has expired, and when neither is known', async (t) => {
  const service = await openTestService(t)
  const { browser, phone, id } = await confirmed(service)
  service.clock.advance(185_000)
  t.equal((await browser.poll()).json.state, 'expired')
  t.equal((await phone.signOut(id, browser.ticket)).status, 204)
  t.equal(verdict(await phone.signOut(id)), '404 not-found', 'without the ticket')
  t.strictSame(eventsOf(service), [], 'nothing was ended or prevented')
  service.clock.advance(3_600_000)
  t.equal(verdict(await phone.signOut(id, browser.ticket)), '404 ticket-not-found')
  t.equal(verdict(await phone.signOut(id)), '404 not-found', 'without the ticket')
})

await t.test('end of a login: a ticket of an earlier release is consumed, and tells no id', async (t) => {
  const service = await openTestService(t)
  const { browser, phone, id } = await confirmed(service)
  const key = `ticket:${browser.ticket}`
  const { sessionId, ...before } = await service.store.read<Record<string, unknown>>(key) ?? {}
  t.equal(sessionId, id)
  await service.store.write(key, before, 60_000)
  t.notOk('session' in (await phone.confirm(browser.ticket)).json)
  t.equal(verdict(await phone.signOut(id, browser.ticket)), '404 not-found')
  t.equal((await browser.consume()).status, 200)
})

await t.test('end of a login: no session opens when it would have another id than the phone was told', async (t) => {
  const service = await openTestService(t)
  const { browser } = await confirmed(service)
  const key = `ticket:${browser.ticket}`
  await service.store.write(key, { ...await service.store.read<object>(key), sessionId: 'A'.repeat(22) }, 60_000)
  t.equal(verdict(await browser.consume()), '409 ticket-consumed')
  const other = await logIn(service)
  t.equal(other.consumed.status, 200)
})
