/** Strangers who try to use up what everybody shares: the slots of tickets, and limits. On both stores. */
import t, { type Test } from 'tap'
import { pino } from 'pino'
import type { LimitedWindow, Store } from '../../../src/login/store-port.ts'
import { systemClock } from '../../../src/runtime.ts'
import { createStore } from '../../../src/stores/store.ts'
import { untilReady } from '../../contract/store-harness.ts'
import { openBrowser, sign, type TestBrowser } from '../../support/clients.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { openTestService, type Answer, type TestService } from '../../support/test-service.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../../support/login.ts'
import { startRedis } from '../../support/redis.ts'
import { waitUntil } from '../../support/waiting.ts'

const stores: Record<string, (t: Test) => Promise<Store>> = {
  sqlite: async (t) => openStore(t, 'sqlite::memory:'),
  redis: async (t) => {
    const redis = await startRedis()
    t.teardown(() => redis.stop())
    return openStore(t, redis.url)
  },
}

/** Returns the answers to calls made one after the other. */
const answersTo = async (count: number, ask: (n: number) => Promise<Answer>): Promise<string[]> => {
  const answers: string[] = []
  for (let n = 0; n < count; n++) answers.push(verdict(await ask(n)))
  return answers
}
const many = (count: number, answer: string): string[] => Array<string>(count).fill(answer)

const openStore = async (t: Test, url: string): Promise<Store> => {
  const store = createStore(url, { clock: systemClock, log: pino({ level: 'silent' }) }) // expiry by its own clock doesn't matter here
  t.teardown(() => store.close())
  await untilReady(store)
  return store
}

/** Returns addresses of one /48, each in a /56 of its own. */
const inOneSite = (n: number): string => `2001:db8:1:${(n << 8 & 0xffff).toString(16)}::1`
/** Returns addresses of one /64. */
const inOneNetwork = (n: number): string => `2001:db8:3:1::${(n + 1).toString(16)}`
/** Returns addresses of one /24. */
const inOneOffice = (n: number): string => `203.0.113.${n % 256}`

const make = async (service: TestService, from: string): Promise<TestBrowser> => await openBrowser(service, { from })
const state = async (browser: TestBrowser): Promise<string> => {
  const answer = await browser.poll()
  return answer.json.state ?? verdict(answer)
}

/** Creates tickets that nobody polls. */
const flood = async (service: TestService, count: number, addressOf: (n: number) => string): Promise<TestBrowser[]> => {
  const browsers: TestBrowser[] = []
  for (let n = 0; n < count; n++) browsers.push(await make(service, addressOf(n)))
  return browsers
}

/** Returns how many of these tickets still exist, without polling them. */
const countAlive = async (service: TestService, browsers: readonly TestBrowser[]): Promise<number> => {
  const kept = await Promise.all(browsers.map(({ ticket }) => service.store.read(`ticket:${ticket}`)))
  return kept.filter((record) => record !== undefined).length
}

