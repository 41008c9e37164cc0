/** Tickets that take the place of one that ends: an open page's next code isn't counted by LIMIT_CREATE, and strangers gain nothing by it. */
import t, { type Test } from 'tap'
import { openBalancedServices } from '../support/balanced-services.ts'
import { Problem } from '../../src/errors.ts'
import { onEveryStore } from '../contract/store-harness.ts'
import { openBrowser, type Service, type TestBrowser } from '../support/clients.ts'
import { auditStepsIn } from '../support/audit-steps.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'
import { confirmedBrowser, phoneOf, verdict } from '../support/login.ts'

const office = '192.0.2.1'
const [made, refused] = ['201', '429 rate-limited']
/** The page asks in the last eighth of a ticket's life, and 20 s before its end at the earliest. */
const untilRenewalMs = 160_000

interface Renewal {
  readonly from?: string
  readonly headers?: Record<string, string>
  readonly returnTo?: string
}

const renew = (service: Service, { ticket, secret }: Pick<TestBrowser, 'ticket' | 'secret'>, { from = office, headers = { authorization: `Ticket ${secret}` }, returnTo }: Renewal = {}): Promise<Answer> =>
  service.call({ method: 'POST', path: '/api/tickets', from, headers, body: { renews: ticket, ...(returnTo !== undefined && { return_to: returnTo }) } })

const next = async (answer: Promise<Answer>): Promise<Pick<TestBrowser, 'ticket' | 'secret'>> => (await answer).json

/** Makes tickets until the address is over its limit. */
const useUp = async (service: Service, from = office): Promise<void> => {
  while (verdict((await openBrowser(service, { from })).created) !== refused);
}

/** A ticket that has this long to live, at an address that may make no more. */
const heldAtTheLimit = async (t: Test, { afterMs = untilRenewalMs, env = {} }: { afterMs?: number, env?: Record<string, string> } = {}): Promise<{ service: TestService, browser: TestBrowser }> => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '2', ...env } })
  const browser = await openBrowser(service, { from: office })
  service.clock.advance(afterMs)
  await useUp(service)
  return { service, browser }
}

await t.test('renewals: every open page of an office gets its next codes for a quarter of an hour when others use up LIMIT_CREATE in each minute', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '5' } })
  const pages: Array<{ shown: Pick<TestBrowser, 'ticket' | 'secret'>, until: number }> = []
  const renewals: string[] = []
  for (let second = 0; second < 900; second += 20) {
    for (const page of pages.filter(({ until }) => until <= second)) {
      const answer = await renew(service, page.shown)
      renewals.push(verdict(answer))
      if (answer.status === 201) Object.assign(page, { shown: answer.json, until: second + untilRenewalMs / 1000 })
    }
    if (second % 60 === 0) {
      for (let n = 0; n < 5 && pages.length < 15; n++) pages.push({ shown: await openBrowser(service, { from: office }), until: second + untilRenewalMs / 1000 })
      await useUp(service) // others come and go, and use up LIMIT_CREATE in each minute
    }
    service.clock.advance(20_000)
  }
  t.strictSame([...new Set(renewals)], [made])
  t.ok(renewals.length >= 60, `${renewals.length} renewals`)
})

await t.test('renewals: the new ticket is one like any other when the old one\'s secret comes in either header, and from another address', async (t) => {
  for (const [headers, from] of [[(secret: string) => ({ authorization: `Ticket ${secret}` }), office], [(secret: string) => ({ 'x-ticket-secret': secret }), '192.0.2.77'], [(secret: string) => ({ 'x-ticket-secret': secret, authorization: 'Basic eDp5' }), office]] as const) {
    const { service, browser } = await heldAtTheLimit(t)
    await useUp(service, from)
    const answer = await renew(service, browser, { from, headers: headers(browser.secret), returnTo: '/orders' })
    t.equal(verdict(answer), made)
    t.strictSame(Object.keys(answer.json), Object.keys(browser.created.json))
    t.notOk([browser.ticket, browser.secret].some((old) => answer.text.includes(old)))
    const phone = await phoneOf(service)
    t.equal((await phone.scan(browser.ticket)).status, 200, 'the old code can be scanned to its end')
    t.equal((await phone.scan(answer.json.ticket)).status, 200)
  }
})

