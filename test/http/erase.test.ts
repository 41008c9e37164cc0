/** A person who has done everything deletes their data: the store has no trace of them, and everything of theirs is out at the very next call. */
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createPeople } from '../../src/people/people.ts'
import { foldedName } from '../../src/people/person-record.ts'
import { systemClock } from '../../src/runtime.ts'
import { openStore, temporaryFolder, untilReady } from '../contract/store-harness.ts'
import { auditStepsIn } from '../support/audit-steps.ts'
import { openBalancedServices } from '../support/balanced-services.ts'
import { openBrowser, openPhone, type TestPhone } from '../support/clients.ts'
import { confirmedBrowser, cookieOf, logIn, verdict } from '../support/login.ts'
import { startRedis } from '../support/redis.ts'
import { otherNumber } from '../support/seeded-random.ts'
import { dumpRedis, dumpSqlite, linesWith } from '../support/store-dump.ts'
import type { TestService } from '../support/test-service.ts'
import { settle } from '../support/waiting.ts'

interface Stores { readonly stores: readonly Store[], dump (): Promise<string> }

const kinds: Readonly<Record<string, (t: Test) => Promise<Stores>>> = {
  'sqlite in a file': async (t) => {
    const file = join(temporaryFolder(t), 'store.db')
    return { stores: [openStore(t, `sqlite:${file}`, systemClock)], dump: async () => dumpSqlite(file) }
  },
  'redis, two instances': async (t) => {
    const server = await startRedis()
    t.teardown(() => server.stop())
    return { stores: [openStore(t, server.url, systemClock), openStore(t, server.url, systemClock)], dump: () => dumpRedis(server.url) }
  },
}

const names = ['Anna Unverwechselbar', '小雨独一']
const addresses = ['198.51.100.11', '198.51.100.22', '198.51.100.33', '2001:db8:77::1']
const deletePerson = { method: 'DELETE', path: '/api/phone/person' } as const

/** Runs a test on instances that share a store of each kind. */
const onBothStores = async (name: string, test: (t: Test, parts: { here: TestService, there: TestService, stores: readonly Store[], phone: (person: string) => Promise<TestPhone>, dump: () => Promise<string> }) => Promise<void>): Promise<void> => {
  for (const [kind, open] of Object.entries(kinds)) {
    await t.test(`${name} (${kind})`, async (t) => {
      const { stores, dump } = await open(t)
      await Promise.all(stores.map(untilReady))
      const { services, clock } = await openBalancedServices(t, stores, { LIMIT_PHONE: '1000' })
      const [here, there] = [services[0], services.at(-1)] as [TestService, TestService] // one at least
      const phone = (person: string) => openPhone(here, { jsCode: here.simulator.jsCode(person), now: () => clock.now() })
      await test(t, { here, there, stores, phone, dump })
    })
  }
}

/** Does all that a person can do. */
const live = async ({ here, there, phone }: { here: TestService, there: TestService, phone: (person: string) => Promise<TestPhone> }) => {
  const first = await phone('ming')
  const phones = [first]
  for (let n = 0; n < 21; n++) phones.push(await phone('ming')) // more than a person may have: the oldest keys are ended
  const mine = phones.at(-1) as TestPhone
  const [from, other, third, fourth] = addresses as [string, string, string, string]

  const wrong = await openBrowser(here, { from })
  await mine.scan(wrong.ticket)
  await mine.confirm(wrong.ticket, otherNumber(await wrong.matchCode()))
  for (const name of names) await mine.rename(name)
  const loggedOut = await logIn(here, { phone: mine, from })
  await here.call({ method: 'DELETE', path: '/api/session', headers: { cookie: loggedOut.cookie, 'sec-fetch-site': 'same-origin' } })
  const [signedOut, ...kept] = [await logIn(here, { phone: mine, from }), await logIn(here, { phone: mine, from: other }), await logIn(here, { phone: mine, from: third })]
  const { sessions } = (await mine.sessions()).json
  await mine.signOut(sessions.at(-1).id)
  const cancelled = await openBrowser(here, { from: other })
  await mine.scan(cancelled.ticket)
  await mine.cancel(cancelled.ticket)
  const scanned = await openBrowser(here, { from: fourth })
  await mine.scan(scanned.ticket)
  const waiting = await confirmedBrowser(here, { phone: mine, from: fourth })
  const held = [here, there].map((service) => service.call({ path: `/api/tickets/${scanned.ticket}?after=2&wait=25`, headers: { authorization: `Ticket ${scanned.secret}` } }))
  await settle()
  const keyIds = phones.map(({ key }) => key.key_id)
  return { mine, phones, held, scanned, waiting: waiting.browser, kept, signedOut, keyIds, traces: [mine.sub, handleOf(mine.sub), ...names.map(foldedName), ...addresses, ...keyIds] }
}

