/** Two releases on one store: a record of the other release is used with all its members kept, or refused with 503 and left unchanged. */
import t, { type Test } from 'tap'
import { pino } from 'pino'
import { createSeal } from '../../src/domain/seal.ts'
import type { Store } from '../../src/login/store-port.ts'
import { systemClock } from '../../src/runtime.ts'
import { createStore } from '../../src/stores/store.ts'
import { untilReady } from '../contract/store-harness.ts'
import { openBrowser } from '../support/clients.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { holdPolls } from '../support/held-polls.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'
import { startRedis } from '../support/redis.ts'

const minute = 60_000
const log = pino({ level: 'silent' })

type StoredRecord = Readonly<Record<string, unknown>> & { readonly version: number }

/** Returns a record with the next schema. */
const nextSchema = (record: object): object => ({ ...record, schema: 2 })

/** Replaces a stored record. */
const rewrite = async (store: Store, key: string, change: (record: object) => object): Promise<void> => {
  const record = await store.read<object>(key)
  if (record === undefined) throw new Error(`there is no ${key}`)
  await store.write(key, change(record), 10 * minute)
}

/** Returns what is stored, as text. */
const textOf = async (store: Store, key: string): Promise<string> => JSON.stringify(await store.read(key))

interface Case {
  readonly key: string
  readonly calls: Readonly<Record<string, () => Promise<Answer>>>
}

/** Every call, by the record that it reads. */
const cases = {
  'the ticket': async (service) => {
    const { browser, phone } = await confirmedBrowser(service)
    return {
      key: `ticket:${browser.ticket}`,
      calls: {
        read: () => browser.poll(),
        poll: () => browser.poll(3, 25),
        code: () => service.call({ path: `/api/tickets/${browser.ticket}/code` }),
        link: () => service.call({ path: `/api/tickets/${browser.ticket}/link` }),
        consume: () => browser.consume(),
        'give up': () => browser.giveUp(),
        scan: () => phone.scan(browser.ticket),
        confirm: () => phone.confirm(browser.ticket, '47'),
        cancel: () => phone.cancel(browser.ticket),
      },
    }
  },
  'the session': async (service) => {
    const { browser, phone, cookie, token, consumed } = await logIn(service)
    const id = await sessionId(service, consumed)
    const byCookie = { cookie, 'sec-fetch-site': 'same-origin' }
    return {
      key: `session:${id}`,
      calls: {
        'who am I, by cookie': () => service.call({ path: '/api/session', headers: byCookie }),
        'who am I, by token': () => service.call({ path: '/api/session', headers: { authorization: `Bearer ${token}` } }),
        verify: () => service.call({ path: '/api/session/verify', headers: byCookie }),
        'a fresh token': () => service.call({ method: 'POST', path: '/api/session/token', headers: byCookie }),
        'log out': () => service.call({ method: 'DELETE', path: '/api/session', headers: byCookie }),
        'consume again': () => browser.consume(),
        'the list on the phone': () => phone.sessions(),
        'sign out from the phone': () => phone.signOut(id),
      },
    }
  },
  'the phone key': async (service) => {
    const browser = await openBrowser(service)
    const phone = await phoneOf(service)
    return {
      key: `phone-key:${phone.key.key_id}`,
      calls: {
        scan: () => phone.scan(browser.ticket),
        confirm: () => phone.confirm(browser.ticket, '47'),
        cancel: () => phone.cancel(browser.ticket),
        'the list': () => phone.sessions(),
        'sign out': () => phone.signOut('AAAAAAAAAAAAAAAAAAAAAA'),
        rename: () => phone.rename('小雨'),
      },
    }
  },
  "the list of a person's sessions": async (service) => {
    const { phone, consumed } = await logIn(service)
    const { browser } = await confirmedBrowser(service, { phone })
    const id = await sessionId(service, consumed)
    return {
      key: `person-sessions:${phone.sub}`,
      calls: {
        'the list on the phone': () => phone.sessions(),
        consume: () => browser.consume(),
        'sign out from the phone': () => phone.signOut(id),
      },
    }
  },
  "the list of a person's phone keys": async (service) => {
    const phone = await phoneOf(service)
    return {
      key: `person-phone-keys:${phone.sub}`,
      calls: {
        'phone login': () => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } }),
        'sign out everywhere': () => phone.signOutEverywhere(),
      },
    }
  },
  'the name': async (service) => {
    const { phone, cookie } = await logIn(service)
    await phone.rename('小雨')
    const browser = await openBrowser(service)
    await phone.scan(browser.ticket)
    const number = await browser.matchCode()
    return {
      key: `person-name:${phone.sub}`,
      calls: {
        confirm: () => phone.confirm(browser.ticket, number),
        'who am I': () => service.call({ path: '/api/session', headers: { cookie } }),
        rename: () => phone.rename('小雪'),
        'take the name away': () => phone.rename(''),
        'phone login': () => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } }),
      },
    }
  },
  "WeChat's access token": async (service) => {
    const browser = await openBrowser(service)
    const key = `wechat-token:${service.simulator.appid}`
    const sealedValue = createSeal(service.simulator.secret, 'access token').encrypt('of another instance', key)
    await service.store.write(key, { schema: 1, sealedValue, usableUntil: service.clock.now() + minute }, minute)
    return { key, calls: { code: () => service.call({ path: `/api/tickets/${browser.ticket}/code` }) } }
  },
} satisfies Record<string, (service: TestService) => Promise<Case>>