for (const [when, afterMs, expected] of [
  ['before half of its life', 89_000, refused],
  ['after half of its life', 91_000, made],
  ['after its end', 200_000, made],
  ['when nothing is known of it any more', 241_000, refused],
] as const) {
  await t.test(`renewals: a ticket ${expected === made ? 'has one successor that isn\'t counted' : 'has none'} ${when}`, async (t) => {
    const { service, browser } = await heldAtTheLimit(t, { afterMs })
    const first = await renew(service, browser)
    t.equal(verdict(first), expected)
    if (expected !== made) return
    service.clock.advance(29_000)
    const again = await renew(service, browser)
    t.strictSame([verdict(again), again.json.ticket, again.json.secret], [made, first.json.ticket, first.json.secret], 'the answer may have got lost')
    t.hasStrict((await service.call({ path: `/api/tickets/${again.json.ticket}`, headers: { authorization: `Ticket ${again.json.secret}` } })).json, { state: 'pending' })
    service.clock.advance(2000)
    t.equal(verdict(await renew(service, browser)), refused, 'and no second one')
  })
}

await t.test('renewals: it counts like any other ticket when the secret is wrong, or the old one was cancelled, scanned or used', async (t) => {
  const { service, browser } = await heldAtTheLimit(t, { env: { LIMIT_CREATE: '5' } })
  const wrong: Array<[string, Record<string, string>]> = [
    [browser.ticket, {}],
    [browser.ticket, { authorization: `Ticket ${'A'.repeat(43)}` }],
    [browser.ticket, { authorization: 'Ticket nonsense' }],
    [browser.ticket, { authorization: `Ticket ${browser.secret}`, 'x-ticket-secret': 'A'.repeat(43) }],
    [browser.ticket, { authorization: `Bearer ${browser.secret}` }],
    ...['A'.repeat(22), '', 'nonsense', '../../etc', browser.ticket.slice(1)].map((id): [string, Record<string, string>] => [id, { authorization: `Ticket ${browser.secret}` }]),
  ]
  for (const [renews, headers] of wrong) {
    const call = { method: 'POST', path: '/api/tickets', headers, body: { renews } } as const
    t.equal(verdict(await service.call({ ...call, from: office })), refused, JSON.stringify([renews, headers]))
    t.equal(verdict(await service.call({ ...call, from: `10.0.${wrong.findIndex(([, other]) => other === headers)}.1` })), made, 'but it is made')
  }
  t.equal(verdict(await renew(service, browser)), made, 'what was wrong has used nothing up')

  const phone = await phoneOf(service)
  const ends: Array<(browser: TestBrowser) => Promise<unknown>> = [
    (browser) => browser.giveUp(),
    ({ ticket }) => phone.scan(ticket),
    async ({ ticket }) => { await phone.scan(ticket); await phone.cancel(ticket) },
    async (browser) => { await phone.scan(browser.ticket); await phone.confirm(browser.ticket, await browser.matchCode()); await browser.consume() },
  ]
  service.clock.advance(60_000)
  const browsers = await Promise.all(ends.map(() => openBrowser(service, { from: office })))
  service.clock.advance(untilRenewalMs)
  await useUp(service)
  for (const [index, end] of ends.entries()) {
    await end(browsers[index] as TestBrowser)
    t.equal(verdict(await renew(service, browsers[index] as TestBrowser)), refused, String(end))
  }
})

await t.test('renewals: it is refused with 400, and uses up nothing, when `renews` is no text', async (t) => {
  const { service, browser } = await heldAtTheLimit(t)
  for (const renews of [1, true, {}, [browser.ticket], 'A'.repeat(5000)]) {
    t.equal(verdict(await service.call({ method: 'POST', path: '/api/tickets', from: office, headers: { authorization: `Ticket ${browser.secret}` }, body: { renews } })), '400 bad-request')
  }
  t.equal(verdict(await renew(service, browser, { headers: { authorization: `Ticket ${browser.secret}` } })), made)
})

