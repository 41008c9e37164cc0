/** A login completes although answers, the code's picture, or for a while the service itself are lost. */
import type { Response } from 'playwright-core'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { assertLoggedIn, openVisit, visitedService, shownTicket } from '../support/login-visit.ts'
import { announcements, recordAnnouncements, waitForStage } from '../support/open-page.ts'
import { openDeployment } from '../support/service-process.ts'
import { openRelayTo } from '../support/relay.ts'

const server = await serveDemo(t, { MAX_WAIT: '25' })
const service = visitedService(t, server)
const browser = await launchChromium()
t.teardown(() => browser.close())

const badGateway = Buffer.from('HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 20\r\nConnection: close\r\n\r\n<h1>Bad Gateway</h1>')
const noBackend = Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: 19\r\nConnection: close\r\n\r\n404 page not found\n') // Traefik's
const losses = [
  ['never arrives', () => Buffer.alloc(0)], // on a reused connection Chromium repeats the request by itself
  ['is replaced by a gateway\'s', () => badGateway],
  ['is replaced by a 404 of a router without a backend', () => noBackend],
  ['is cut in the middle of its body', (answer: Buffer) => answer.subarray(0, answer.length - 30)],
] as const

for (const [loss, spoil] of losses) {
  await t.test(`login page: the login completes, with one session, when three times in a row the answer to consume ${loss}`, async (t) => {
    const relay = await openRelayTo(t, server)
    const { page, approve } = await openVisit(t, browser, service, { url: relay.url })
    const phone = await service.newPhone()
    const ticket = await shownTicket(page)
    relay.spoil(`POST /api/tickets/${ticket}/consume`, 3, spoil)
    await approve(phone, ticket)
    await assertLoggedIn(t, page, phone)
    t.equal(relay.left, 0)
  })

  await t.test(`login page: a code is shown, and the login completes, when the answer to create ${loss}`, async (t) => {
    const relay = await openRelayTo(t, server)
    relay.spoil('POST /api/tickets HTTP', 2, spoil)
    const { page, approve } = await openVisit(t, browser, service, { url: relay.url, prepare: recordAnnouncements })
    const ticket = await shownTicket(page)
    if (loss !== 'never arrives') t.ok((await announcements(page)).includes("Can't reach the service right now"))
    t.equal(relay.left, 0)
    const phone = await service.newPhone()
    await approve(phone, ticket)
    await assertLoggedIn(t, page, phone)
  })
}

await t.test('login page: the same login goes on when a router without a backend answers 404 before the scan, and again while the person confirms', async (t) => {
  const relay = await openRelayTo(t, server)
  const { page, numberOf } = await openVisit(t, browser, service, { url: relay.url })
  const phone = await service.newPhone()
  const ticket = await shownTicket(page)
  /** Runs `meanwhile` while the router answers, and until two polls have had its answer. */
  const withoutBackend = async (meanwhile: () => Promise<unknown>): Promise<void> => {
    const isRefusedPoll = (response: Response): boolean => response.status() === 404 && response.url().includes(`${ticket}?`)
    const first = page.waitForResponse(isRefusedPoll)
    relay.standIn(noBackend)
    await meanwhile()
    await first
    await page.waitForResponse(isRefusedPoll)
    relay.standIn(null)
  }
  await withoutBackend(async () => {})
  t.equal((await phone.scan(ticket)).status, 200)
  await waitForStage(page, 'scanned')
  const number = await numberOf(ticket)
  await withoutBackend(async () => { t.equal((await phone.confirm(ticket, number)).status, 200) })
  await assertLoggedIn(t, page, phone)
})

await t.test('login page: it announces once why there is no code, and then shows one, when WeChat makes none for a while', async (t) => {
  server.simulator.fail('getwxacodeunlimit', -1)
  const { page, approve } = await openVisit(t, browser, service, { prepare: recordAnnouncements })
  await waitForStage(page, 'no-code')
  for (let tries = 0; tries < 2;) {
    await page.waitForTimeout(200)
    tries += server.received(/\/code$/).length
  }
  server.simulator.clearFaults()
  const ticket = await shownTicket(page)
  t.strictSame((await announcements(page)).slice(1), ["Can't get a code right now", 'Scan with WeChat to log in'])
  const phone = await service.newPhone()
  await approve(phone, ticket)
  await assertLoggedIn(t, page, phone)
})

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  await t.test(`login page: the ticket continues at each step when the service is restarted after ${signal}`, async (t) => {
    const deployment = await openDeployment(t)
    let running = await deployment.start()
    const restart = async (): Promise<void> => {
      running.kill(signal)
      await running.ended
      running = await deployment.start()
    }
    const { page, numberOf } = await openVisit(t, browser, visitedService(t, deployment))
    const phone = await deployment.phone()
    const ticket = await shownTicket(page)
    await restart()
    t.equal(await shownTicket(page), ticket)
    await phone.scan(ticket)
    await waitForStage(page, 'scanned')
    await restart()
    t.equal((await phone.confirm(ticket, await numberOf(ticket))).status, 200)
    await assertLoggedIn(t, page, phone)
  })
}

await t.test('login page: the same login completes when every other call, or every one, is answered by an instance of an older release, which knows Authorization only', async (t) => {
  for (const olderOf of [2, 1]) {
    let calls = 0
    const { page, approve } = await openVisit(t, browser, service, {
      prepare: (page) => page.route(/\/api\/tickets\/[\w-]{22}(?:\?|\/consume)/, async (route) => {
        const { 'x-ticket-secret': _, ...known } = await route.request().allHeaders()
        await route.continue(calls++ % olderOf === 0 ? { headers: known } : {})
      }),
    })
    const ticket = await shownTicket(page)
    const phone = await service.newPhone()
    t.equal((await phone.scan(ticket)).status, 200)
    await waitForStage(page, 'scanned')
    t.equal(await page.evaluate("performance.getEntriesByType('resource').filter(({ name }) => /\\/api\\/tickets$/.test(name)).length"), 1)
    await approve(phone, ticket)
    await assertLoggedIn(t, page, phone)
  }
})
