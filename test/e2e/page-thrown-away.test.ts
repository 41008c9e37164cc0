/** A login page that the system throws away while it is hidden, without a word to it, as phones do that need their memory for WeChat. In a real browser. */
import t, { type Test } from 'tap'
import { serveDemo } from '../support/demo-window.ts'
import { visitedService } from '../support/login-visit.ts'
import type { LoginPage } from '../support/login-page.ts'
import { launchTabbedBrowser, type LoginTab, type TabbedWindow } from '../support/tabbed-browser.ts'

const server = await serveDemo(t, { MAX_WAIT: '25' })
const service = visitedService(t, server)
/** For a person who says yes while nobody sees the page. */
const serviceWithoutNumbers = visitedService(t, await serveDemo(t, { MATCH_NUMBERS: 'off' }))
const browser = await launchTabbedBrowser(t)

interface HiddenTab {
  readonly window: TabbedWindow
  readonly tab: LoginTab
  readonly ticket: string
}

const hasCode = ({ ticket }: LoginPage): boolean => ticket !== null
const hasNumber = ({ number }: LoginPage): boolean => number !== null

/** Opens the login, waits for its code, and hides it behind another tab. */
const openHiddenTab = async (t: Test, { url } = service): Promise<HiddenTab> => {
  const window = await browser.newWindow(t)
  const tab = await window.open(`${url}/login?return_to=/me`)
  const { ticket } = await tab.waitFor('a code', hasCode)
  await window.open(`${url}/me`)
  await tab.waitFor('been hidden', ({ visible }) => !visible)
  server.received(/./)
  return { window, tab, ticket: ticket ?? '' }
}

const comeBack = async (tab: LoginTab): Promise<void> => {
  await tab.look()
  await tab.reload()
}

await t.test('thrown away: the page shows the number, and the login completes, when the phone has scanned meanwhile', async (t) => {
  const { tab, ticket } = await openHiddenTab(t)
  const phone = await service.newPhone()
  await phone.scan(ticket)
  const { number } = await tab.waitFor('a number', hasNumber)
  await browser.throwAway(tab)
  await comeBack(tab)
  t.equal((await tab.waitFor('the number again', hasNumber)).number, number)
  await phone.confirm(ticket, number ?? '')
  await tab.waitFor('gone on', ({ path }) => path === '/me')
  t.equal((await phone.sessions()).json.sessions.length, 1)
  t.strictSame(server.received(/^POST \/api\/tickets$|^DELETE/), [], 'no other ticket is made, and none is given up')
})

await t.test('thrown away: the browser is logged in when the person has scanned and said yes after the page was gone', async (t) => {
  const { tab, ticket } = await openHiddenTab(t, serviceWithoutNumbers)
  await browser.throwAway(tab)
  const phone = await serviceWithoutNumbers.newPhone()
  await phone.scan(ticket)
  t.equal((await phone.confirm(ticket)).status, 200)
  await comeBack(tab)
  await tab.waitFor('gone on', ({ path }) => path === '/me')
  t.equal((await phone.sessions()).json.sessions.length, 1)
})

await t.test('thrown away: a copy of a hidden tab has a code of its own while the tab lives', async (t) => {
  const { window, tab, ticket } = await openHiddenTab(t)
  t.match(await tab.page.evaluate("sessionStorage.getItem('scan-login-tickets')"), new RegExp(ticket))
  const copy = await window.duplicate(tab)
  t.match(await copy.page.evaluate("sessionStorage.getItem('scan-login-tickets')"), new RegExp(ticket), 'its storage is a copy')
  const copied = await copy.waitFor('a code', hasCode)
  t.not(copied.ticket, ticket)
  t.equal(server.received(/^POST \/api\/tickets$/).length, 1)
  const phone = await service.newPhone()
  await phone.scan(ticket)
  await tab.waitFor('a number', hasNumber)
  t.equal((await copy.waitFor('a code', hasCode)).ticket, copied.ticket)
})
