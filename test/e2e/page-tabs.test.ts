/** Eight tabs at the login in one real browser, most of them really hidden, over HTTP/1.1, which gives a browser six connections to a host. */
import t, { type Test } from 'tap'
import { serveDemo } from '../support/demo-window.ts'
import { visitedService } from '../support/login-visit.ts'
import { launchTabbedBrowser, type LoginTab } from '../support/tabbed-browser.ts'
import { waitAtMost } from '../support/waiting.ts'

/** Longer than any wait of these tests: nothing happens only because a held poll has ended. */
const holdSeconds = 55
const server = await serveDemo(t, { MAX_WAIT: String(holdSeconds) })
const service = visitedService(t, server)
const browser = await launchTabbedBrowser(t)

/** What an earlier visit has learned on a network that cuts nothing: polls are held for as long as the service allows. */
const patience = `localStorage.setItem('scan-login-hold ' + location.origin + '/', '{"seconds":${holdSeconds},"ceiling":${holdSeconds},"patience":4}')`

const openTabs = async (t: Test): Promise<{ readonly tabs: readonly LoginTab[], readonly tickets: readonly string[] }> => {
  const window = await browser.newWindow(t, patience)
  const tabs: LoginTab[] = []
  while (tabs.length < 8) tabs.push(await window.open(`${service.url}/login`))
  const tickets: string[] = []
  const waits: number[] = []
  for (const tab of tabs) {
    const askedAt = performance.now()
    await tab.look()
    const { ticket } = await tab.waitFor('a code', ({ visible, ticket }) => visible && ticket !== null)
    waits.push(performance.now() - askedAt)
    tickets.push(ticket ?? '')
  }
  t.comment(`from the look at a tab to its code: ${waits.map((ms) => `${Math.round(ms)} ms`).join()}`)
  t.equal(new Set(tickets).size, 8)
  return { tabs, tickets }
}

await t.test('eight tabs: each shows its code when it is looked at, and the number when a phone scans, also while it is hidden', async (t) => {
  const { tabs, tickets } = await openTabs(t)
  const phone = await service.newPhone()
  const waits: number[] = []
  for (const [index, tab] of tabs.entries()) {
    t.equal((await phone.scan(tickets[index] ?? '')).status, 200)
    const scannedAt = performance.now()
    const { visible } = await tab.waitFor('a number', ({ number }) => number !== null)
    waits.push(performance.now() - scannedAt)
    t.equal(visible, index === 7)
  }
  t.comment(`from the scan to the number: ${waits.map((ms) => `${Math.round(ms)} ms`).join()}`)
})

for (const [which, index] of [['the first, hidden tab', 0], ['the last but one, hidden tab', 6], ['the visible tab', 7]] as const) {
  await t.test(`eight tabs: the browser is logged in when the person says yes to ${which}`, async (t) => {
    const { tabs, tickets } = await openTabs(t)
    const [tab, ticket] = [tabs[index], tickets[index]]
    if (tab === undefined || ticket === undefined) throw new Error('there are eight')
    const phone = await service.newPhone()
    await phone.scan(ticket)
    const { number } = await tab.waitFor('a number', ({ number }) => number !== null)
    // After a failure or a stall of the machine the page asks once without waiting, and it may wait a second for a connection.
    const heldPoll = new RegExp(`^GET /api/tickets/${ticket}\\?(?=.*\\bafter=2\\b).*\\bwait=${holdSeconds}\\b`)
    t.ok(await waitAtMost(20_000)(() => server.received(heldPoll).length > 0), 'its poll is held')
    t.equal((await phone.confirm(ticket, number ?? '')).status, 200)
    const saidYesAt = performance.now()
    const sinceThen = (): string => `${Math.round(performance.now() - saidYesAt)} ms`
    t.ok(await waitAtMost(20_000)(async () => (await phone.sessions()).json.sessions.length === 1))
    t.comment(`from the yes to the session: ${sinceThen()}`)
    const { visible } = await tab.waitFor('gone on', ({ path }) => path === '/me')
    t.comment(`from the yes to the page after the login: ${sinceThen()}`)
    t.equal(visible, index === 7)
    t.equal(await tab.page.evaluate("fetch('api/session').then(async (answer) => (await answer.json()).user?.sub)"), phone.sub)
  })
}
