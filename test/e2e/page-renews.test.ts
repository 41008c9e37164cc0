/** A code on the page can always be scanned: it is renewed in time, dimmed when unattended, replaced when the login is cancelled, and removed once scanned. */
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import type { TestPhone } from '../support/clients.ts'
import { verdict } from '../support/login.ts'
import { assertLoggedIn, setVisibility, nextTicket, openVisit, visitedService, shownTicket } from '../support/login-visit.ts'
import { announcements, statusLine, recordAnnouncements, waitForFade, waitForStage } from '../support/open-page.ts'
import type { Page } from 'playwright-core'

const lifeSeconds = 24
const server = await serveDemo(t, { TICKET_TTL: String(lifeSeconds), MAX_WAIT: '25' })
const service = visitedService(t, server)
/** A service with long-lived tickets and polls that are not held, for tests that move the page's clock. */
const longLived = await serveDemo(t, { TICKET_TTL: '3600', MAX_WAIT: '0' })
const longLivedService = visitedService(t, longLived)
const browser = await launchChromium()
t.teardown(() => browser.close())

/** The URL of the code that is shown and can be scanned. */
const liveCode = (page: Page): Promise<string | null> => page.evaluate(`
  document.querySelector('scan-login').shadowRoot.querySelector('.layer:not(.leaving):not([data-stage=expired]) .code-image')?.getAttribute('src') ?? null
`)

/** Checks five times a second whether the code that is shown can be scanned; returns the function that stops it and returns the failures. */
const watchCodes = (page: Page): (() => Promise<readonly string[]>) => {
  const dead: string[] = []
  let checks = 0
  const watch = { isOver: false }
  const watching = (async () => {
    while (!watch.isOver) {
      const url = await liveCode(page)
      const status = url === null ? 200 : (await service.call({ path: new URL(url).pathname })).status
      if (status !== 200 && await liveCode(page) === url) dead.push(`${status} at check ${checks}`)
      checks += 1
      await sleep(200)
    }
  })()
  watching.catch(() => {}) // awaited by the stop function; a test that fails before that closes the page
  return async () => {
    watch.isOver = true
    await watching
    return checks === 0 ? ['never checked'] : dead
  }
}

/** Scans a code right after the next one has replaced it on the page; returns both tickets. */
const scanBefore = async (phone: TestPhone, page: Page, ticket: string): Promise<{ readonly before: string, readonly shown: string }> => {
  const answers: string[] = []
  for (let before = ticket; answers.length < 4;) {
    const shown = await nextTicket(page, before)
    const answer = await phone.scan(before)
    if (answer.status === 200) return { before, shown }
    answers.push(verdict(answer))
    before = shown
  }
  throw new Error(`no code could be scanned after it was replaced: ${answers.join()}`)
}

t.jobs = 2 // these two, as both wait for the end of a ticket
const renewing = t.test('login page: there is always a code that can be scanned, renewals are not announced, and a replaced code can be scanned to its end', { buffered: true }, async (t) => {
  const { page, numberOf } = await openVisit(t, browser, service, { prepare: recordAnnouncements })
  const phone = await service.newPhone()
  const first = await shownTicket(page)
  const said = await announcements(page)
  const stop = watchCodes(page)
  await page.waitForTimeout(lifeSeconds * 500) // not renewed in its first half
  t.equal(await shownTicket(page), first)
  const second = await nextTicket(page, first)
  // The replaced code can be scanned for three more seconds; if a busy machine misses that, the next one is tried.
  const { before, shown } = await scanBefore(phone, page, second)
  const saidUntilThen = await announcements(page)
  await phone.confirm(before, await numberOf(before))
  t.strictSame(await stop(), [], 'dead codes')
  t.strictSame(saidUntilThen.slice(0, said.length), said)
  t.strictSame(saidUntilThen.slice(said.length).filter((text) => !text.startsWith('Enter this number')), [], 'nothing is announced before the scan')
  await assertLoggedIn(t, page, phone)
  t.equal((await service.call({ path: `/api/tickets/${shown}/code` })).status, 404, 'the next ticket is given up')
})

