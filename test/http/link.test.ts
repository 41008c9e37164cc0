/** The link into WeChat on the same phone, with WECHAT_URL_LINK on: how a browser learns of it, where it leads, and when there is none. */
import t, { type Test } from 'tap'
import { openBrowser } from '../support/clients.ts'
import { openTestService, type TestService, type TestServiceOptions } from '../support/test-service.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'

const openLinked = (t: Test, { env, ...options }: TestServiceOptions = {}): Promise<TestService> =>
  openTestService(t, { env: { LIMIT_CREATE: '10000', LIMIT_GUESS: '10000', WECHAT_URL_LINK: 'on', ...env }, ...options })

const callsFor = (service: TestService): number => service.simulator.calls.filter(({ endpoint }) => endpoint === 'generate_urllink').length

const usualMembers = ['ticket', 'secret', 'state', 'version', 'expires_in', 'code_url', 'max_wait', 'match']

await t.test('link: a ticket has none when the setting is off', async (t) => {
  for (const env of [{}, { WECHAT_URL_LINK: 'off' }]) {
    const service = await openTestService(t, { env })
    const { ticket, created } = await openBrowser(service)
    t.strictSame(Object.keys(created.json), usualMembers, 'in this order')
    for (const method of ['GET', 'HEAD', 'POST'] as const) t.equal((await service.call({ method, path: `/api/tickets/${ticket}/link` })).status, 404, method)
    t.equal(verdict(await service.call({ path: `/api/tickets/${ticket}/link` })), '404 not-found')
    t.equal(callsFor(service), 0)
  }
})

for (const prefix of ['', '/sign/in']) {
  await t.test(`link: it leads to WeChat's link to the login page with the ticket, without a secret, when the prefix is "${prefix}"`, async (t) => {
    const service = await openLinked(t, { env: { PUBLIC_URL: `https://login.example.com${prefix}` } })
    const { ticket, created } = await openBrowser(service, { prefix })
    t.strictSame(Object.keys(created.json).sort(), [...usualMembers, 'link_url'].sort())
    t.equal(created.json.link_url, `${prefix}/api/tickets/${ticket}/link`)
    t.equal(callsFor(service), 0, 'WeChat is asked only on request')
    const { status, headers, text } = await service.call({ path: created.json.link_url })
    t.strictSame([status, text], [302, ''])
    t.hasStrict(headers, { 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
    t.strictSame(['etag', 'set-cookie'].filter((name) => name in headers), [])
    const page = await fetch(String(headers.location))
    t.match(await page.text(), new RegExp(`pages/login/login\\?scene=${ticket}$`, 'm'))
    const asked = JSON.parse(service.simulator.calls.at(-1)?.body ?? '')
    t.strictSame(asked.expire_time, service.clock.now() / 1000 + 180 + 120, 'the link outlives the ticket by two minutes')
  })
}

await t.test('link: WeChat\'s address is kept when it is https', async (t) => {
  const service = await openLinked(t)
  service.simulator.fail('generate_urllink', { json: { errcode: 0, errmsg: 'ok', url_link: 'https://wxaurl.cn/AbCdEfGh1' } })
  const { created } = await openBrowser(service)
  t.equal((await service.call({ path: created.json.link_url })).headers.location, 'https://wxaurl.cn/AbCdEfGh1')
})

await t.test('link: WeChat is asked once per ticket when many ask in several ways', async (t) => {
  const service = await openLinked(t)
  const { ticket } = await openBrowser(service)
  const path = `/api/tickets/${ticket}/link`
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => service.call({ method: n % 2 === 0 ? 'GET' : 'HEAD', path })))
  service.clock.advance(179_000)
  answers.push(await service.call({ path }))
  t.strictSame([...new Set(answers.map(({ status }) => status))], [302])
  t.equal(new Set(answers.map(({ headers }) => headers.location)).size, 1)
  t.equal(callsFor(service), 1)
  t.equal((await service.call({ path: `/api/tickets/${(await openBrowser(service)).ticket}/link` })).status, 302)
  t.equal(callsFor(service), 2, 'another ticket has its own')
})

