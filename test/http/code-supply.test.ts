/** Codes made ahead, as visitors and phones meet them: what WeChat is asked, and when. */
import t, { type Test } from 'tap'
import { fillAfterMs } from '../../src/wechat/prefetched-codes.ts'
import { openBrowser } from '../support/clients.ts'
import { phoneOf, verdict } from '../support/login.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'
import { settle, waitUntil } from '../support/waiting.ts'

const codes = 'getwxacodeunlimit'
const minuteMs = 60_000

/** Opens a service with a supply, once WeChat was asked for all of it: seven are there then, and the eighth is on its way. */
const openSupplied = async (t: Test): Promise<TestService> => {
  const service = await openTestService(t, { env: { CODE_SUPPLY: '8' } })
  await openBrowser(service, { from: '198.51.100.1' })
  service.clock.advance(fillAfterMs)
  await waitUntil(() => service.simulator.countOf(codes) === 8)
  return service
}

const scenesOf = ({ simulator }: TestService): readonly string[] =>
  simulator.calls.filter(({ endpoint }) => endpoint === codes).map(({ body }) => (JSON.parse(body) as { scene: string }).scene)

const codeOf = (service: TestService, ticket: string): Promise<Answer> => service.call({ path: `/api/tickets/${ticket}/code` })

await t.test('code supply: a visitor\'s first code is there, and each visitor makes WeChat make one, when WeChat answers slowly', async (t) => {
  const service = await openSupplied(t)
  t.teardown(service.simulator.hold(codes))
  for (const visitor of [2, 3, 4]) {
    const { ticket } = await openBrowser(service, { from: `198.51.100.${visitor}` })
    t.hasStrict(await codeOf(service, ticket), { status: 200, headers: { 'content-type': 'image/jpeg' } })
  }
  service.clock.advance(fillAfterMs)
  await settle()
  t.ok(service.simulator.countOf(codes) <= 9, 'codes are made one at a time')
})

await t.test('code supply: an id is unknown until a ticket has it, and its ticket lives for its full time, when it was made 59 minutes before', async (t) => {
  const service = await openSupplied(t)
  const [id = ''] = scenesOf(service)
  const phone = await phoneOf(service)
  t.equal(verdict(await phone.scan(id)), '404 ticket-not-found')
  t.equal(verdict(await codeOf(service, id)), '404 ticket-not-found')
  service.clock.advance(59 * minuteMs)
  const browser = await openBrowser(service, { from: '198.51.100.2' })
  t.hasStrict(browser.created.json, { ticket: id, expires_in: 180 })
  t.equal((await codeOf(service, id)).headers['cache-control'], 'private, max-age=180')
  t.equal(verdict(await phone.scan(id)), '200')
})

await t.test('code supply: WeChat is not called again before the next visitor, who gets a code made then, when an hour and a day have passed', async (t) => {
  const service = await openSupplied(t)
  const made = scenesOf(service)
  for (const hour of Array.from({ length: 25 }, (_, i) => i + 1)) {
    service.clock.advance(60 * minuteMs + 1)
    await settle()
    t.equal(service.simulator.countOf(codes), 8, `hour ${hour}`)
  }
  const { ticket } = await openBrowser(service, { from: '198.51.100.2' })
  t.notOk(made.includes(ticket))
  t.equal((await codeOf(service, ticket)).status, 200)
  service.clock.advance(fillAfterMs)
  await waitUntil(() => service.simulator.countOf(codes) === 8 + 1 + 8)
})

await t.test('code supply: codes are made on demand, as without a supply, when WeChat refused to make it', async (t) => {
  const service = await openTestService(t, { env: { CODE_SUPPLY: '8' } })
  service.simulator.fail(codes, 'http-500', 1)
  await openBrowser(service, { from: '198.51.100.1' })
  service.clock.advance(fillAfterMs)
  await waitUntil(() => service.logged().includes('HTTP status 500'))
  const { ticket } = await openBrowser(service, { from: '198.51.100.2' })
  t.equal((await codeOf(service, ticket)).status, 200)
  t.strictSame(scenesOf(service).slice(1), [ticket], 'the supply waits a second')
})