const offline = t.test('login page: the login completes when the ticket was scanned, and confirmed, while the page was offline past the end that it knew', { buffered: true }, async (t) => {
  const { context, page, numberOf } = await openVisit(t, browser, service)
  const ticket = await shownTicket(page)
  const phone = await service.newPhone()
  await context.setOffline(true)
  await page.getByText("Offline. We'll go on").waitFor()
  await phone.scan(ticket)
  await page.locator('[data-stage="making"]').waitFor({ timeout: lifeSeconds * 2_000 })
  t.equal(await liveCode(page), null, 'an expired code is not shown')
  await phone.confirm(ticket, await numberOf(ticket))
  await context.setOffline(false)
  await assertLoggedIn(t, page, phone)
})

await Promise.all([renewing, offline])

const refusals = {
  'the person cancels': async (phone, ticket) => { await phone.cancel(ticket) },
  'the person taps a wrong number': async (phone, ticket, right) => { await phone.confirm(ticket, right === '11' ? '12' : '11') },
} satisfies Record<string, (phone: Awaited<ReturnType<typeof service.newPhone>>, ticket: string, right: string) => Promise<void>>

for (const [event, refuse] of Object.entries(refusals)) {
  await t.test(`login page: the code is removed once scanned, and a fresh one is shown and announced once when ${event}`, async (t) => {
    const { page, approve, numberOf } = await openVisit(t, browser, longLivedService, { prepare: recordAnnouncements })
    const ticket = await shownTicket(page)
    const phone = await longLivedService.newPhone()
    await phone.scan(ticket)
    await waitForStage(page, 'scanned')
    await waitForFade(page)
    const right = await page.locator('.number').innerText()
    t.equal(right, await numberOf(ticket))
    t.equal(await page.locator('img').count(), 0)
    t.notOk((await page.locator('scan-login').evaluate((element: any) => element.shadowRoot.innerHTML)).includes(ticket))
    await refuse(phone, ticket, right)
    await waitForStage(page, 'cancelled')
    t.equal(await statusLine(page), 'Cancelled. Here is a new code')
    const fresh = await shownTicket(page)
    t.not(fresh, ticket)
    t.equal((await announcements(page)).filter((text) => text === 'Cancelled. Here is a new code').length, 1)
    await approve(phone, fresh)
    await assertLoggedIn(t, page, phone)
  })
}

/** Lets time pass in a page that has a clock of the test's. */
const pass = async (page: Page, seconds: number): Promise<void> => { for (let passed = 0; passed < seconds; passed += 5) await page.clock.runFor(5_000) }

await t.test('element: the code stays while nobody touches a screen with the attribute unattended, and is dimmed when that is removed', async (t) => {
  const { page } = await openVisit(t, browser, longLivedService, { prepare: (page) => page.clock.install() })
  await page.locator('scan-login').evaluate((element: any) => { element.setAttribute('unattended', '') })
  const ticket = await shownTicket(page)
  await pass(page, 1_220)
  t.equal(await shownTicket(page), ticket)
  t.equal((await longLivedService.call({ path: `/api/tickets/${ticket}/code` })).status, 200)
  await page.locator('scan-login').evaluate((element: any) => { element.removeAttribute('unattended') })
  await pass(page, 610)
  await waitForStage(page, 'expired')
})

await t.test('login page: the code is dimmed and nothing is sent after ten unattended minutes, and a click or a return to the tab shows a fresh one', async (t) => {
  const { page, approve } = await openVisit(t, browser, longLivedService, { prepare: (page) => page.clock.install() })
  const first = await shownTicket(page)
  await pass(page, 590)
  t.equal(await shownTicket(page), first)
  await pass(page, 20)
  await waitForStage(page, 'expired')
  t.equal(await statusLine(page), 'This code has expired')
  t.equal((await longLivedService.call({ path: `/api/tickets/${first}/code` })).status, 404, 'and given up')
  longLived.received(/./)
  await page.mouse.move(5, 5)
  await page.clock.runFor(600_000)
  await page.waitForTimeout(500)
  t.strictSame(longLived.received(/./), [])

  await page.getByRole('button', { name: 'Show a new code' }).click()
  await waitForStage(page, 'waiting')
  const second = await shownTicket(page)
  t.not(second, first)
  await pass(page, 620)
  await waitForStage(page, 'expired')
  await setVisibility(page, 'hidden')
  await setVisibility(page, 'visible')
  await waitForStage(page, 'waiting')
  const phone = await longLivedService.newPhone()
  const third = await shownTicket(page)
  t.not(third, second)
  await page.clock.runFor(1_000)
  await approve(phone, third)
  await page.clock.runFor(3_000)
  await assertLoggedIn(t, page, phone)
})