await t.test('link: there is one until the ticket is final, and none for an unknown id', async (t) => {
  const service = await openLinked(t)
  const link = async (ticket: string): Promise<string> => verdict(await service.call({ path: `/api/tickets/${ticket}/link` }))
  const { browser: confirmed, phone } = await confirmedBrowser(service)
  const [scanned, cancelled, expired] = [await openBrowser(service), await openBrowser(service), await openBrowser(service)]
  await phone.scan(scanned.ticket)
  for (const { ticket } of [scanned, confirmed, cancelled, expired]) t.equal(await link(ticket), '302')
  await cancelled.giveUp()
  await confirmed.consume()
  const made = callsFor(service)
  for (const ticket of [cancelled.ticket, confirmed.ticket, (await logIn(service)).browser.ticket, 'A'.repeat(22), 'x', '%00', `${scanned.ticket}%20`]) {
    t.equal(await link(ticket), '404 ticket-not-found', ticket)
  }
  service.clock.advance(180_000)
  t.equal(await link(expired.ticket), '404 ticket-not-found')
  t.equal(callsFor(service), made, 'WeChat is asked for none of these')
})

await t.test('link: it works for a ticket whose lifetime a scan has extended', async (t) => {
  const service = await openLinked(t)
  const { ticket } = await openBrowser(service)
  const path = `/api/tickets/${ticket}/link`
  const first = await service.call({ path })
  service.clock.advance(179_000)
  await (await phoneOf(service)).scan(ticket)
  service.clock.advance(59_000)
  const last = await service.call({ path })
  t.strictSame([last.status, last.headers.location], [302, first.headers.location])
  t.equal((await fetch(String(last.headers.location))).status, 200, 'WeChat still accepts it')
})

await t.test('link: unknown ids are counted as guesses', async (t) => {
  const service = await openLinked(t, { env: { LIMIT_GUESS: '2' } })
  const verdicts = []
  for (let n = 0; n < 3; n++) verdicts.push(verdict(await service.call({ path: `/api/tickets/${'A'.repeat(22)}/link` })))
  t.strictSame(verdicts, ['404 ticket-not-found', '404 ticket-not-found', '429 rate-limited'])
})

await t.test('link: the answer is wechat-unavailable with Retry-After when WeChat can\'t make one, and the rest of the login goes on', async (t) => {
  const service = await openLinked(t, { wechatTimeoutMs: 1000, env: { TICKET_TTL: '600' } })
  const { ticket } = await openBrowser(service)
  const ask = () => service.call({ path: `/api/tickets/${ticket}/link` })
  const faults = [
    ['stable_token', 40125], ['stable_token', 'http-500'], ['generate_urllink', 'html'], ['generate_urllink', 'cut'], ['generate_urllink', 'hang'], ['generate_urllink', 44990],
    ['generate_urllink', { json: { errcode: 0, errmsg: 'ok' } }], ['generate_urllink', { json: { errcode: 0, errmsg: 'ok', url_link: 'javascript:alert(1)' } }],
    ['generate_urllink', { json: { errcode: 0, errmsg: 'ok', url_link: 'http://wxaurl.cn/AbCdEfGh1' } }], ['generate_urllink', 40002],
  ] as const
  for (const [endpoint, fault] of faults) {
    service.simulator.fail(endpoint, fault)
    const answer = await ask()
    t.equal(verdict(answer), '503 wechat-unavailable', `${endpoint} ${JSON.stringify(fault)}`)
    t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
    t.equal(answer.headers['cache-control'], 'no-store')
    t.equal(answer.headers.location, undefined)
    t.notMatch(answer.text, /40002|wxaurl|alert|individual/, 'the reason is the operator\'s')
    service.simulator.clearFaults()
    service.clock.advance(endpoint === 'stable_token' ? 61_000 : 8000) // the longest back-off after faults of this kind
  }
  t.equal((await (await phoneOf(service)).scan(ticket)).status, 200, 'the code still works')
  t.match(service.logged(), /belongs to an individual.*set WECHAT_URL_LINK to off/)
})

await t.test('link: it is made when WeChat has recovered', async (t) => {
  const service = await openLinked(t)
  const { ticket } = await openBrowser(service)
  service.simulator.fail('generate_urllink', 'http-500', 1)
  const path = `/api/tickets/${ticket}/link`
  t.strictSame([verdict(await service.call({ path })), verdict(await service.call({ path }))], ['503 wechat-unavailable', '302'])
})