await t.test('renewals: an allowed site\'s page is answered with its origin when it renews', async (t) => {
  const shop = 'https://shop.example'
  const { service, browser } = await heldAtTheLimit(t, { env: { ALLOWED_ORIGINS: shop } })
  for (const header of ['authorization', 'x-ticket-secret']) {
    const asked = await service.call({ method: 'OPTIONS', path: '/api/tickets', headers: { origin: shop, 'access-control-request-method': 'POST', 'access-control-request-headers': `${header},content-type` } })
    t.ok(String(asked.headers['access-control-allow-headers']).toLowerCase().split(', ').includes(header))
  }
  const answer = await renew(service, browser, { headers: { authorization: `Ticket ${browser.secret}`, origin: shop, 'sec-fetch-site': 'cross-site' } })
  t.equal(verdict(answer), made)
  t.equal(answer.headers['access-control-allow-origin'], shop)
  const elsewhere = { authorization: `Ticket ${answer.json.secret}`, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  t.equal(verdict(await renew(service, answer.json, { headers: elsewhere })), '403 cross-site', 'any other is refused as before')
})

await t.test('renewals: four times LIMIT_CREATE aren\'t counted in a minute, however many tickets a stranger keeps alive; beyond that they count', async (t) => {
  const service = await openTestService(t, { env: { LIMIT_CREATE: '3' } })
  const held: TestBrowser[] = []
  for (let n = 0; n < 20; n++) held.push(await openBrowser(service, { from: `10.0.${n}.1` }))
  service.clock.advance(untilRenewalMs)
  const verdicts = []
  for (const browser of held) verdicts.push(verdict(await renew(service, browser)))
  t.strictSame(verdicts, [...Array.from({ length: 15 }, () => made), ...Array.from({ length: 5 }, () => refused)])
  t.strictSame(auditStepsIn(service.logged()).filter(({ event }) => event === 'limit.hit').map(({ limit, ip }) => [limit, ip]), [['renew', office], ['create', office]])
  t.equal(verdict(await renew(service, held[19] as TestBrowser, { from: '192.0.3.1' })), made, 'the neighbouring network; where it counts, as it has had its turn')
})

await t.test('renewals: a stranger with one ticket has two at a time at the most', async (t) => {
  const { service, browser } = await heldAtTheLimit(t)
  const everything: Array<Pick<TestBrowser, 'ticket' | 'secret'>> = [browser]
  await service.call({ path: `/api/tickets/${browser.ticket}`, headers: { authorization: `Ticket ${browser.secret}` } })
  for (let step = 0; step < 60; step++) {
    await useUp(service) // so that nothing but renewals adds to what is held
    for (const held of [...everything]) {
      const answer = await renew(service, held)
      if (answer.status === 201 && everything.every(({ ticket }) => ticket !== answer.json.ticket)) everything.push(answer.json)
    }
    const views = await Promise.all(everything.map(({ ticket, secret }) => service.call({ path: `/api/tickets/${ticket}`, headers: { authorization: `Ticket ${secret}` }, from: '198.51.100.1' })))
    const alive = views.filter(({ json }) => json.state === 'pending').length
    if (alive > 2) t.fail(`${alive} are alive`)
    service.clock.advance(10_000)
  }
  t.ok(everything.length > 3, 'the chain goes on')
  t.ok(everything.length <= 2 + 600 / 90, `one ticket in half a life: ${everything.length}`)
})

await t.test('renewals: MAX_TICKETS and a network\'s share of it count each', async (t) => {
  const service = await openTestService(t, { env: { MAX_TICKETS: '40' } }) // of which a network has two
  const held = [await openBrowser(service, { from: office }), await openBrowser(service, { from: office })]
  for (const browser of held) await browser.poll()
  service.clock.advance(untilRenewalMs)
  t.equal(verdict(await renew(service, held[0] as TestBrowser)), '503 too-many-tickets')
  await useUp(service)
  await held[1]?.giveUp()
  t.equal(verdict(await renew(service, held[0] as TestBrowser)), made, 'the refusal has used nothing up')
})

await t.test('renewals: the second try is made when the store failed at the first, and could not even give the claim back', async (t) => {
  let fails = false
  const service = await openTestService(t, {
    env: { LIMIT_CREATE: '2' },
    wrapStore: (store) => ({
      ...store,
      write: async (key, value, ttlMs) => {
        if (fails) throw new Problem('store-unavailable')
        await store.write(key, value, ttlMs)
      },
      removeClaim: async (key, value) => {
        if (fails) throw new Problem('store-unavailable')
        return await store.removeClaim(key, value)
      },
    }),
  })
  const browser = await openBrowser(service, { from: office })
  service.clock.advance(untilRenewalMs)
  await useUp(service)
  fails = true
  t.equal(verdict(await renew(service, browser)), '503 store-unavailable')
  fails = false
  const underWay = await renew(service, browser)
  t.strictSame([verdict(underWay), underWay.headers['retry-after']], [refused, '2'])
  service.clock.advance(8001)
  t.equal(verdict(await renew(service, browser)), made)
})

await t.test('renewals: the store is not asked when an address is over the limits of renewals and of tickets', async (t) => {
  let reads = 0
  const service = await openTestService(t, { env: { LIMIT_CREATE: '1' }, wrapStore: (store) => ({ ...store, read: (key) => { reads += 1; return store.read(key) } }) })
  const held: TestBrowser[] = []
  for (let n = 0; n < 8; n++) held.push(await openBrowser(service, { from: `10.0.${n}.1` }))
  service.clock.advance(untilRenewalMs)
  await useUp(service)
  for (const browser of held.slice(0, 5)) await renew(service, browser)
  reads = 0
  for (const browser of held) t.equal(verdict(await renew(service, browser)), refused)
  t.equal(reads, 0)
})

await t.test('renewals: a wrong secret counts as a guess, and the right one doesn\'t', async (t) => {
  const { service, browser } = await heldAtTheLimit(t, { env: { LIMIT_GUESS: '3' } })
  const wrong = () => renew(service, { ...browser, secret: 'A'.repeat(43) })
  for (let n = 0; n < 4; n++) t.equal(verdict(await wrong()), refused)
  t.equal(verdict(await service.call({ path: `/api/tickets/${browser.ticket}`, from: office, headers: { authorization: `Ticket ${'A'.repeat(43)}` } })), refused, 'guesses are used up')
  t.equal(verdict(await renew(service, browser)), made, 'the right secret is no guess')
})

await t.test('renewals: nothing of WeChat\'s is asked for when a ticket is renewed, and its code costs one call', async (t) => {
  const { service, browser } = await heldAtTheLimit(t)
  const { ticket } = await next(renew(service, browser))
  t.equal(service.simulator.countOf('getwxacodeunlimit'), 0)
  for (let n = 0; n < 5; n++) t.equal((await service.call({ path: `/api/tickets/${ticket}/code` })).status, 200)
  t.equal(service.simulator.countOf('getwxacodeunlimit'), 1)
})

await t.test('renewals: nobody is logged in, and no cookie looked at, when a confirmed ticket\'s secret is shown', async (t) => {
  const service = await openTestService(t)
  const { browser } = await confirmedBrowser(service)
  const answer = await renew(service, browser)
  t.equal(verdict(answer), made)
  t.equal(answer.headers['set-cookie'], undefined)
  t.hasStrict((await browser.poll()).json, { state: 'confirmed' }, 'and the login goes on')
})

await onEveryStore(t, 'renewals: there is one new ticket, which isn\'t counted, when a hundred calls renew one ticket at once, at all instances', async (t, { stores }) => {
  const balancer = await openBalancedServices(t, stores, { LIMIT_CREATE: '2' })
  for (const [from, afterMs] of [['192.0.2.1', untilRenewalMs], ['192.0.2.2', 200_000]] as const) {
    const browser = await openBrowser(balancer, { from })
    balancer.clock.advance(afterMs)
    await useUp(balancer, from)
    const answers = await Promise.all(Array.from({ length: 100 }, () => renew(balancer, browser, { from })))
    const winners = answers.filter((answer) => verdict(answer) !== refused)
    t.strictSame([...new Set(winners.map(verdict))], [made])
    t.equal(new Set(winners.map(({ json }) => json.ticket)).size, 1)
  }
})
