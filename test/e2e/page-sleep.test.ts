/** A login completes although the page, or the whole browser, sleeps during the confirmation, and its connections die meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { serveDemo } from '../support/demo-window.ts'
import { assertLoggedIn, openVisit, visitedService, shownTicket } from '../support/login-visit.ts'
import { openRelayTo } from '../support/relay.ts'
import { launchSleepingBrowser } from '../support/sleeping-browser.ts'
import { waitForStage } from '../support/open-page.ts'

const server = await serveDemo(t, { MAX_WAIT: '25' })
const service = visitedService(t, server)
const { browser, ...lid } = await launchSleepingBrowser(t)

/** Longer than the gap by which a page recognises a sleep (static/scan-login/browser.js). */
const sleepMs = 8_500

const cases = [
  ['the system has suspended the page', 'pages', null],
  ['the system has suspended the page and ended its connections', 'pages', 'reset'],
  ['the machine has slept', 'all', null],
  ['the machine has slept and its connections were ended', 'all', 'reset'],
  ['the machine has slept and its connections are dead without a reset', 'all', 'silent'],
] as const

for (const [name, what, how] of cases) {
  await t.test(`login page: the login completes when ${name}`, async (t) => {
    const relay = await openRelayTo(t, server)
    const { page, approve } = await openVisit(t, browser, service, { url: relay.url })
    const phone = await service.newPhone()
    const ticket = await shownTicket(page)
    lid.sleep(what)
    if (how !== null) relay.cut(how)
    await approve(phone, ticket)
    await sleep(how === null ? sleepMs / 3 : sleepMs)
    lid.wake()
    await assertLoggedIn(t, page, phone)
  })
}

await t.test('login page: it shows the number, and the login completes, when the machine sleeps before the scan and before the confirmation', async (t) => {
  const relay = await openRelayTo(t, server)
  const { page, numberOf } = await openVisit(t, browser, service, { url: relay.url })
  const phone = await service.newPhone()
  const ticket = await shownTicket(page)
  lid.sleep('all')
  relay.cut('silent')
  await phone.scan(ticket)
  await sleep(sleepMs)
  lid.wake()
  await waitForStage(page, 'scanned')
  t.equal(await page.locator('.layer:not(.leaving) .number').innerText(), await numberOf(ticket))
  lid.sleep('all')
  relay.cut('silent')
  await phone.confirm(ticket, await numberOf(ticket))
  await sleep(sleepMs)
  lid.wake()
  await assertLoggedIn(t, page, phone)
})
