/** A store that fails in the middle of a call: the call is answered as failed or as done, a repeated call succeeds, and nothing happens twice. */
import t from 'tap'
import { Problem } from '../../src/errors.ts'
import type { Store } from '../../src/login/store-port.ts'
import { openBrowser } from '../support/clients.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'
import { confirmedBrowser, cookieOf, logIn, phoneOf, verdict } from '../support/login.ts'

/** Which call to the store fails, counted from now on; `after` fails once the store has done its work. */
interface Plan { left: number, when: 'before' | 'after' }

const failing = (plan: Plan) => (store: Store): Store => new Proxy(store, {
  get: (target, name: keyof Store) => (...args: unknown[]) => {
    const work = () => (target[name] as (...args: unknown[]) => unknown)(...args)
    if (name === 'close' || name === 'onChange' || --plan.left !== 0) return work()
    return fail(plan.when === 'after' ? work : () => {})
  },
})

const fail = async (work: () => unknown): Promise<never> => {
  await work()
  throw new Problem('store-unavailable', { retryAfterSeconds: 2 })
}

interface Attempt {
  readonly call: () => Promise<Answer>
  /** The possible answers to a repeated call: its outcome, or that it happened before. */
  readonly again: readonly string[]
  readonly check: (last: Answer) => Promise<void>
}

let people = 0
const somebody = (): string => `person ${people++}`

const sameOrigin = { 'sec-fetch-site': 'same-origin' }

