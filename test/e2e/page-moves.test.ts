/** The login page moves when the phone says yes, whatever its tab goes through meanwhile: hidden, left by the back button's way, offline; and it asks at once when it is back. */
import t from 'tap'
import type { IncomingMessage } from 'node:http'
import { launchChromium, windowed } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { assertLoggedIn, setVisibility, openVisit, visitedService, shownTicket } from '../support/login-visit.ts'
import { statusLine } from '../support/open-page.ts'
import type { Page } from 'playwright-core'

// A hold that outlasts every case, so that none is rescued by the end of a poll.
const server = await serveDemo(t, { MAX_WAIT: '25' })
const place = visitedService(t, server)
const browser = await launchChromium({ ...windowed, ignoreDefaultArgs: ['--disable-back-forward-cache'] })
t.teardown(() => browser.close())

const goOffline = async (page: Page): Promise<void> => {
  await page.context().setOffline(true)
  await page.getByText("You're offline").waitFor()
}
const goOnline = (page: Page): Promise<void> => page.context().setOffline(false)

/** `away` is what happens before the phone says yes, `back` what happens after. */
interface Absence { readonly away: (page: Page) => Promise<unknown>, readonly back: (page: Page) => Promise<unknown> }

const absences: Record<string, Absence> = {
  'its tab is hidden and nobody looks at it again': {
    away: (page) => setVisibility(page, 'hidden'),
    back: async () => {},
  },
  'it was offline meanwhile': { away: goOffline, back: goOnline },
  'the network comes and goes, and is away when the phone says yes': {
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
  await t.test(`page moves: it lands when ${absence}`, async (t) => {
    const { page, approve } = await openVisit(t, browser, place)
    const phone = await place.newPhone()
    const ticket = await shownTicket(page)
    await away(page)
    await approve(phone, ticket)
    await back(page)
    await assertLoggedIn(t, page, phone)
  })
}

for (const isCached of [true, false]) {
  await t.test(`page moves: it lands when the visitor was on another page and goes back ${isCached ? 'to the page as it was' : 'to a page that has to load'}`, async (t) => {
    const chromium = isCached ? browser : await launchChromium() // as Playwright starts it, without the cache
    if (!isCached) t.teardown(() => chromium.close())
    const { page, approve } = await openVisit(t, chromium, place, {
      prepare: (page) => page.addInitScript("addEventListener('pageshow', ({ persisted }) => { (globalThis.shows ??= []).push(persisted) })"),
    })
    const phone = await place.newPhone()
    const ticket = await shownTicket(page)
    await page.goto(`${place.url}/me`)
    await page.getByText("You're not logged in").waitFor()
    await approve(phone, ticket)
    server.received(/./)
    await page.goBack({ waitUntil: 'commit' })
    t.strictSame(await page.evaluate('shows'), isCached ? [false, true] : [false])
    await assertLoggedIn(t, page, phone)
    const reads = server.received(/after=|POST \/api\/tickets$/)
    t.match(reads[0], new RegExp(`^GET /api/tickets/${ticket}\\?after=0&`))
    t.equal(reads.length, 1, 'one question was enough')
  })
}

await t.test('page moves: it says that it is offline, and the line is itself again once it is not', async (t) => {
  const { page } = await openVisit(t, browser, place)
  const ticket = await shownTicket(page)
  const before = await statusLine(page)
  await goOffline(page)
  t.equal(await statusLine(page), "You're offline; we'll carry on by ourselves")
  await goOnline(page)
  await page.getByText(before).waitFor()
  t.equal(await shownTicket(page), ticket)
})

await t.test('page moves: it asks once, without a hold, and never twice at a time, when it is looked at or online again', async (t) => {
  const { page } = await openVisit(t, browser, place)
  await shownTicket(page)
  const reading = new Set<IncomingMessage>()
  let most = 0
  const watch = (request: IncomingMessage): void => {
    if (!request.url?.includes('?after=')) return
    reading.add(request)
    request.socket.once('close', () => { reading.delete(request) })
    // That the browser gave the last one up is heard on another connection, and may be heard a moment later.
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
  for (const [name, happen] of Object.entries(events)) {
    await page.waitForTimeout(600) // for a poll to be held
    server.received(/./)
    await happen()
    await page.waitForTimeout(1_000)
    const waits = server.received(/\?after=/).map((read) => /wait=\d+$/.exec(read)?.[0])
    t.strictSame(waits, ['wait=0', 'wait=5'], name)
  }
  t.equal(most, 1)
})
