/** Every combination of REGISTRATION, person and call over HTTP: the answer, and what is stored afterwards. */
import t from 'tap'
import { generateKeys } from '../../src/sessions/key-set.ts'
import { openBrowser, type TestBrowser, type TestPhone } from '../support/clients.ts'
import { confirmedBrowser, logIn, phoneOf, verdict, type Login } from '../support/login.ts'
import { allow, block, erase, ownerOf, peopleIn, personOf } from '../support/people.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'

const env = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }
const registrations = ['open', 'approval', 'closed'] as const
const sameOrigin = { 'sec-fetch-site': 'same-origin' }

/** What a person has begun, in an installation that lets everybody in. */
interface Scene {
  readonly service: TestService
  readonly person: string
  phone: TestPhone
  readonly owner: TestPhone
  /** Somebody who waits, for owners to decide about. */
  readonly other: TestPhone
  readonly pending: TestBrowser
  readonly scanned: TestBrowser
  readonly number: string
  readonly confirmed: TestBrowser
  readonly login: Login
  readonly sid: string
}

const rewrite = async ({ service: { store } }: Scene, key: string, change: (record: any) => object): Promise<void> => { // as stored
  const record = await store.read(key)
  if (record !== undefined) await store.write(key, change(record), 3_600_000)
}

/** What becomes of them then. Blocked and erased people log their phone in once more. */
const people: Record<string, (scene: Scene) => Promise<void>> = {
  unknown: async () => {},
  'of before records': async (scene) => {
    for (const { ticket } of [scene.scanned, scene.confirmed]) await rewrite(scene, `ticket:${ticket}`, ({ person: { recordedAt, ...person }, ...rest }) => ({ ...rest, person }))
    await rewrite(scene, `session:${scene.sid}`, ({ recordedAt, ...rest }) => rest)
    await scene.service.store.remove(`person:${scene.phone.sub}`)
  },
  waiting: async ({ service, phone }) => { await peopleIn(service).setState(phone.sub, ['active'], 'waiting') },
  active: async () => {},
  blocked: async (scene) => {
    await block(scene.owner, scene.phone.sub)
    scene.phone = await phoneOf(scene.service, scene.person)
  },
  owner: async ({ service, phone }) => { await peopleIn(service).setOwner(phone.sub, true) },
  'blocked owner': async (scene) => {
    await people.owner?.(scene)
    await people.blocked?.(scene)
  },
  erased: async (scene) => {
    await erase(scene.phone)
    scene.service.clock.advance(1)
    scene.phone = await phoneOf(scene.service, scene.person)
  },
}

const calls: Record<string, (scene: Scene) => Promise<Answer>> = {
  'phone login': ({ service, person }) => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode(person) } }),
  scan: ({ phone, pending }) => phone.scan(pending.ticket),
  confirm: ({ phone, scanned, number }) => phone.confirm(scanned.ticket, number),
  cancel: ({ phone, scanned }) => phone.cancel(scanned.ticket),
  sessions: ({ phone }) => phone.sessions(),
  'end session': ({ phone, sid }) => phone.signOut(sid),
  'sign out': ({ phone }) => phone.signOutEverywhere(),
  profile: ({ phone }) => phone.rename('小雨'),
  list: ({ phone }) => phone.signed({ path: '/api/phone/people?state=waiting' }),
  allow: ({ phone, other }) => allow(phone, other.sub),
  block: ({ phone, other }) => block(phone, other.sub),
  delete: ({ phone }) => erase(phone),
  consume: ({ confirmed }) => confirmed.consume(),
  'session by cookie': ({ service, login: { cookie } }) => service.call({ path: '/api/session', headers: { cookie } }),
  'session by token': ({ service, login: { token } }) => service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } }),
  token: ({ service, login: { cookie } }) => service.call({ method: 'POST', path: '/api/session/token', headers: { cookie, ...sameOrigin } }),
  verify: ({ service, login: { cookie } }) => service.call({ path: '/api/session/verify', headers: { cookie } }),
  'forward auth': ({ service, login: { cookie } }) => service.call({ path: '/api/forward-auth', headers: { cookie } }),
  'log out': ({ service, login: { cookie } }) => service.call({ method: 'DELETE', path: '/api/session', headers: { cookie, ...sameOrigin } }),
}

const [out, notOwner, banned] = ['401 unauthenticated', '403 not-owner', '403 person-blocked']
const noSession = [out, out, out, out, out, out]
const inSession = ['200', '200', '200', '200', '200', '204']
const notOwners = [notOwner, notOwner, notOwner]

/**
 * For each person the answer to each call, in the order above; after ` → ` the person's state afterwards, where that changes, or the ticket's. Where the answer depends on
 * REGISTRATION there are three: open, approval, closed.
 */