/** Each call that changes something, on tickets and sessions of its own. */
const attempts: Record<string, (service: TestService, t: Parameters<typeof openTestService>[0]) => Promise<Attempt>> = {
  create: async (service, t) => ({
    call: () => service.call({ method: 'POST', path: '/api/tickets' }),
    again: ['201'],
    check: async ({ json }) => { t.equal(verdict(await service.call({ path: `/api/tickets/${json.ticket}`, headers: { authorization: `Ticket ${json.secret}` } })), '200') },
  }),
  'give up': async (service, t) => {
    const browser = await openBrowser(service)
    return { call: browser.giveUp, again: ['204'], check: async () => { t.hasStrict((await browser.poll()).json, { state: 'cancelled', version: 2 }) } }
  },
  scan: async (service, t) => {
    const [browser, phone] = [await openBrowser(service), await phoneOf(service)]
    return { call: () => phone.scan(browser.ticket), again: ['200'], check: async () => { t.hasStrict((await browser.poll()).json, { state: 'scanned', version: 2 }) } }
  },
  confirm: async (service, t) => {
    const [browser, phone] = [await openBrowser(service), await phoneOf(service)]
    await phone.scan(browser.ticket)
    const number = await browser.matchCode()
    return { call: () => phone.confirm(browser.ticket, number), again: ['200'], check: async () => { t.hasStrict((await browser.poll()).json, { state: 'confirmed', version: 3 }) } }
  },
  cancel: async (service, t) => {
    const [browser, phone] = [await openBrowser(service), await phoneOf(service)]
    await phone.scan(browser.ticket)
    return { call: () => phone.cancel(browser.ticket), again: ['200'], check: async () => { t.hasStrict((await browser.poll()).json, { state: 'cancelled', version: 3 }) } }
  },
  consume: async (service, t) => {
    const phone = await phoneOf(service, somebody())
    const { browser } = await confirmedBrowser(service, { phone })
    return {
      call: browser.consume,
      again: ['200'],
      check: async (last) => {
        t.equal(verdict(await service.call({ path: '/api/session', headers: { cookie: cookieOf(last) } })), '200')
        t.equal((await phone.sessions()).json.sessions.length, 1)
        t.hasStrict((await browser.poll()).json, { state: 'consumed', version: 4 })
      },
    }
  },
  'log out': async (service, t) => {
    const { cookie, token, phone } = await logIn(service, { phone: await phoneOf(service, somebody()) })
    return {
      call: () => service.call({ method: 'DELETE', path: '/api/session', headers: { cookie, ...sameOrigin } }),
      again: ['204', '401 unauthenticated'],
      check: async () => {
        for (const headers of [{ cookie }, { authorization: `Bearer ${token}` }] as Array<Record<string, string>>) t.equal(verdict(await service.call({ path: '/api/session', headers })), '401 unauthenticated')
        t.strictSame((await phone.sessions()).json.sessions, [])
      },
    }
  },
  'sign out': async (service, t) => {
    const { cookie, phone } = await logIn(service, { phone: await phoneOf(service, somebody()) })
    const [{ id }] = (await phone.sessions()).json.sessions
    return {
      call: () => phone.signOut(id),
      again: ['204', '404 not-found'],
      check: async () => {
        t.equal(verdict(await service.call({ path: '/api/session', headers: { cookie } })), '401 unauthenticated')
        t.strictSame((await phone.sessions()).json.sessions, [])
      },
    }
  },
  rename: async (service, t) => {
    const { cookie, phone } = await logIn(service)
    return { call: () => phone.rename('Ming'), again: ['200'], check: async () => { t.equal((await service.call({ path: '/api/session', headers: { cookie } })).json.user.name, 'Ming') } }
  },
  'delete my data': async (service, t) => {
    const { cookie, phone } = await logIn(service, { phone: await phoneOf(service, somebody()) })
    await phone.rename('Ming')
    const browser = await openBrowser(service)
    await phone.scan(browser.ticket)
    const { sub, key } = phone
    return {
      call: () => phone.signed({ method: 'DELETE', path: '/api/phone/person' }),
      again: ['204', '401 key-unknown'], // the key that signs is the last to go
      check: async () => {
        t.equal(verdict(await service.call({ path: '/api/session', headers: { cookie } })), '401 unauthenticated')
        t.equal(verdict(await browser.poll()), '404 ticket-not-found')
        const keys = ['person', 'person-name', 'person-sessions', 'person-phone-keys'].map((kind) => `${kind}:${sub}`)
        t.strictSame((await service.store.readMany([...keys, `phone-key:${key.key_id}`, `ticket:${browser.ticket}`])).filter((value) => value !== undefined), [])
        const lists = ['people-active', 'people-by-handle', 'people-by-name']
        t.equal(JSON.stringify(await Promise.all(lists.map((list) => service.store.readList(list, { prefix: '', after: null, limit: 1000 })))).includes(sub), false)
      },
    }
  },
  'phone login': async (service, t) => ({
    call: () => service.call({ method: 'POST', path: '/api/phone/login', body: { js_code: service.simulator.jsCode('ming') } }),
    again: ['200'],
    check: async ({ json }) => { t.equal(json.user.sub, (await phoneOf(service)).sub) },
  }),
}

/** After this, a person's turn to have a number judged ends if it couldn't be given back. */
const turnMs = 7_000

for (const [name, prepare] of Object.entries(attempts)) {
  await t.test(`half done: ${name} succeeds when repeated after any one of its calls to the store failed`, async (t) => {
    const plan: Plan = { left: 0, when: 'before' }
    const service = await openTestService(t, { env: { LIMIT_CREATE: '10000', LIMIT_PHONE: '10000' }, wrapStore: failing(plan) })
    for (const when of ['before', 'after'] as const) {
      for (let step = 1; ; step++) {
        const { call, again, check } = await prepare(service, t)
        Object.assign(plan, { left: step, when })
        const first = await call()
        const wasReached = plan.left <= 0
        plan.left = 0
        service.clock.advance(turnMs)
        const outcome = verdict(first)
        t.ok(outcome === '503 store-unavailable' || outcome === again[0], `step ${step}, ${when}: ${outcome}`)
        const last = outcome === again[0] ? first : await call()
        t.ok(again.includes(verdict(last)), `step ${step}, ${when}, again: ${verdict(last)}`)
        await check(last)
        if (!wasReached) {
          t.ok(step > 1, 'the store is called at all')
          break
        }
      }
    }
  })
}
