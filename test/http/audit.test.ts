/** The audit of a login: each step is logged once, by the instance that made it, with the address of the caller. */
import t from 'tap'
import { createStore } from '../../src/stores/store.ts'
import { openBrowser, sign, windowsChrome } from '../support/clients.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { confirmedBrowser, logIn, phoneOf } from '../support/login.ts'
import { withoutContext, auditStepsIn } from '../support/audit-steps.ts'
import { otherNumber } from '../support/seeded-random.ts'

const [browserAt, phoneAt] = ['198.51.100.20', '127.0.0.1']

/** Returns a function that returns the steps since the last call. */
const stepsOf = (...services: readonly TestService[]) => {
  const seen = services.map(() => 0)
  return () => services.flatMap((service, index) => {
    const steps = auditStepsIn(service.logged())
    const fresh = steps.slice(seen[index])
    seen[index] = steps.length
    return fresh
  })
}

await t.test('audit: each step of a login is logged with person, address and browser', async (t) => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: 'https://shop.example' } })
  const newSteps = stepsOf(service)
  const phone = await phoneOf(service)
  const [key, sub] = [phone.key.key_id, phone.sub]
  const { browser, consumed, cookie } = await logIn(service, { phone, from: browserAt })
  const ticket = browser.ticket.slice(0, 8)
  const { session } = (await service.call({ path: '/api/session', headers: { cookie } })).json
  const chrome = { browser: 'Chrome', system: 'Windows', place: null }
  t.equal(consumed.status, 200)
  const steps = newSteps()
  t.strictSame(steps.map(withoutContext), [
    { event: 'phone-key.created', key, sub, ip: phoneAt },
    { event: 'ticket.created', ticket, ...chrome, ip: browserAt },
    { event: 'person.created', sub, key, ip: phoneAt },
    { event: 'ticket.scanned', ticket, sub, key, ip: phoneAt },
    { event: 'ticket.confirmed', ticket, sub, key, ip: phoneAt },
    { event: 'ticket.consumed', ticket, sub, ip: browserAt },
    { event: 'session.opened', ticket, sid: session.id, sub, ...chrome, ip: browserAt },
  ])
  const answered = service.logged().split('\n').filter((line) => line.includes('"answered"')).map((line) => JSON.parse(line))
  t.strictSame(steps.slice(2).map(({ reqId }) => answered.find((line) => line.reqId === reqId)?.status), [200, 200, 200, 200, 200], 'each is found in the request log')
  t.strictSame(steps.slice(2).map(({ reqId }) => String(answered.find((line) => line.reqId === reqId)?.path).includes(`/${ticket}…/`)), [true, true, true, true, true], 'which shows the ticket in the same form')

  t.equal((await browser.consume()).status, 200)
  t.strictSame(newSteps().map(withoutContext), [{ event: 'session.opened', ticket, sid: session.id, sub, ...chrome, again: true, ip: browserAt }], 'a repeated consume')

  await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie, origin: 'https://login.example.com' } })
  t.strictSame(newSteps().map(withoutContext), [{ event: 'session.ended', sid: session.id, sub, by: 'browser', ip: phoneAt, site: 'https://login.example.com' }])

  const other = await logIn(service, { phone })
  newSteps()
  const { id: sid } = (await service.call({ path: '/api/session', headers: { cookie: other.cookie } })).json.session
  await phone.signOut(sid)
  await phone.signOut(sid)
  const ended = { event: 'session.ended', sid, sub, by: 'phone', key, ip: phoneAt }
  t.strictSame(newSteps().map(withoutContext), [ended, { ...ended, again: true }], 'the second time as one that may repeat the first')

  for (const [origin, step] of [['https://shop.example', { event: 'ticket.created', site: 'https://shop.example' }], ['https://evil.example', { event: 'refused', code: 'cross-site', site: 'another' }]] as const) {
    await service.call({ method: 'POST', path: '/api/tickets', headers: { origin, 'user-agent': windowsChrome } })
    t.hasStrict(newSteps(), [step])
  }
})

await t.test('audit: the end of a ticket without a login is logged with its cause', async (t) => {
  const service = await openTestService(t)
  const newSteps = stepsOf(service)
  const phone = await phoneOf(service)
  const [key, sub, ip] = [phone.key.key_id, phone.sub, phoneAt]
  const scanned = async () => {
    const browser = await openBrowser(service)
    await phone.scan(browser.ticket)
    newSteps()
    return { browser, ticket: browser.ticket.slice(0, 8) }
  }

  const first = await scanned()
  await first.browser.giveUp()
  await first.browser.giveUp()
  t.strictSame(newSteps().map(withoutContext), [{ event: 'ticket.cancelled', ticket: first.ticket, sub, by: 'browser', ip }])

  const second = await scanned()
  await phone.cancel(second.browser.ticket)
  t.strictSame(newSteps().map(withoutContext), [{ event: 'ticket.cancelled', ticket: second.ticket, sub, by: 'phone', key, ip }])

  const third = await scanned()
  const right = await third.browser.matchCode()
  await phone.confirm(third.browser.ticket, otherNumber(right))
  t.strictSame(newSteps().map(withoutContext), [
    { event: 'ticket.cancelled', ticket: third.ticket, sub, by: 'wrong-number', count: 1, key, ip },
    { event: 'refused', code: 'match-wrong', ticket: third.ticket, sub, key, ip },
  ])

  const fourth = await openBrowser(service)
  newSteps()
  service.clock.advance(180_000)
  await Promise.all([fourth.poll(), fourth.poll(), service.call({ path: `/api/tickets/${fourth.ticket}/code` })])
  t.strictSame(newSteps().map(withoutContext), [{ event: 'ticket.expired', ticket: fourth.ticket.slice(0, 8), ip }], 'once, by the first that notices')
})

