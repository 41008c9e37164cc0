/** The login page for somebody who is logged in already, here or in another tab, and where they go from it. */
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { assertLoggedIn, openVisit, shownTicket, visitedService } from '../support/login-visit.ts'
import { waitForStage } from '../support/open-page.ts'

const server = await serveDemo(t)
const service = visitedService(t, server)
const browser = await launchChromium()
t.teardown(() => browser.close())

await t.test('logged in: other tabs at the login go on by themselves, and cancel their tickets, when one tab logs in', async (t) => {
  const { page, newTab, approve } = await openVisit(t, browser, service)
  const ticket = await shownTicket(page)
  const tabs = [await newTab(), await newTab()]
  const others = await Promise.all(tabs.map(shownTicket))
  const phone = await service.newPhone()
  server.received(/^$/)
  await approve(phone, ticket)
  for (const tab of [page, ...tabs]) await assertLoggedIn(t, tab, phone)
  const cancelled: string[] = []
  while (cancelled.length < 2) {
    cancelled.push(...server.received(/^DELETE /))
    await page.waitForTimeout(50)
  }
  t.strictSame(cancelled.sort(), others.map((other) => `DELETE /api/tickets/${other}`).sort())
})

await t.test('logged in: a tab whose code was just scanned stays, and asks who it was, when another tab logs in meanwhile', async (t) => {
  const { page, newTab, approve, numberOf } = await openVisit(t, browser, service)
  const ticket = await shownTicket(page)
  const tab = await newTab()
  const scanned = await shownTicket(tab)
  const [phone, another] = [await service.newPhone(), await service.newPhone()]
  t.equal((await another.scan(scanned)).status, 200)
  await waitForStage(tab, 'scanned')
  await approve(phone, ticket)
  await assertLoggedIn(t, page, phone)
  t.equal((await another.confirm(scanned, await numberOf(scanned))).status, 200)
  await waitForStage(tab, 'another')
})

await t.test('logged in: a later visit of the login page goes on at once, to what follows # in the address as well, and shows a code after the logout', async (t) => {
  const { page, newTab, approve } = await openVisit(t, browser, service)
  await page.goto(`${service.url}/login?return_to=${encodeURIComponent('/me?tab=1')}#/orders/7`)
  const phone = await service.newPhone()
  await approve(phone, await shownTicket(page))
  await page.waitForURL(`${service.url}/me?tab=1#/orders/7`)
  server.received(/^$/)
  for (const [from, to] of [['/login', '/me'], ['/login?return_to=/me?tab=2#/orders/8', '/me?tab=2#/orders/8'], ['/login?return_to=%2Fme%3Ftab%3D3%23%2Forders%2F9#/x', '/me?tab=3#/orders/9'],
    ['/login?return_to=https://evil.example/', '/me#return-refused']] as const) {
    const tab = await newTab(from)
    await tab.waitForURL(`${service.url}${to}`)
  }
  t.strictSame(server.received(/^POST/), [])
  await page.locator('#log-out').click()
  await page.locator('#log-in').click()
  await shownTicket(page)
})
