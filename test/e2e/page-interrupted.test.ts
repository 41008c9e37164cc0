/** A login completes although its page is hidden, offline or left by the back button meanwhile; the page polls at once when it is back. */
import t from 'tap'
import type { IncomingMessage } from 'node:http'
import { launchChromium, windowed } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { assertLoggedIn, setVisibility, openVisit, visitedService, shownTicket } from '../support/login-visit.ts'
import { statusLine } from '../support/open-page.ts'
import type { Page } from 'playwright-core'

// Longer than every case, so that no login completes only because a poll's hold ends.
const server = await serveDemo(t, { MAX_WAIT: '25' })
const service = visitedService(t, server)
const browser = await launchChromium({ ...windowed, ignoreDefaultArgs: ['--disable-back-forward-cache'] })
t.teardown(() => browser.close())

const goOffline = async (page: Page): Promise<void> => {
  await page.context().setOffline(true)
  await page.getByText("Offline. We'll go on").waitFor()
}
const goOnline = (page: Page): Promise<void> => page.context().setOffline(false)

/** `away` happens before the confirmation, `back` after it. */
interface Absence { readonly away: (page: Page) => Promise<unknown>, readonly back: (page: Page) => Promise<unknown> }

const absences: Record<string, Absence> = {
  'its tab is hidden and stays hidden': {
    away: (page) => setVisibility(page, 'hidden'),
    back: async () => {},
  },
  'the page is offline meanwhile': { away: goOffline, back: goOnline },
  'the network comes and goes, and is gone at the confirmation': {
    away: async (page) => {
      for (let times = 0; times < 6; times++) {
        await page.context().setOffline(true)
        await page.context().setOffline(false)
      }
      await goOffline(page)
    },
    back: async (page) => {
      await goOnline(page)
      await page.context().setOffline(true)
      await goOnline(page)
    },
  },
}

for (const [absence, { away, back }] of Object.entries(absences)) {
  await t.test(`login page: the login completes when ${absence}`, async (t) => {
    const { page, approve } = await openVisit(t, browser, service)
    const phone = await service.newPhone()
    const ticket = await shownTicket(page)
    await away(page)
    await approve(phone, ticket)
    await back(page)
    await assertLoggedIn(t, page, phone)
  })
}

for (const isCached of [true, false]) {
  await t.test(`login page: the login completes when the visitor was on another page and goes back ${isCached ? 'to the cached page' : 'to a page that has to load'}`, async (t) => {
    const chromium = isCached ? browser : await launchChromium() // Playwright's default, without the back-forward cache
    if (!isCached) t.teardown(() => chromium.close())
    const { page, approve } = await openVisit(t, chromium, service, {
      prepare: (page) => page.addInitScript("addEventListener('pageshow', ({ persisted }) => { (globalThis.shows ??= []).push(persisted) })"),
    })
    const phone = await service.newPhone()
    const ticket = await shownTicket(page)
    await page.goto(`${service.url}/me`)
    await page.getByText("You're not logged in").waitFor()
    await approve(phone, ticket)
    server.received(/./)
    await page.goBack({ waitUntil: 'commit' })
    t.strictSame(await page.evaluate('shows'), isCached ? [false, true] : [false])
    await assertLoggedIn(t, page, phone)
    const reads = server.received(/after=|POST \/api\/tickets$/)
    t.match(reads[0], new RegExp(`^GET /api/tickets/${ticket}\\?after=0&`))
    t.equal(reads.length, 1, 'one poll is enough')
  })
}

await t.test('login page: it says that it is offline when it is, and its earlier line returns when it is online', async (t) => {
  const { page } = await openVisit(t, browser, service)
  const ticket = await shownTicket(page)
  const before = await statusLine(page)
  await goOffline(page)
  t.equal(await page.locator('.trouble').innerText(), "Offline. We'll go on when you're back")
  await goOnline(page)
  await page.getByText(before).waitFor()
  t.equal(await shownTicket(page), ticket)
})

await t.test('login page: it polls once without a hold, and never twice at a time, when it is visible or online again', async (t) => {
  const { page } = await openVisit(t, browser, service)
  await shownTicket(page)
  const reading = new Set<IncomingMessage>()
  let most = 0
  const watch = (request: IncomingMessage): void => {
    if (!request.url?.includes('?after=')) return
    reading.add(request)
    request.socket.once('close', () => { reading.delete(request) })
    // The last poll ends on another connection, so the service may learn of its end a moment later.
    setTimeout(() => { most = Math.max(most, reading.size) }, 300)
  }
  server.server.on('request', (request: IncomingMessage, response) => {
    watch(request)
    response.once('close', () => { reading.delete(request) })
  })

  const events: Record<string, () => Promise<unknown>> = {
    visibilitychange: () => setVisibility(page, 'visible'),
    online: () => page.evaluate("dispatchEvent(new Event('online'))"),
    'both, and again': async () => await page.evaluate(`
      for (const times of [1, 2, 3]) {
        document.dispatchEvent(new Event('visibilitychange'))
        dispatchEvent(new Event('online'))
        dispatchEvent(new PageTransitionEvent('pageshow', { persisted: false }))
      }
    `),
  }
  for (const [name, trigger] of Object.entries(events)) {
    await page.waitForTimeout(600) // for a poll to be held
    server.received(/./)
    await trigger()
    await page.waitForTimeout(1_000)
    const waits = server.received(/\?after=/).map((read) => /wait=\d+/.exec(read)?.[0])
    t.strictSame(waits, ['wait=0', 'wait=5'], name)
  }
  t.equal(most, 1)
})
