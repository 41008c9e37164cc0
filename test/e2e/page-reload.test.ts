/** Reloads and tabs: a ticket survives a reload at any step, in its tab only. Every tab has its own ticket, a duplicated tab too. */
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { assertLoggedIn, openVisit, visitedService, shownTicket, type Visit, promptPath } from '../support/login-visit.ts'
import { waitForStage } from '../support/open-page.ts'
import type { TestPhone } from '../support/clients.ts'
import type { Page } from 'playwright-core'

const server = await serveDemo(t, { MAX_WAIT: '25' })
const service = visitedService(t, server)
const browser = await launchChromium()
t.teardown(() => browser.close())

const reload = (page: Page): Promise<unknown> => page.reload({ waitUntil: 'domcontentloaded' })
/** Answers the question that is asked when somebody else was logged in in this browser before. */
const sayItsMe = (page: Page): Promise<void> => page.getByRole('button', { name: "That's me, go on" }).click()
const number = (page: Page): Promise<string> => page.locator('.layer:not(.leaving) .number').innerText()

/** From the code on the page to the step at which it is reloaded, and from there to the confirmation. */
type Story = (visit: Visit, phone: TestPhone, ticket: string) => Promise<unknown>

const stories: Record<string, Story> = {
  'the code is not scanned yet': async ({ page, approve }, phone, ticket) => {
    await reload(page)
    await waitForStage(page, 'waiting')
    await approve(phone, ticket)
  },
  'it is reloaded several times': async ({ page, approve }, phone, ticket) => {
    for (let times = 0; times < 4; times++) await reload(page)
    await waitForStage(page, 'waiting')
    await approve(phone, ticket)
  },
  'the phone has scanned': async ({ page }, phone, ticket) => {
    await phone.scan(ticket)
    const shown = await number(page)
    await reload(page)
    await page.locator('.layer:not(.leaving) .number', { hasText: shown }).waitFor()
    await phone.confirm(ticket, shown)
  },
  'the phone confirms at that moment': async ({ page, numberOf }, phone, ticket) => {
    await phone.scan(ticket)
    const shown = await numberOf(ticket)
    await Promise.all([phone.confirm(ticket, shown), reload(page)])
  },
  'the page has just asked for its session': async ({ context, page, approve }, phone, ticket) => {
    const handled = Promise.withResolvers<void>()
    await page.route('**/consume', async (route) => {
      await route.fetch() // the answer is dropped
      handled.resolve()
    }, { times: 1 })
    await approve(phone, ticket)
    await handled.promise
    await context.clearCookies()
    await reload(page)
  },
  'the page has its session and shows that': async ({ page, approve }, phone, ticket) => {
    await approve(phone, ticket)
    await waitForStage(page, 'confirmed')
    await reload(page)
  },
}

for (const [moment, story] of Object.entries(stories)) {
  await t.test(`reload: the page keeps its ticket and the login completes when ${moment}`, async (t) => {
    const visit = await openVisit(t, browser, service)
    const phone = await service.newPhone()
    const ticket = await shownTicket(visit.page)
    server.received(/./)
    await story(visit, phone, ticket)
    await assertLoggedIn(t, visit.page, phone)
    t.strictSame(server.received(/^POST \/api\/tickets$|^DELETE/), [], 'no other ticket is made, and none is given up')
  })
}

await t.test('tabs: each has its own ticket, and shows nothing of the other, when two people log in at the same time', async (t) => {
  const { page, newTab, approve, numberOf } = await openVisit(t, browser, service)
  const other = await newTab(promptPath)
  const [ticket, otherTicket] = [await shownTicket(page), await shownTicket(other)]
  t.not(ticket, otherTicket)
  const [ming, mei] = [await service.newPhone(), await service.newPhone()]
  await ming.scan(ticket)
  await waitForStage(page, 'scanned')
  await reload(other)
  t.equal(await shownTicket(other), otherTicket, 'the other still shows its code')
  await ming.confirm(ticket, await numberOf(ticket))
  await assertLoggedIn(t, page, ming)
  t.equal(await shownTicket(other), otherTicket)
  await approve(mei, otherTicket)
  await sayItsMe(other)
  await assertLoggedIn(t, other, mei)
})

await t.test('tabs: each completes, and the browser has one session in the end, when one person confirms both', async (t) => {
  const { page, newTab, approve } = await openVisit(t, browser, service)
  const other = await newTab(promptPath)
  const phone = await service.newPhone()
  for (const tab of [page, other]) {
    await approve(phone, await shownTicket(tab))
    await assertLoggedIn(t, tab, phone)
  }
  await assertLoggedIn(t, page, phone)
})

await t.test('tabs: a duplicated tab has its own code, and both logins complete', async (t) => {
  const { context, page, approve } = await openVisit(t, browser, service, { path: promptPath })
  const ticket = await shownTicket(page)
  await reload(page) // so that the ticket has been in the tab's storage
  t.equal(await shownTicket(page), ticket)
  const [copy] = await Promise.all([context.waitForEvent('page'), page.evaluate('void open(location.href)')])
  t.ok(await copy.evaluate("sessionStorage.getItem('scan-login-tickets')") !== null, 'its storage is a copy of the first tab\'s')
  const copied = await shownTicket(copy)
  t.not(copied, ticket)
  for (const [tab, its] of [[copy, copied], [page, ticket]] as const) {
    const phone = await service.newPhone()
    await approve(phone, its)
    if (tab === page) await sayItsMe(tab)
    await assertLoggedIn(t, tab, phone)
  }
})

await t.test('tabs: the ticket continues in the same tab, and not in another one, when the page was left', async (t) => {
  const { page, newTab, approve } = await openVisit(t, browser, service)
  const ticket = await shownTicket(page)
  await page.goto(`${service.url}/me`)
  const other = await newTab()
  t.not(await shownTicket(other), ticket)
  const phone = await service.newPhone()
  await approve(phone, ticket)
  await page.goto(`${service.url}/login`, { waitUntil: 'commit' })
  await assertLoggedIn(t, page, phone)
})
