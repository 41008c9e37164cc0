/** What owners alone may do, tried by everybody else and with every wrong signature; and a store that fails in the middle of it. */
import t, { type Test } from 'tap'
import { knownStates } from '../../src/domain/person.ts'
import { createInterruption, failure } from '../support/interrupted-store.ts'
import { openBrowser, sign, type TestPhone } from '../support/clients.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'
import { allow, block, decision, erase, ownerOf, peopleIn, personOf } from '../support/people.ts'
import { openTestService, type Answer, type Call, type TestService } from '../support/test-service.ts'

const env = { LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', LIMIT_PHONE: '100000' }
const nobody = 'A'.repeat(43)
let people = 0
const somebody = (): string => `person ${people++}`

/** Each call of owners, about this person. */
const callsAbout = (sub: string): Readonly<Record<string, Call>> => ({
  list: { path: '/api/phone/people?state=waiting' },
  search: { path: '/api/phone/people?search=wx' },
  allow: decision('allow', sub),
  block: decision('block', sub),
  'sign out': { method: 'POST', path: `/api/phone/people/${sub}/sign-out` },
})

const signedAt = ({ clock }: TestService, call: Call, { key }: TestPhone, nonce?: string) =>
  ({ ...call, headers: sign(call, key, { authority: 'login.example.com', created: Math.floor(clock.now() / 1000), ...(nonce !== undefined && { nonce }) }) })

await t.test('owners: their calls are refused, and change nothing, when somebody else makes them or the signature is wrong', async (t) => {
  const service = await openTestService(t, { env: { ...env, REGISTRATION: 'approval' } })
  const owner = await ownerOf(service)
  const waiting = await personOf(service, somebody(), { state: 'waiting' })
  const { phone: active, cookie } = await logIn(service, { phone: await personOf(service, somebody()) })
  const banned = await ownerOf(service, 'a blocked owner')
  await block(owner, banned.sub)
  const bannedAgain = await phoneOf(service, 'a blocked owner')
  const stranger = await phoneOf(service, somebody())
  const stateOf = async () => [(await peopleIn(service).read(waiting.sub)).state, (await peopleIn(service).read(active.sub)).state, (await service.call({ path: '/api/session', headers: { cookie } })).status]
  const before = await stateOf()

  for (const target of [waiting.sub, active.sub, owner.sub, nobody, 'x', '%00', 'A'.repeat(200)]) {
    for (const [name, call] of Object.entries(callsAbout(target))) {
      const why = `${name} ${target.slice(0, 8)}`
      t.equal(verdict(await service.call(call)), '401 signature-invalid', `${why}, unsigned`)
      const signed = signedAt(service, call, owner)
      t.equal(verdict(await service.call({ ...signed, headers: { ...signed.headers, signature: `sig1=:${'A'.repeat(43)}=:` } })), '401 signature-invalid', `${why}, with another MAC`)
      t.equal(verdict(await service.call({ ...signed, path: `${call.path}${call.path.includes('?') ? '&' : '?'}x=1` })), '401 signature-invalid', `${why}, with a signature for another query`)
      t.equal(verdict(await service.call(signedAt(service, call, { ...owner, key: { ...owner.key, key: active.key.key } }))), '401 signature-invalid', `${why}, with another's key`)
      for (const phone of [active, waiting, stranger]) t.equal(verdict(await phone.signed(call)), '403 not-owner', why)
      t.equal(verdict(await bannedAgain.signed(call)), '403 person-blocked', why)
      t.equal(verdict(await banned.signed(call)), '401 key-unknown', `${why}, with the key of before the block`)
    }
  }
  t.strictSame(await stateOf(), before)
})

await t.test('owners: whoever is none gets one answer, whatever is asked and about whomever', async (t) => {
  const service = await openTestService(t, { env })
  const other = await personOf(service, somebody())
  const phone = await personOf(service, somebody())
  const asked: Call[] = [
    ...[other.sub, phone.sub, nobody, 'x', '%zz'].flatMap((sub) => Object.values(callsAbout(sub))),
    ...['', '?state=blocked', '?state=nonsense', '?state=waiting&state=active', '?search=', `?search=${'x'.repeat(500)}`, '?after=', '?after=nonsense', '?search=%E5%B0%8F', '?else=1'].map((query) => ({ path: `/api/phone/people${query}` })),
    { ...decision('allow', other.sub), body: { else: 1 } },
  ]
  const answers = await Promise.all(asked.map((call) => phone.signed(call)))
  const bodies = answers.map(({ status, json: { request_id: _, ...body } }) => ({ status, body }))
  for (const [index, body] of bodies.entries()) t.strictSame(body, bodies[0], asked[index]?.path ?? '')
  t.hasStrict(bodies[0], { status: 403, body: { code: 'not-owner' } })
  t.notOk('people_waiting' in (await phone.sessions()).json, 'nor do they learn how many wait')
})

await t.test('owners: they get the answers of the API when they decide about themselves, nobody, or twice', async (t) => {
  const service = await openTestService(t, { env })
  const owner = await ownerOf(service)
  t.equal(verdict(await block(owner, owner.sub)), '400 bad-request')
  t.equal((await peopleIn(service).read(owner.sub)).state, 'active')
  t.equal(verdict(await allow(owner, owner.sub)), '200')
  for (const id of [nobody, 'x', 'A'.repeat(200), `${'A'.repeat(42)}=`, 'wx-aaaaaaaaaaaaaaaa']) {
    for (const verb of ['allow', 'block'] as const) t.equal(verdict(await owner.signed(decision(verb, id))), '404 not-found', `${verb} ${id}`)
  }
  t.equal(await service.store.read(`person:${nobody}`), undefined, 'nothing is stored of nobody')
  const { sub } = await personOf(service, somebody(), { state: 'waiting' })
  for (const verb of ['block', 'block', 'allow', 'allow'] as const) t.hasStrict(await owner.signed(decision(verb, sub)), { status: 200, json: { id: sub, state: verb === 'allow' ? 'active' : 'blocked' } })
  const call = decision('block', sub)
  const once = signedAt(service, call, owner, 'nonce-nonce-nonce-')
  t.equal(verdict(await service.call(once)), '200')
  t.equal((await allow(owner, sub)).status, 200)
  t.equal(verdict(await service.call(once)), '401 replayed')
  t.equal((await peopleIn(service).read(sub)).state, 'active', 'a call that is replayed decides nothing')
  for (const query of ['?state=nonsense', '?search=', '?after=']) t.equal(verdict(await owner.signed({ path: `/api/phone/people${query}` })), '400 bad-request', query)
  await peopleIn(service).setOwner(owner.sub, false)
  t.equal(verdict(await block(owner, sub)), '403 not-owner', 'from the next call on, whoever is no owner any more')
})

/** The states under which owners find a person. */
const statesListed = async (service: TestService, sub: string): Promise<readonly string[]> => {
  const lists = await Promise.all(knownStates.map(async (state) => (await peopleIn(service).list(state, { after: null, limit: 1000 })).people))
  return knownStates.filter((_, index) => lists[index]?.some((person) => person.sub === sub))
}

/** Each prepares a call, and what holds once it has succeeded. */
const attempts: Record<string, (service: TestService, owner: TestPhone, t: Test) => Promise<{ call: () => Promise<Answer>, wanted: readonly string[], check: () => Promise<void> }>> = {
  block: async (service, owner, t) => {
    const phone = await personOf(service, somebody())
    const { cookie } = await logIn(service, { phone })
    const { browser } = await confirmedBrowser(service, { phone })
    return {
      call: () => block(owner, phone.sub),
      wanted: ['200'],
      check: async () => {
        t.equal(verdict(await service.call({ path: '/api/session', headers: { cookie } })), '401 unauthenticated')
        t.equal(verdict(await browser.consume()), '403 person-blocked')
        t.equal(verdict(await phone.sessions()), '401 key-unknown')
        t.strictSame(await statesListed(service, phone.sub), ['blocked'])
        await allow(owner, phone.sub)
        t.equal(verdict(await service.call({ path: '/api/session', headers: { cookie } })), '401 unauthenticated', 'let in again')
        t.not((await browser.consume()).status, 200)
      },
    }
  },
  allow: async (service, owner, t) => {
    const phone = await personOf(service, somebody(), { state: 'waiting' })
    return {
      call: () => allow(owner, phone.sub),
      wanted: ['200'],
      check: async () => {
        t.strictSame(await statesListed(service, phone.sub), ['active'])
        t.equal((await phone.scan((await openBrowser(service)).ticket)).status, 200)
      },
    }
  },
  erase: async (service, _owner, t) => {
    const person = somebody()
    const { phone, cookie } = await logIn(service, { phone: await personOf(service, person) })
    return {
      call: () => erase(phone),
      wanted: ['204', '401 key-unknown'],
      check: async () => {
        t.equal(verdict(await service.call({ path: '/api/session', headers: { cookie } })), '401 unauthenticated')
        t.equal((await peopleIn(service).read(phone.sub)).state, 'unknown')
        t.equal(verdict(await phone.sessions()), '401 key-unknown')
      },
    }
  },
  'the first scan': async (service, _owner, t) => {
    const [browser, phone] = [await openBrowser(service), await phoneOf(service, somebody())]
    return {
      call: () => phone.scan(browser.ticket),
      wanted: ['403 person-waiting'],
      check: async () => {
        t.hasStrict((await browser.poll()).json, { state: 'pending', version: 1 })
        t.strictSame(await statesListed(service, phone.sub), ['waiting'], 'owners see them')
      },
    }
  },
}

for (const [name, prepare] of Object.entries(attempts)) {
  await t.test(`people: ${name} lets nobody in, and is finished when repeated, after any one of its calls to the store failed`, async (t) => {
    const interruption = createInterruption()
    const service = await openTestService(t, { env: { ...env, REGISTRATION: 'approval' }, wrapStore: interruption.wrap })
    const owner = await ownerOf(service)
    for (const when of ['before', 'after'] as const) {
      for (let step = 1, wasReached = true; wasReached; step++) {
        const { call, wanted, check } = await prepare(service, owner, t)
        interruption.plan(step, when, failure)
        const first = verdict(await call())
        wasReached = interruption.end()
        service.clock.advance(1)
        t.ok(first === '503 store-unavailable' || first === wanted[0], `step ${step}, ${when}: ${first}`)
        const last = first === wanted[0] ? first : verdict(await call())
        t.ok(wanted.includes(last), `step ${step}, ${when}, again: ${last}`)
        await check()
      }
    }
  })
}

await t.test('people: every call of a person is refused for now, and nothing changes, when another release has stored their record', async (t) => {
  const service = await openTestService(t, { env })
  const { store } = service
  const owner = await ownerOf(service)
  const phone = await personOf(service, somebody())
  const { cookie, token } = await logIn(service, { phone })
  const { browser } = await confirmedBrowser(service, { phone })
  const pending = await openBrowser(service)
  const key = `person:${phone.sub}`
  const record = await store.read<object>(key)
  await store.write(key, { ...record, schema: 2 }, 600_000)
  const before = JSON.stringify(await store.read(key))
  const calls: Record<string, () => Promise<Answer>> = {
    cookie: () => service.call({ path: '/api/session', headers: { cookie } }),
    token: () => service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } }),
    verify: () => service.call({ path: '/api/session/verify', headers: { cookie } }),
    scan: () => phone.scan(pending.ticket),
    confirm: () => phone.confirm(browser.ticket, '47'),
    consume: () => browser.consume(),
    sessions: () => phone.sessions(),
    allow: () => allow(owner, phone.sub),
    block: () => block(owner, phone.sub),
  }
  for (const [name, call] of Object.entries(calls)) {
    t.equal(verdict(await call()), '503 store-unavailable', name)
    t.equal(JSON.stringify(await store.read(key)), before, name)
  }
  await store.write(key, { ...record, schema: 1 }, 600_000)
  t.equal((await browser.consume()).status, 200)
})