for (const [kind, open] of Object.entries(stores)) {
  await t.test(`E5 slots (${kind}): one IPv6 /48 or IPv4 /24 gets at most a twentieth, and everybody else gets in, when it creates MAX_TICKETS`, async (t) => {
    for (const addressOf of [inOneSite, inOneOffice]) {
      const service = await openTestService(t, { store: await open(t), env: { LIMIT_CREATE: '1000000', MAX_TICKETS: '300' } })
      const first = await make(service, addressOf(0))
      t.equal(await state(first), 'pending')
      const made = await flood(service, 300, addressOf)
      t.strictSame([...new Set(made.map(({ created }) => verdict(created)))], ['201'], 'each takes the slot of an earlier one')
      t.equal(await countAlive(service, [first, ...made]), 15)
      t.equal(await state(first), 'pending', 'a polled ticket is not evicted for a neighbour\'s')
      const others = []
      for (let n = 0; n < 285; n++) others.push(await make(service, `198.${n >> 7}.${n % 128}.1`))
      t.strictSame([...new Set(others.map(({ created }) => created.status))], [201])
      for (const other of others) t.equal(await state(other), 'pending')
      t.equal(verdict((await make(service, '192.0.2.1')).created), '201', "a new one takes the slot of one of the flood's, which nobody polls")
    }
  })

  await t.test(`E5 slots (${kind}): a flood that polls is refused beyond its twentieth`, async (t) => {
    const service = await openTestService(t, { store: await open(t), env: { LIMIT_CREATE: '1000000', MAX_TICKETS: '100' } })
    for (const [addressOf, nextDoor] of [[inOneSite, '2001:db8:2::1'], [inOneNetwork, '2001:db8:4::1'], [inOneOffice, '203.0.112.1']] as const) {
      const answers: string[] = []
      for (let n = 0; n < 20; n++) {
        const browser = await make(service, addressOf(n))
        answers.push(verdict(browser.created))
        if (browser.created.status === 201) t.equal(await state(browser), 'pending')
      }
      t.strictSame(answers, [...many(5, '201'), ...many(15, '503 too-many-tickets')], addressOf(0))
      t.equal((await make(service, nextDoor)).created.status, 201, 'the neighbouring network')
    }
  })

  await t.test(`E5 slots (${kind}): polled and scanned tickets keep theirs, and the oldest that nobody polled is evicted, when all are taken`, async (t) => {
    const clock = createFakeClock()
    const service = await openTestService(t, { clock, store: await open(t), env: { MAX_TICKETS: '20' } })
    const phone = await phoneOf(service)
    const polled = await make(service, '10.0.1.1')
    t.equal(await state(polled), 'pending')
    const scanned = await make(service, '10.0.2.1')
    t.equal((await phone.scan(scanned.ticket)).status, 200)
    const forgotten: TestBrowser[] = []
    for (let n = 3; n <= 20; n++) {
      forgotten.push(await make(service, `10.0.${n}.1`))
      await new Promise((resolve) => { setTimeout(resolve, 2) }) // tickets of one millisecond have no order
    }
    for (let n = 21; n <= 30; n++) t.equal((await make(service, `10.0.${n}.1`)).created.status, 201)
    const lost = forgotten.slice(0, 10)
    for (const browser of lost) {
      t.equal(await service.store.read(`ticket:${browser.ticket}`), undefined, 'it is removed')
      t.equal(await state(browser), '404 ticket-not-found')
      t.equal(verdict(await phone.scan(browser.ticket)), '404 ticket-not-found')
      t.equal(verdict(await service.call({ path: `/api/tickets/${browser.ticket}/code` })), '404 ticket-not-found')
    }
    for (const browser of [polled, ...forgotten.slice(10)]) t.equal(await state(browser), 'pending')
    t.equal((await phone.confirm(scanned.ticket, await scanned.matchCode())).status, 200)
    t.equal((await scanned.consume()).status, 200)
    await phone.scan(polled.ticket)
    t.equal((await phone.confirm(polled.ticket, await polled.matchCode())).status, 200)
    t.equal((await polled.consume()).status, 200)
  })

  await t.test(`E5 slots (${kind}): a poll secures a slot once per instance, and writes nothing from then on`, async (t) => {
    const store = await open(t)
    const asked: string[] = []
    const wrapStore = (store: Store): Store => new Proxy(store, {
      get: (target, name: keyof Store) => (...args: unknown[]) => {
        if (name !== 'now' && !name.startsWith('on')) asked.push(name)
        return (target[name] as (...args: unknown[]) => unknown)(...args)
      },
    })
    const service = await openTestService(t, { store, wrapStore })
    const browser = await make(service, '10.0.1.1')
    asked.length = 0
    for (let n = 0; n < 50; n++) t.equal((await browser.poll(0, 0)).status, 200)
    t.strictSame(asked.filter((name) => name !== 'read'), ['secureSlot'])
  })

  await t.test(`E5 slots (${kind}): one wins when a poll or scan and a ticket that would take its slot come at once`, async (t) => {
    const store = await open(t)
    const service = await openTestService(t, { store, env: { MAX_TICKETS: '1', LIMIT_CREATE: '1000000', LIMIT_PHONE: '1000000' } })
    const phone = await phoneOf(service)
    for (let round = 0; round < 40; round++) {
      const browser = await make(service, '10.0.1.1')
      const ask = async () => round % 2 === 0 ? await browser.poll() : await phone.scan(browser.ticket)
      const [asked, other] = await Promise.all([ask(), make(service, '10.0.2.1')])
      t.equal(asked.status === 200, other.created.status === 503, `${verdict(asked)}, ${verdict(other.created)}`)
      t.match(verdict(asked), /^(?:200|404 ticket-not-found)$/)
      for (const { ticket, giveUp } of [browser, other]) if (ticket !== '' && ticket !== undefined) await giveUp()
    }
  })

  await t.test(`E5 slots (${kind}): tickets of the earlier release, which have no owner, still work`, async (t) => {
    const service = await openTestService(t, { store: await open(t), env: { MAX_TICKETS: '20' } })
    const phone = await phoneOf(service)
    const { browser } = await confirmedBrowser(service, { phone })
    const old = await make(service, '10.0.9.1')
    const record = await service.store.read<Record<string, unknown>>(`ticket:${old.ticket}`)
    const { slotOwner, ...before } = record ?? {}
    t.equal(slotOwner, '10-0-9-0-24')
    await service.store.write(`ticket:${old.ticket}`, before, 100_000)
    await service.store.releaseSlot({ group: 'tickets', owner: String(slotOwner), member: old.ticket })
    t.equal(await state(old), 'pending')
    t.equal((await phone.scan(old.ticket)).status, 200)
    t.equal((await phone.confirm(old.ticket, await old.matchCode())).status, 200)
    t.equal((await old.consume()).status, 200)
    t.equal((await browser.consume()).status, 200)
  })

  await t.test(`E5 limits (${kind}): a /24, a /56 and a /48 each have a limit of their own, above that of one address`, async (t) => {
    const service = await openTestService(t, { store: await open(t), env: { LIMIT_CREATE: '3' } })
    const from = (addressOf: (n: number) => string) => async (n: number): Promise<Answer> => (await make(service, addressOf(n))).created
    t.strictSame(await answersTo(5, from(() => '192.0.2.1')), [...many(3, '201'), ...many(2, '429 rate-limited')])
    t.strictSame(await answersTo(46, from((n) => `192.0.2.${10 + n}`)), [...many(45, '201'), '429 rate-limited'], 'what was refused to one is nobody else\'s')
    t.equal((await make(service, '192.0.3.1')).created.status, 201, 'the neighbouring /24')
    t.strictSame(await answersTo(5, from(inOneNetwork)), [...many(3, '201'), ...many(2, '429 rate-limited')], 'all addresses of a /64 count as one')
    t.equal((await make(service, '2001:db8:3:2::1')).created.status, 201, 'the neighbouring /64')
    t.strictSame(await answersTo(14, from((n) => `2001:db8:1:${n.toString(16)}::1`)), [...many(12, '201'), ...many(2, '429 rate-limited')], 'a /56')
    t.strictSame(await answersTo(37, from((n) => inOneSite(n + 1))), [...many(36, '201'), '429 rate-limited'], 'the /48 around it')
    t.equal((await make(service, '2001:db8:2::1')).created.status, 201, 'the neighbouring /48')
    service.clock.advance(60_000)
  })

  await t.test(`E5 limits (${kind}): a hundred repeated consumes, cancels, refused phone calls or uses of a session change nothing in the store but their own bounds`, async (t) => {
    const changed: string[] = []
    const wrapStore = (store: Store): Store => new Proxy(store, {
      get: (target, name: keyof Store) => (...args: unknown[]) => {
        const result = (target[name] as (...args: unknown[]) => unknown)(...args)
        if (['now', 'onChange', 'read', 'readMany'].includes(name)) return result
        return Promise.resolve(result).then((done) => {
          const keys = name === 'countAgainstLimits' ? (args[0] as LimitedWindow[]).map(({ key }) => key) : args[0] // as the port has it
          if (done !== false) changed.push(`${name} ${String(keys)}`)
          return done
        })
      },
    })
    const clock = createFakeClock(Date.now())
    const service = await openTestService(t, { clock, store: await open(t), wrapStore, env: { LIMIT_PHONE: '1000000' } })
    const { browser, phone, cookie } = await logIn(service)
    const gone = await make(service, '10.0.1.1')
    await gone.giveUp()
    await waitUntil(() => changed.filter((change) => change.startsWith('releaseSlot')).length === 2) // no call waits for it
    const signed = sign({ path: '/api/phone/sessions' }, phone.key, { authority: 'login.example.com', created: Math.floor(clock.now() / 1000) - 500 })
    const calls: Record<string, () => Promise<Answer>> = {
      'a repeated consume': () => browser.consume(),
      'a consume that comes too early': async () => await gone.consume(),
      'a repeated cancel': () => gone.giveUp(),
      'a phone call without a signature': () => service.call({ path: '/api/phone/sessions' }),
      'a use of the session': () => service.call({ path: '/api/session', headers: { cookie } }),
      'a use of no session': () => service.call({ path: '/api/session', headers: { cookie: `__Host-scan_login=${'A'.repeat(43)}` } }),
      'a made-up token': () => service.call({ path: '/api/session', headers: { authorization: 'Bearer a.b.c' } }),
    }
    for (const [name, ask] of Object.entries(calls)) {
      changed.length = 0
      const statuses = new Set<number>()
      for (let n = 0; n < 100; n++) statuses.add((await ask()).status)
      t.equal(statuses.size, 1, name)
      t.strictSame(changed, [], name)
    }
    // Its nonce is remembered, as its time may come, so it is counted like any signed call.
    changed.length = 0
    for (let n = 0; n < 100; n++) t.equal((await service.call({ path: '/api/phone/sessions', headers: signed })).status, 401)
    const kinds = Map.groupBy(changed, (change) => change.replace(/:.*/, ''))
    t.strictSame([...kinds].map(([kind, { length }]) => [kind, length]).sort(), [['claim nonce', 1], ['countAgainstLimits limit', 100]])
  })

  await t.test(`E5 limits (${kind}): unknown ids, unknown paths and wrong secrets cost no write when a whole network is over its limit`, async (t) => {
    const asked: string[] = []
    const wrapStore = (store: Store): Store => new Proxy(store, {
      get: (target, name: keyof Store) => (...args: unknown[]) => {
        if (name !== 'now' && !name.startsWith('on')) asked.push(name)
        return (target[name] as (...args: unknown[]) => unknown)(...args)
      },
    })
    const service = await openTestService(t, { store: await open(t), wrapStore, env: { LIMIT_GUESS: '2' } })
    const browser = await make(service, '10.0.0.1')
    const guesses = [
      { path: '/wp-login.php' },
      { path: `/api/tickets/${'A'.repeat(22)}/code` },
      { path: `/api/tickets/${browser.ticket}`, headers: { authorization: `Ticket ${'A'.repeat(43)}` } },
      { method: 'POST', path: `/api/tickets/${browser.ticket}/consume`, headers: { authorization: `Ticket ${'A'.repeat(43)}` } },
      { method: 'DELETE', path: `/api/tickets/${browser.ticket}`, headers: { authorization: 'Ticket nonsense' } },
    ] as const
    for (let n = 0; n < 33; n++) await service.call({ ...guesses[n % guesses.length] ?? guesses[0], from: inOneOffice(n) })
    asked.length = 0
    for (let n = 0; n < 200; n++) t.equal(verdict(await service.call({ ...guesses[n % guesses.length] ?? guesses[0], from: inOneOffice(n) })), '429 rate-limited')
    t.strictSame(asked.filter((name) => name !== 'read'), [])
    t.equal((await service.call({ path: '/wp-login.php', from: '192.0.2.1' })).status, 404, 'another address is not over it')
    t.equal(await state(browser), 'pending', 'nor is a caller with the right secret refused')
  })
}
