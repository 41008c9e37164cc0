/** The login page and its tab: a ticket survives a reload at any step, in its own tab only; each tab has a ticket of its own, and a copy of a tab too. */
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { assertLoggedIn, openVisit, visitedService, shownTicket, type Visit } from '../support/login-visit.ts'
import { waitForStage } from '../support/open-page.ts'
import type { TestPhone } from '../support/clients.ts'
import type { Page } from 'playwright-core'

const server = await serveDemo(t, { MAX_WAIT: '25' })
const place = visitedService(t, server)
const browser = await launchChromium()
t.teardown(() => browser.close())

const reload = (page: Page): Promise<unknown> => page.reload({ waitUntil: 'domcontentloaded' })
/** The browser was somebody else's a moment ago. */
const sayItsMe = (page: Page): Promise<void> => page.getByRole('button', { name: "That's me, go on" }).click()
const number = (page: Page): Promise<string> => page.locator('.layer:not(.leaving) .number').innerText()

/** What happens to a page whose code is shown, up to the step at which it is reloaded, and from there until the phone has said yes. */
type Story = (visit: Visit, phone: TestPhone, ticket: string) => Promise<unknown>

const stories: Record<string, Story> = {
  'nobody has scanned': async ({ page, approve }, phone, ticket) => {
    await reload(page)
    await waitForStage(page, 'waiting')
    await approve(phone, ticket)
  },
  'it was reloaded before, and again': async ({ page, approve }, phone, ticket) => {
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
  'the phone says yes at that moment': async ({ page, numberOf }, phone, ticket) => {
    await phone.scan(ticket)
    const shown = await numberOf(ticket)
    await Promise.all([phone.confirm(ticket, shown), reload(page)])
  },
  'the page has just asked for its session': async ({ context, page, approve }, phone, ticket) => {
    const handled = Promise.withResolvers<void>()
    await page.route('**/consume', async (route) => {
      await route.fetch() // and the answer is never heard
      handled.resolve()
    }, { times: 1 })
    await approve(phone, ticket)
    await handled.promise
    await context.clearCookies()
    await reload(page)
  },
  'the page has its session and says so': async ({ page, approve }, phone, ticket) => {
    await approve(phone, ticket)
    await waitForStage(page, 'confirmed')
    await reload(page)
  },
}

for (const [moment, story] of Object.entries(stories)) {
  await t.test(`reload: the page goes on with its ticket and lands when ${moment}`, async (t) => {
    const visit = await openVisit(t, browser, place)
    const phone = await place.newPhone()
    const ticket = await shownTicket(visit.page)
    server.received(/./)
    await story(visit, phone, ticket)
    await assertLoggedIn(t, visit.page, phone)
    t.strictSame(server.received(/^POST \/api\/tickets$|^DELETE/), [], 'no other ticket was made, and none given up')
  })
}

await t.test('tabs: each has a ticket of its own, and shows nothing of the other, when two people log in side by side', async (t) => {
  const { page, newTab, approve, numberOf } = await openVisit(t, browser, place)
  const other = await newTab()
  const [ticket, otherTicket] = [await shownTicket(page), await shownTicket(other)]
  t.not(ticket, otherTicket)
  const [ming, mei] = [await place.newPhone(), await place.newPhone()]
  await ming.scan(ticket)
  await waitForStage(page, 'scanned')
  await reload(other)
  t.equal(await shownTicket(other), otherTicket, 'the other still waits, with the same code')
  await ming.confirm(ticket, await numberOf(ticket))
  await assertLoggedIn(t, page, ming)
  t.equal(await shownTicket(other), otherTicket)
  await approve(mei, otherTicket)
  await sayItsMe(other)
  await assertLoggedIn(t, other, mei)
})

await t.test('tabs: each moves, and the browser has one session in the end, when one person confirms both', async (t) => {
  const { page, newTab, approve } = await openVisit(t, browser, place)
  const other = await newTab()
  const phone = await place.newPhone()
  for (const tab of [page, other]) {
    await approve(phone, await shownTicket(tab))
    await assertLoggedIn(t, tab, phone)
  }
  await assertLoggedIn(t, page, phone)
})

await t.test('tabs: a copy of a tab shows a code of its own, and both move', async (t) => {
  const { context, page, approve } = await openVisit(t, browser, place)
  const ticket = await shownTicket(page)
  await reload(page) // so that the ticket has lain in the tab's storage once
  t.equal(await shownTicket(page), ticket)
  const [copy] = await Promise.all([context.waitForEvent('page'), page.evaluate('void open(location.href)')])
  t.ok(await copy.evaluate("sessionStorage.getItem('scan-login-tickets')") !== null, 'it has what the first has in its storage')
  const copied = await shownTicket(copy)
  t.not(copied, ticket)
  for (const [tab, its] of [[copy, copied], [page, ticket]] as const) {
    const phone = await place.newPhone()
    await approve(phone, its)
    if (tab === page) await sayItsMe(tab)
    await assertLoggedIn(t, tab, phone)
  }
})

await t.test('tabs: another page in the same tab goes on, and another tab does not, when the page was left', async (t) => {
  const { page, newTab, approve } = await openVisit(t, browser, place)
  const ticket = await shownTicket(page)
  await page.goto(`${place.url}/me`)
  const other = await newTab()
  t.not(await shownTicket(other), ticket)
  const phone = await place.newPhone()
  await approve(phone, ticket)
  await page.goto(`${place.url}/login`, { waitUntil: 'commit' })
  await assertLoggedIn(t, page, phone)
})
