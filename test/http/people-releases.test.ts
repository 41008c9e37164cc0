/** People, with an instance of the release before on the same store: it keeps no records and knows no REGISTRATION. And what the browser of somebody sees who is blocked meanwhile. */
import t, { type Test } from 'tap'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { openBrowser } from '../support/clients.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'
import { block, ownerOf, peopleIn, personOf } from '../support/people.ts'
import { openTestService, type TestService } from '../support/test-service.ts'

const env = { LIMIT_CREATE: '100000', LIMIT_PHONE: '100000' }

/** Opens an instance, and one that stands for the release before: what it has stored is rewritten as that release stores it. */
const openBoth = async (t: Test, REGISTRATION: string) => {
  const keys = generateKeys()
  const before = await openTestService(t, { keys, env })
  const { store, clock, simulator } = before
  const service = await openTestService(t, { keys, store, clock, simulator, env: { ...env, REGISTRATION } })
  const rewrite = async (key: string, change: (record: any) => object): Promise<void> => { // as stored
    await store.write(key, change(await store.read(key)), 600_000)
  }
  return {
    before,
    service,
    /** Leaves out what only this release stores. */
    asBefore: async (sub: string, { tickets = [], sessions = [] }: { tickets?: readonly string[], sessions?: readonly string[] }) => {
      for (const ticket of tickets) await rewrite(`ticket:${ticket}`, ({ person: { recordedAt, ...person }, ...rest }) => ({ ...rest, person }))
      for (const id of sessions) await rewrite(`session:${id}`, ({ recordedAt, ...rest }) => rest)
      await store.remove(`person:${sub}`)
    },
  }
}

const sessionOf = async (service: TestService, cookie: string) => (await service.call({ path: '/api/session', headers: { cookie } })).json.session.id as string

for (const [registration, refusal] of Object.entries({ open: null, approval: '403 person-waiting', closed: '403 person-unknown' })) {
  await t.test(`two releases: a ticket that the one before has scanned lets in whoever a scan here lets in when REGISTRATION is ${registration}`, async (t) => {
    const { before, service, asBefore } = await openBoth(t, registration)
    const begun = await phoneOf(before, 'ming')
    const browser = await openBrowser(service)
    await begun.scan(browser.ticket)
    const number = await browser.matchCode()
    await asBefore(begun.sub, { tickets: [browser.ticket] })
    const phone = await phoneOf(service, 'ming')
    t.equal(verdict(await phone.confirm(browser.ticket, number)), refusal ?? '200')
    t.equal((await browser.poll()).json.state, refusal === null ? 'confirmed' : 'scanned')
    t.equal((await peopleIn(service).read(phone.sub)).state, { open: 'active', approval: 'waiting', closed: 'unknown' }[registration])
    t.equal(verdict(await browser.consume()), refusal === null ? '200' : '409 ticket-not-confirmed')
  })

  await t.test(`two releases: a ticket that the one before has scanned and confirmed lets in nobody who is unknown unless REGISTRATION is open, and it is ${registration}`, async (t) => {
    const { before, service, asBefore } = await openBoth(t, registration)
    const { browser, phone } = await confirmedBrowser(before)
    await asBefore(phone.sub, { tickets: [browser.ticket] })
    const consume = () => service.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization: `Ticket ${browser.secret}` } })
    for (const time of ['first', 'again']) t.equal(verdict(await consume()), registration === 'open' ? '200' : '403 person-unknown', time)
  })

  await t.test(`two releases: whoever was logged in before there were records goes on, and logs in again, when REGISTRATION is ${registration}`, async (t) => {
    const { before, service, asBefore } = await openBoth(t, registration)
    const { phone: begun, cookie, token } = await logIn(before)
    const { browser } = await confirmedBrowser(before, { phone: begun })
    const scanned = await openBrowser(service)
    await begun.scan(scanned.ticket)
    const number = await scanned.matchCode()
    await asBefore(begun.sub, { tickets: [browser.ticket, scanned.ticket], sessions: [await sessionOf(before, cookie)] })
    const phone = await phoneOf(service, 'ming')
    const isIn = async () => [(await service.call({ path: '/api/session', headers: { cookie } })).status, (await service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })).status]
    t.strictSame(await isIn(), [200, 200])
    t.equal((await service.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization: `Ticket ${browser.secret}` } })).status, 200, 'confirmed at the release before')
    t.equal((await phone.confirm(scanned.ticket, number)).status, 200, 'scanned at the release before')
    t.equal((await scanned.consume()).status, 200)
    t.hasStrict(await service.store.read(`ticket:${scanned.ticket}`), { person: { recordedAt: (await peopleIn(service).read(phone.sub)).recordedAt } }, 'bound to the record that the confirmation has made')
    t.strictSame(await isIn(), [200, 200])
    t.equal((await logIn(service, { phone })).consumed.status, 200)
  })

  await t.test(`two releases: sessions that have ended make nobody known when REGISTRATION is ${registration}`, async (t) => {
    const { before, service, asBefore } = await openBoth(t, registration)
    const { phone: begun, cookie } = await logIn(before)
    await asBefore(begun.sub, { sessions: [await sessionOf(before, cookie)] })
    service.clock.sleep(31 * 86_400_000) // unused for longer than SESSION_IDLE, and still listed
    const phone = await phoneOf(service, 'ming')
    t.equal(verdict(await phone.scan((await openBrowser(service)).ticket)), refusal ?? '200')
  })
}

await t.test('polls: the browser of somebody who is blocked at another instance after their scan is logged in by nobody, and its ticket is cancelled', async (t) => {
  const { before: other, service } = await openBoth(t, 'open')
  const owner = await ownerOf(other)
  const phone = await personOf(service, 'hong')
  const browser = await openBrowser(service)
  await phone.scan(browser.ticket)
  const number = await browser.matchCode()
  const held = browser.poll(2, 25)
  t.equal((await block(owner, phone.sub)).status, 200)
  t.equal(verdict(await phone.confirm(browser.ticket, number)), '401 key-unknown')
  t.equal(verdict(await (await phoneOf(service, 'hong')).confirm(browser.ticket, number)), '403 person-blocked')
  service.clock.advance(25_000)
  t.hasStrict((await held).json, { state: 'cancelled', version: 3 }, 'its page asks for another one')
})

await t.test('polls: the browser of somebody who is blocked at another instance after they confirmed is told so, each time, and by a held poll before that nothing else', async (t) => {
  const { before: other, service } = await openBoth(t, 'open')
  const owner = await ownerOf(other)
  const phone = await personOf(service, 'hong')
  const { browser } = await confirmedBrowser(service, { phone })
  t.equal((await block(owner, phone.sub)).status, 200)
  const poll = await browser.poll(2, 25)
  t.hasStrict(poll.json, { state: 'confirmed' }, 'it asks for its session now')
  for (const time of ['first', 'again']) {
    const consumed = await browser.consume()
    t.equal(verdict(consumed), '403 person-blocked', time)
    t.equal(consumed.headers['set-cookie'], undefined, time)
  }
  t.hasStrict((await browser.poll()).json, { state: 'consumed' }, 'a final state: it is asked for no more')
})