await t.test('audit: a refusal is logged with its code, but neither a limit\'s nor a malformed request\'s', async (t) => {
  const service = await openTestService(t)
  const newSteps = stepsOf(service)
  const [ming, hong] = [await phoneOf(service), await phoneOf(service, 'hong')]
  const browser = await openBrowser(service)
  await ming.scan(browser.ticket)
  newSteps()
  const ticket = browser.ticket.slice(0, 8)

  await hong.scan(browser.ticket)
  t.strictSame(newSteps().map(withoutContext), [{ event: 'refused', code: 'ticket-taken', ticket, sub: hong.sub, key: hong.key.key_id, ip: phoneAt }])
  await browser.consume()
  t.strictSame(newSteps().map(withoutContext), [{ event: 'refused', code: 'ticket-not-confirmed', ticket, ip: phoneAt }])

  const path = '/api/phone/sessions'
  const signed = sign({ path }, ming.key, { authority: 'login.example.com', created: service.clock.now() / 1000 })
  for (const [headers, code] of [[signed, undefined], [signed, 'replayed'], [{ ...signed, signature: signed.signature?.replace(/:../, ':AA') ?? '' }, 'signature-invalid'], [{}, 'signature-invalid']] as const) {
    await service.call({ path, headers })
    t.strictSame(newSteps().map(({ event, code }) => [event, code]), code === undefined ? [] : [['refused', code]])
    service.clock.advance(60_000) // one per kind and address is logged in a minute
  }
  await service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: 'nobody' } })
  await service.call({ method: 'POST', path: '/api/tickets', body: { return_to: 'https://evil.example/' } })
  await service.call({ method: 'DELETE', path: '/api/session', headers: { origin: 'https://evil.example' } })
  t.strictSame(newSteps().map(withoutContext), [
    { event: 'refused', code: 'js-code-invalid', ip: phoneAt },
    { event: 'refused', code: 'return-to-not-allowed', ip: phoneAt },
    { event: 'refused', code: 'cross-site', ip: phoneAt, site: 'another' },
  ])

  await service.call({ path: `/api/tickets/${browser.ticket}`, headers: { authorization: `Ticket ${'A'.repeat(43)}` } })
  await service.call({ path: '/api/session' })
  await service.call({ path: '/nothing' })
  await service.call({ method: 'POST', path: '/api/tickets', body: '{' })
  t.strictSame(newSteps(), [])
})

await t.test('audit: each step is logged by one instance when several race', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const keys = generateKeys()
  const env = { LIMIT_GUESS: '5' }
  const one = await openTestService(t, { store, clock, keys, env })
  const two = await openTestService(t, { store, clock, keys, env, simulator: one.simulator })
  const newSteps = stepsOf(one, two)
  const phone = await phoneOf(one)
  const browser = await openBrowser(one)
  newSteps()
  const everywhere = async (call: (service: TestService) => ReturnType<TestService['call']>) => {
    await Promise.all([one, two, one, two].map(call))
    return newSteps().map(({ event }) => event).filter((event) => event !== 'refused').sort()
  }
  const signed = (verb: string, body: unknown) => (service: TestService) => {
    const call = { method: 'POST', path: `/api/phone/tickets/${browser.ticket}/${verb}`, body } as const
    return service.call({ ...call, headers: sign(call, phone.key, { authority: 'login.example.com', created: clock.now() / 1000 }) })
  }
  t.strictSame(await everywhere(signed('scan', {})), ['person.created', 'ticket.scanned'])
  t.strictSame(await everywhere(signed('confirm', { match_code: await browser.matchCode() })), ['ticket.confirmed'])
  const headers = { authorization: `Ticket ${browser.secret}` }
  await Promise.all([one, two, one, two].map((service) => service.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers })))
  const opened = newSteps()
  t.equal(opened.filter(({ event }) => event === 'ticket.consumed').length, 1)
  t.strictSame(opened.filter(({ event }) => event === 'session.opened').map(({ again }) => again ?? false).sort(), [false, true, true, true], 'only one is not `again`')

  await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one : two).call({ path: '/nothing', from: browserAt })))
  t.strictSame(newSteps().map(withoutContext), [{ event: 'limit.hit', limit: 'guess', ip: browserAt }], 'a limit is logged once per window')
  clock.advance(60_000)
  await Promise.all(Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? one : two).call({ path: '/nothing', from: browserAt })))
  t.strictSame(newSteps().map(withoutContext), [{ event: 'limit.hit', limit: 'guess', ip: browserAt }], 'and once in the next window')
})

await t.test('audit: nothing is logged of a step that the store didn\'t confirm', async (t) => {
  const spoil: { with?: Error } = {}
  const service = await openTestService(t, {
    wrapStore: (store) => ({ ...store, replace: async (...args) => spoil.with === undefined ? await store.replace(...args) : await Promise.reject(spoil.with) }),
  })
  const { browser, phone } = await confirmedBrowser(service)
  const newSteps = stepsOf(service)
  newSteps()
  spoil.with = new Error('gone')
  t.equal((await browser.consume()).status, 500)
  t.strictSame(newSteps(), [])
  delete spoil.with
  t.equal((await browser.consume()).status, 200)
  t.strictSame(newSteps().map(({ event, sub }) => [event, sub]), [['ticket.consumed', phone.sub], ['session.opened', phone.sub]])
})