const newcomer = {
  scan: '200 → active | 403 person-waiting → waiting | 403 person-unknown',
  profile: '200 | 403 person-unknown | 403 person-unknown',
}
const blockedAnswers = ['200', banned, banned, banned, banned, banned, banned, banned, banned, banned, banned, '204', `${banned} → consumed`, ...noSession]
const table: Record<string, readonly string[]> = {
  //         login  scan          confirm                   cancel                    sessions end session  sign out  profile            people      delete            consume                        browsers
  unknown: ['200', newcomer.scan, '409 ticket-not-scanned', '409 ticket-not-scanned', '200', '404 not-found', '204', newcomer.profile, ...notOwners, '204', '409 ticket-not-confirmed', ...noSession],
  'of before records': ['200', '200 → active', '200 → active', '200', '200', '204', '204', '200', ...notOwners, '204', '200', ...inSession],
  waiting: ['200', '200 → active | 403 person-waiting | 403 person-waiting', '403 person-waiting', '200', '200', '204', '204', '200', ...notOwners, '204 → unknown', '403 person-waiting → consumed', ...noSession],
  active: ['200', '200', '200', '200', '200', '204', '204', '200', ...notOwners, '204 → unknown', '200', ...inSession],
  blocked: blockedAnswers,
  owner: ['200', '200', '200', '200', '200', '204', '204', '200', '200', '200', '200', '204 → unknown', '200', ...inSession],
  'blocked owner': blockedAnswers,
  erased: ['200', newcomer.scan, '404 ticket-not-found', '404 ticket-not-found', '200', '404 not-found', '204', newcomer.profile, ...notOwners, '204', '404 ticket-not-found', ...noSession],
}

t.strictSame(Object.keys(table), Object.keys(people), 'every person has a row')
for (const [person, row] of Object.entries(table)) t.equal(row.length, Object.keys(calls).length, `${person} has every column`)

/** Somebody whose phone has logged in, and nothing else. */
const stranger = async (service: TestService, owner: TestPhone, person: string): Promise<Scene> => {
  const [pending, phone] = [await openBrowser(service), await phoneOf(service, person)]
  return { service, person, phone, owner, other: await personOf(service, `${person}, other`, { state: 'waiting' }), pending, scanned: pending, number: '10', confirmed: pending, login: { cookie: '', token: '' } as Login, sid: 'A'.repeat(22) }
}

/** Somebody who has logged in in a browser, has scanned a second ticket, and has confirmed a third one. */
const acquaintance = async (open: TestService, service: TestService, owner: TestPhone, person: string): Promise<Scene> => {
  const begun = await phoneOf(open, person)
  const login = await logIn(open, { phone: begun })
  const [scanned, pending] = [await openBrowser(service), await openBrowser(service)]
  await begun.scan(scanned.ticket)
  const { browser } = await confirmedBrowser(open, { phone: begun })
  const phone = { ...await phoneOf(service, person) }
  const asked = await service.call({ path: '/api/session', headers: { cookie: login.cookie } })
  return {
    service,
    person,
    phone,
    owner,
    other: await personOf(service, `${person}, other`, { state: 'waiting' }),
    pending,
    scanned,
    number: await scanned.matchCode(),
    confirmed: browserAt(service, browser),
    login,
    sid: asked.json.session.id,
  }
}

/** The same browser, whose calls reach this instance. */
const browserAt = (service: TestService, browser: TestBrowser): TestBrowser => ({
  ...browser,
  consume: () => service.call({ method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization: `Ticket ${browser.secret}` } }),
})

const preparing = await openTestService(t)
const keys = generateKeys()
let persons = 0

for (const REGISTRATION of registrations) {
  await t.test(`people: each call of each person has the answer of the table, and a refusal stores nothing, when REGISTRATION is ${REGISTRATION}`, async (t) => {
    const shared = { keys, store: preparing.store, clock: preparing.clock, simulator: preparing.simulator }
    const open = await openTestService(t, { ...shared, env })
    const service = await openTestService(t, { ...shared, env: { ...env, REGISTRATION } })
    const owner = await ownerOf(open)
    for (const [name, row] of Object.entries(table)) {
      for (const [column, [call, perform]] of Object.entries(calls).entries()) {
        const person = `person ${persons++}`
        service.clock.advance(1) // a deadline of an earlier call, by the same time, would end this one's calls to WeChat
        const cells = row[column]?.split(' | ') ?? []
        const [answer = '', after = ''] = (cells[registrations.indexOf(REGISTRATION)] ?? cells[0] ?? '').split(' → ')
        const scene = name === 'unknown' ? await stranger(service, owner, person) : await acquaintance(open, service, owner, person)
        await people[name]?.(scene)
        const { sub } = scene.phone
        const known = await peopleIn(service).read(sub)
        const snapshot = async () => await Promise.all([`person:${sub}`, `person-name:${sub}`, `person-sessions:${sub}`, `person-phone-keys:${sub}`, `session:${scene.sid}`, `person:${scene.other.sub}`, ...[scene.pending, scene.scanned, scene.confirmed].map(({ ticket }) => `ticket:${ticket}`)].map((key) => service.store.read(key)))
        const before = await snapshot()
        const given = await perform(scene)
        const why = `${REGISTRATION}, ${name}: ${call}`
        t.equal(verdict(given), answer, why)
        t.equal((await peopleIn(service).read(sub)).state, after === '' || after === 'consumed' ? known.state : after, `${why}, afterwards`)
        if (after === 'consumed') t.equal((await scene.confirmed.poll()).json.state, 'consumed', why)
        else if (after === '' && given.status >= 400) t.strictSame(await snapshot(), before, `${why} stores nothing`)
        else if (after === 'waiting') t.hasStrict((await scene.pending.poll()).json, { state: 'pending', version: 1 }, why)
      }
    }
  })
}