const sessionId = async (service: TestService, consumed: Answer): Promise<string> =>
  (await service.call({ path: '/api/session', headers: { authorization: `Bearer ${consumed.json.access_token}` } })).json.session.id as string

const stores = {
  'sqlite in memory': async () => 'sqlite::memory:',
  redis: async (t: Test) => {
    const redis = await startRedis()
    t.teardown(() => redis.stop())
    return redis.url
  },
}

for (const [kind, urlOf] of Object.entries(stores)) {
  const open = async (t: Test): Promise<TestService> => {
    const clock = createFakeClock()
    const store = createStore(await urlOf(t), { clock: systemClock, log }) // its expiry doesn't matter here
    t.teardown(() => store.close())
    await untilReady(store)
    return await openTestService(t, { clock, store, env: { WECHAT_URL_LINK: 'on' } })
  }

  for (const [name, prepare] of Object.entries(cases)) {
    await t.test(`two releases (${kind}): every call is refused for now and nothing changes when ${name} has a later schema`, async (t) => {
      const service = await open(t)
      const { key, calls } = await prepare(service)
      await rewrite(service.store, key, nextSchema)
      const before = await textOf(service.store, key)
      for (const [call, ask] of Object.entries(calls)) {
        const answer = await ask()
        t.equal(verdict(answer), '503 store-unavailable', call)
        t.equal(answer.headers['retry-after'], '2', call)
        t.equal(await textOf(service.store, key), before, `${call} leaves it unchanged`)
      }
      t.match(service.logged(), /A stored record has schema 2, and this release knows 1/, 'the operator gets a log line')

      await rewrite(service.store, key, (record) => ({ ...record, schema: 1 }))
      const [first = '', again] = Object.entries(calls)[0] ?? []
      t.not((await again?.())?.status, 503, `${first}, with a known schema`)
    })
  }

  await t.test(`two releases (${kind}): unknown members are kept through a whole login and to the end of its session`, async (t) => {
    const service = await open(t)
    const { store } = service
    const add = (record: object): object => ({ ...record, later: { a: [1] } })
    const phone = await phoneOf(service)
    await rewrite(store, `phone-key:${phone.key.key_id}`, add)

    const browser = await openBrowser(service)
    const ticketKey = `ticket:${browser.ticket}`
    await rewrite(store, ticketKey, (record) => ({ ...add(record), browser: { ...(record as { browser: object }).browser, device: 'x' } })) // as tickets are stored
    t.equal((await phone.scan(browser.ticket)).status, 200)
    t.equal((await phone.confirm(browser.ticket, await browser.matchCode())).status, 200)
    const consumed = await browser.consume()
    t.equal(consumed.status, 200)
    t.hasStrict(await store.read(ticketKey), { state: 'consumed', version: 4, later: { a: [1] }, browser: { device: 'x' } }, 'ticket')

    const id = await sessionId(service, consumed)
    await rewrite(store, `session:${id}`, add)
    await rewrite(store, `person-sessions:${phone.sub}`, (index) => {
      const { sessions } = index as { sessions: object[] } // as indexes are stored
      return { ...add(index), sessions: sessions.map(add) }
    })
    service.clock.advance(2 * minute)
    const headers = { authorization: `Bearer ${consumed.json.access_token}` }
    t.equal((await service.call({ path: '/api/session', headers })).status, 200)
    t.hasStrict(await store.read(`session:${id}`), { version: 2, later: { a: [1] } }, 'a session in use')
    const second = await logIn(service, { phone })
    t.hasStrict(await store.read(`person-sessions:${phone.sub}`), { later: { a: [1] }, sessions: [{ id, later: { a: [1] } }, {}] }, 'the list when it grows')
    t.equal((await phone.signOut(id)).status, 204)
    t.equal((await store.read<{ version: number }>(`session:${id}`))?.version, 3, 'an ended session, of which little is kept')
    const { json } = await phone.sessions()
    t.strictSame(json.sessions.map((session: { id: string }) => session.id), [await sessionId(service, second.consumed)])
  })
}

await t.test('two releases: a held poll is answered 503 when another instance updates its ticket to a later schema', async (t) => {
  const clock = createFakeClock()
  const url = await stores.redis(t)
  const [store, other] = [createStore(url, { clock: systemClock, log }), createStore(url, { clock: systemClock, log })] as const
  t.teardown(() => Promise.all([store.close(), other.close()]))
  await Promise.all([untilReady(store), untilReady(other)])
  const service = await openTestService(t, { clock, store, env: { MAX_HELD_POLLS: '1' } })
  const browser = await openBrowser(service)
  const key = `ticket:${browser.ticket}`
  const { answers } = await holdPolls(service, [browser])
  const ticket = await other.read<StoredRecord>(key)
  t.equal(await other.replace(key, 1, { ...nextSchema(ticket ?? {}), version: 2 }, minute), true)
  t.hasStrict(await answers, [{ status: 503, headers: { 'retry-after': '2' }, json: { code: 'store-unavailable' } }])
})
