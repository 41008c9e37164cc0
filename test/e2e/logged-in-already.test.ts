/** The login page for somebody who is logged in already, here or in another tab, and where they go from it. */
import type { Page } from 'playwright-core'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { dictionaries } from '../../static/scan-login/words.js'
import { assertLoggedIn, openVisit, setVisibility, shownTicket, visitedService } from '../support/login-visit.ts'
import { accessibilityFaults, waitForStage } from '../support/open-page.ts'

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
    ['/login?return_to=/me?tab=4#/a%0Ab', '/me?tab=4'], [`/login?return_to=/me?tab=5#/${'a'.repeat(9000)}`, '/me?tab=5'], ['/login?return_to=https://evil.example/', '/me#return-refused'],
    ['/login?return_to=https://evil.example/#/a%0Ab', '/me#return-refused']] as const) {
    const tab = await newTab(from)
    await tab.waitForURL(`${service.url}${to}`)
  }
  t.strictSame(server.received(/^POST/), [])
  await page.locator('#log-out').click()
  await page.locator('#log-in').click()
  await shownTicket(page)
})

await t.test('logged in: the page says so, with a link, when it goes on to a file that is downloaded, and downloads it once', async (t) => {
  for (const [locale, words] of [['en-US', dictionaries.en], ['zh-CN', dictionaries.zh], ['zh-TW', dictionaries['zh-Hant']]] as const) {
    const { context, page, newTab, approve } = await openVisit(t, browser, service, { locale })
    await context.route(`${service.url}/export`, (route) => route.fulfill({ headers: { 'content-disposition': 'attachment; filename="export.csv"' }, body: 'a,b' }))
    const login = `${service.url}/login?return_to=/export`
    const ticket = await shownTicket(page)
    const waiting = await newTab('/login?return_to=/export')
    await shownTicket(waiting)
    const opened = await context.newPage()
    const downloads: string[] = []
    waiting.on('download', (download) => { downloads.push(download.url()) })
    const downloadIn = async (tab: Page): Promise<void> => { t.equal((await tab.waitForEvent('download')).url(), `${service.url}/export`) }
    const download = downloadIn(waiting)
    await approve(await service.newPhone(), ticket)
    await download
    const download2 = downloadIn(opened)
    await opened.goto(login, { waitUntil: 'commit' })
    await download2
    for (const tab of [waiting, opened]) {
      t.equal(tab.url(), login)
      t.equal(await tab.getByRole('heading').count(), 1)
      t.ok(await tab.getByText(words.loggedIn, { exact: true }).isVisible())
      t.equal(await tab.getByRole('link', { name: words.continue, exact: true }).getAttribute('href'), `${service.url}/export`)
      t.equal(await tab.locator('html').getAttribute('lang'), words.lang)
      t.strictSame(await accessibilityFaults(tab), [])
    }
    const asked = waiting.waitForResponse(/\/api\/session/)
    await setVisibility(waiting, 'hidden')
    await setVisibility(waiting, 'visible')
    await (await asked).finished()
    const again = downloadIn(waiting)
    await waiting.getByRole('link').click()
    await again
    t.equal(downloads.length, 2, 'by itself and by the link')
  }
})