await onBothStores('erase: nothing of a person is in the store, and all of theirs is out at once, when they have deleted their data', async (t, parts) => {
  const { here, there, phone, dump } = parts
  const hong = await logIn(here, { phone: await phone('hong') })
  const { mine, phones, held, scanned, waiting, kept, traces } = await live(parts)
  const openid = here.simulator.openidOf('ming')
  const before = await dump()
  const endedKeys = new Set(phones.slice(0, 2).map(({ key }) => key.key_id)) // nothing is kept of those
  t.strictSame(traces.filter((trace) => linesWith(before, [trace]).length === 0), [names[0]].map((name) => foldedName(name ?? '')).concat([...endedKeys]), 'the dump shows what there is of a person')
  t.strictSame(linesWith(before, [openid]), [])

  t.equal(verdict(await mine.signed(deletePerson)), '204')
  t.strictSame(linesWith(await dump(), [...traces, openid]), [])
  t.notMatch(await dump(), /198-51-100|2001-db8-77/, 'nor the networks of their browsers')

  // No time passes on the instances' clock: whatever is answered here was not waited for.
  for (const answer of await Promise.all(held)) t.ok(verdict(answer) === '404 ticket-not-found' || answer.json?.state === 'expired', `a held poll: ${verdict(answer)} ${answer.text}`)
  for (const browser of [scanned, waiting]) t.equal(verdict(await browser.poll()), '404 ticket-not-found')
  t.equal(verdict(await waiting.consume()), '404 ticket-not-found')
  for (const service of [here, there]) {
    for (const { cookie, token } of kept) {
      t.equal((await service.call({ path: '/api/session', headers: { cookie } })).status, 401)
      t.equal((await service.call({ path: '/api/session/verify', headers: { cookie } })).status, 401)
      t.equal((await service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } })).status, 401)
    }
  }
  for (const one of phones) t.equal(verdict(await one.sessions()), '401 key-unknown')
  t.strictSame(linesWith(await dump(), traces), [], 'nor is there anything after those calls')
  t.strictSame(auditStepsIn(here.logged()).filter(({ event }) => event === 'person.erased').map(({ sub, by }) => ({ sub, by })), [{ sub: mine.sub, by: 'phone' }])

  t.equal((await here.call({ path: '/api/session', headers: { cookie: hong.cookie } })).status, 200, 'others stay logged in')
  t.strictSame((await hong.phone.sessions()).json.sessions.length, 1)

  // They may come back, as somebody new, but for the consequences of their wrong numbers.
  const again = await phone('ming')
  t.equal(again.sub, mine.sub)
  t.strictSame((await again.sessions()).json.sessions, [])
  const browser = await openBrowser(there)
  t.hasStrict((await again.scan(browser.ticket)).json, { state: 'scanned', match: 'type' })
  t.equal(verdict(await again.confirm(browser.ticket, await browser.matchCode())), '200')
  const consumed = await browser.consume()
  t.hasStrict(consumed.json, { user: { sub: mine.sub, name: null } })
  t.equal((await here.call({ path: '/api/session', headers: { cookie: cookieOf(consumed) } })).status, 200)
  for (const { cookie } of kept) t.equal((await here.call({ path: '/api/session', headers: { cookie } })).status, 401, 'what they had before stays ended')
})

await onBothStores('erase: the block is left of a blocked person who deletes their data, and nothing else', async (t, parts) => {
  const { here, there, stores, phone, dump } = parts
  const owner = await logIn(here, { phone: await phone('the owner') })
  await createPeople(stores[0] as Store, systemClock).setOwner(owner.phone.sub, true)
  const { mine, kept, traces } = await live(parts)
  t.equal(verdict(await owner.phone.signed({ method: 'POST', path: `/api/phone/people/${mine.sub}/block` })), '200')
  t.equal(verdict(await mine.signed(deletePerson)), '401 key-unknown', 'their keys have ended')

  const blocked = await phone('ming')
  t.equal(verdict(await blocked.sessions()), '403 person-blocked')
  t.equal(verdict(await blocked.signed(deletePerson)), '204')
  const lines = linesWith(await dump(), [...traces, blocked.key.key_id])
  t.equal(lines.length, 2, lines.join('\n'))
  t.ok(lines.every((line) => /people-blocked|person:/.test(line)), 'their record, and its entry in the list of the blocked')
  t.strictSame(linesWith(lines.join('\n'), traces.slice(1)), [])
  t.match(lines.join('\n').replaceAll('\\', ''), /"groups":\[\],"isOwner":false,.*"firstSeenAt":null,"lastSeenAt":null,"tickets":\[\],"listedNames":\[\]/)

  const browser = await openBrowser(there)
  t.equal(verdict(await (await phone('ming')).scan(browser.ticket)), '403 person-blocked', 'they stay blocked')
  t.equal((await there.call({ path: '/api/session', headers: { cookie: kept[0]?.cookie ?? '' } })).status, 401)
  const listed = await owner.phone.signed({ path: '/api/phone/people?state=blocked' })
  t.strictSame(listed.json.people.map(({ id, name }: { id: string, name: string | null }) => ({ id, name })), [{ id: mine.sub, name: null }])
})
