/** Codes are never silently dead: renewed while somebody looks, dimmed when nobody does, replaced with a sentence where the phone says no, and gone once scanned. */
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
const place = visitedService(t, server)
/** Where a ticket outlives everybody's patience, and polls come and go as fast as a test moves the page's clock. */
const patient = await serveDemo(t, { TICKET_TTL: '3600', MAX_WAIT: '0' })
const patientPlace = visitedService(t, patient)
const browser = await launchChromium()
t.teardown(() => browser.close())

/** What stands on the stage as a code that can be scanned. */
const liveCode = (page: Page): Promise<string | null> => page.evaluate(`
  document.querySelector('scan-login').shadowRoot.querySelector('.layer:not(.leaving):not([data-stage=expired]) .code-image')?.getAttribute('src') ?? null
`)

/** Looks five times a second whether the code that is shown can be scanned, until told to stop; gives those that could not. */
const watchCodes = (page: Page): (() => Promise<readonly string[]>) => {
  const dead: string[] = []
  let looks = 0
  const watch = { isOver: false }
  const watching = (async () => {
    while (!watch.isOver) {
      const url = await liveCode(page)
      const status = url === null ? 200 : (await place.call({ path: new URL(url).pathname })).status
      if (status !== 200 && await liveCode(page) === url) dead.push(`${status} at look ${looks}`)
      looks += 1
      await sleep(200)
    }
  })()
  watching.catch(() => {}) // told to who stops it; a test that fails before that closes the page
  return async () => {
    watch.isOver = true
    await watching
    return looks === 0 ? ['never looked'] : dead
  }
}

/** Scans a code right after another has taken its place on the page; gives both tickets. */
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

await t.test('page renews: there is always a code that can be scanned, not a word is said about it, and the last one is good to its last second', async (t) => {
  const { page, numberOf } = await openVisit(t, browser, place, { prepare: recordAnnouncements })
  const phone = await place.newPhone()
  const first = await shownTicket(page)
  const said = await announcements(page)
  const stop = watchCodes(page)
  await page.waitForTimeout(lifeSeconds * 500) // nobody renews what is good
  t.equal(await shownTicket(page), first)
  const second = await nextTicket(page, first)
  // The one before is good for three seconds yet; a machine that is too busy for that tries the next.
  const { before, shown } = await scanBefore(phone, page, second)
  const saidUntilThen = await announcements(page)
  await phone.confirm(before, await numberOf(before))
  t.strictSame(await stop(), [], 'dead codes')
  t.strictSame(saidUntilThen.slice(0, said.length), said)
  t.strictSame(saidUntilThen.slice(said.length).filter((text) => !text.startsWith('Tap or type this number')), [], 'silence until the scan')
  await assertLoggedIn(t, page, phone)
  t.equal((await place.call({ path: `/api/tickets/${shown}/code` })).status, 404, 'the next one is given up')
})

await t.test('page renews: it lands when the ticket was scanned, and confirmed, while the page was offline past the end that it knew', async (t) => {
  const { context, page, numberOf } = await openVisit(t, browser, place)
  const ticket = await shownTicket(page)
  const phone = await place.newPhone()
  await context.setOffline(true)
  await page.getByText("You're offline").waitFor()
  await phone.scan(ticket)
  await page.locator('[data-stage="making"]').waitFor({ timeout: lifeSeconds * 2_000 })
  t.equal(await liveCode(page), null, 'a code that is over is not shown')
  await phone.confirm(ticket, await numberOf(ticket))
  await context.setOffline(false)
  await assertLoggedIn(t, page, phone)
})

const noes = {
  'the person cancels': async (phone, ticket) => { await phone.cancel(ticket) },
  'the person taps a wrong number': async (phone, ticket, right) => { await phone.confirm(ticket, right === '11' ? '12' : '11') },
} satisfies Record<string, (phone: Awaited<ReturnType<typeof place.newPhone>>, ticket: string, right: string) => Promise<void>>

for (const [event, no] of Object.entries(noes)) {
  await t.test(`page renews: the code is gone behind the number when scanned, and a fresh one comes with a sentence, said once, when ${event}`, async (t) => {
    const { page, approve, numberOf } = await openVisit(t, browser, patientPlace, { prepare: recordAnnouncements })
    const ticket = await shownTicket(page)
    const phone = await patientPlace.newPhone()
    await phone.scan(ticket)
    await waitForStage(page, 'scanned')
    await waitForFade(page)
    const right = await page.locator('.number').innerText()
    t.equal(right, await numberOf(ticket))
    t.equal(await page.locator('img').count(), 0)
    t.notOk((await page.locator('scan-login').evaluate((element: any) => element.shadowRoot.innerHTML)).includes(ticket))
    await no(phone, ticket, right)
    await waitForStage(page, 'cancelled')
    t.equal(await statusLine(page), 'Cancelled. Here is a new code')
    const fresh = await shownTicket(page)
    t.not(fresh, ticket)
    t.equal((await announcements(page)).filter((text) => text === 'Cancelled. Here is a new code').length, 1)
    await approve(phone, fresh)
    await assertLoggedIn(t, page, phone)
  })
}

await t.test('page renews: the code is dimmed after ten minutes of nobody, in silence from then on, and a click or a look brings a fresh one', async (t) => {
  const { page, approve } = await openVisit(t, browser, patientPlace, { prepare: (page) => page.clock.install() })
  const pass = async (seconds: number): Promise<void> => { for (let passed = 0; passed < seconds; passed += 5) await page.clock.runFor(5_000) }
  const first = await shownTicket(page)
  await pass(590)
  t.equal(await shownTicket(page), first)
  await pass(20)
  await waitForStage(page, 'expired')
  t.equal(await statusLine(page), 'This code has run out')
  t.equal((await patientPlace.call({ path: `/api/tickets/${first}/code` })).status, 404, 'and it is dead')
  patient.received(/./)
  await page.mouse.move(5, 5)
  await page.clock.runFor(600_000)
  await page.waitForTimeout(500)
  t.strictSame(patient.received(/./), [])

  await page.getByRole('button', { name: 'Show a new code' }).click()
  await waitForStage(page, 'waiting')
  const second = await shownTicket(page)
  t.not(second, first)
  await pass(620)
  await waitForStage(page, 'expired')
  await setVisibility(page, 'hidden')
  await setVisibility(page, 'visible')
  await waitForStage(page, 'waiting')
  const phone = await patientPlace.newPhone()
  const third = await shownTicket(page)
  t.not(third, second)
  await page.clock.runFor(1_000)
  await approve(phone, third)
  await page.clock.runFor(3_000)
  await assertLoggedIn(t, page, phone)
})
