/** A visitor on our login page in a real browser, and phones that make their signed calls directly to the service. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { openPhone, type Service, type TestPhone } from './clients.ts'
import type { DemoServer } from './demo-window.ts'
import { waitForStage } from './open-page.ts'
import { remote } from './remote.ts'

export interface VisitedService extends Service {
  readonly url: string
  /** Logs in the phone of a new person. */
  newPhone (): Promise<TestPhone>
}

export interface Visit {
  readonly context: BrowserContext
  readonly page: Page
  /** Opens the login page in another tab. */
  newTab (path?: string): Promise<Page>
  /** Scans and confirms with the right number, without the page. */
  approve (phone: TestPhone, ticket: string): Promise<void>
  /** Returns a scanned ticket's number by the API, for when the page doesn't show it. */
  numberOf (ticket: string): Promise<string>
}

/** The limit of every wait, as a page that gets stuck is what these tests are about. No test asserts on the time. */
const timeoutMs = 25_000

let people = 0

/** Returns a demo as a service that browsers visit and phones call. */
export const visitedService = (t: Test, { url, simulator }: Pick<DemoServer, 'url' | 'simulator'>): VisitedService => {
  const { port } = new URL(url)
  const { call, close } = remote(`http://127.0.0.1:${port}`)
  t.teardown(close)
  return { url, call, newPhone: () => openPhone({ call }, { jsCode: simulator.jsCode(`person-${++people}`), authority: new URL(url).host }) }
}

/** Opens a browser context and the login page in it; `url` for another address of the service. */
export const openVisit = async (t: Test, browser: Browser, service: VisitedService, { url = service.url, path = '/login', prepare, ...options }: VisitOptions = {}): Promise<Visit> => {
  const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce', ...options })
  t.teardown(() => context.close())
  context.setDefaultTimeout(timeoutMs)
  context.on('weberror', (error) => { t.fail(`a page threw: ${error.error().message}`) })
  const secrets = new Map<string, Record<string, string>>()
  context.on('request', (request) => {
    const ticket = /\/api\/tickets\/([\w-]{22})\?/.exec(request.url())?.[1]
    const { authorization, 'x-ticket-secret': secret } = request.headers()
    if (ticket === undefined) return
    if (secret !== undefined) secrets.set(ticket, { 'x-ticket-secret': secret })
    else if (authorization !== undefined) secrets.set(ticket, { authorization })
  })
  const page = await context.newPage()
  await prepare?.(page)
  await page.goto(`${url}${path}`)

  const numberOf: Visit['numberOf'] = async (ticket) => {
    while (!secrets.has(ticket)) await context.waitForEvent('request') // a page may show its code before it polls
    const { status, json } = await service.call({ path: `/api/tickets/${ticket}`, headers: secrets.get(ticket) ?? {} })
    if (typeof json.match_code !== 'string') throw new Error(`no number: ${status} ${JSON.stringify(json)}`)
    return json.match_code
  }
  return {
    context,
    page,
    newTab: async (path = '/login') => {
      const tab = await context.newPage()
      await tab.goto(`${url}${path}`)
      return tab
    },
    approve: async (phone, ticket) => {
      t.equal((await phone.scan(ticket)).status, 200, 'scanned')
      t.equal((await phone.confirm(ticket, await numberOf(ticket))).status, 200, 'confirmed')
    },
    numberOf,
  }
}

export interface VisitOptions extends BrowserContextOptions {
  readonly url?: string
  /** `/login` by default. */
  readonly path?: string
  /** Called before the page loads. */
  readonly prepare?: (page: Page) => Promise<unknown>
}

/** The login page for somebody who wants a code although this browser is logged in: the page doesn't go on by itself. */
export const promptPath = '/login?prompt=login'

const codeImage = (page: Page) => page.locator('.layer:not(.leaving) .code-image')

/** Waits for a code and returns its ticket. */
export const shownTicket = async (page: Page): Promise<string> => ticketIn(await codeImage(page).getAttribute('src'))

/** Waits for the code of another ticket, for longer than the tickets of these tests live. */
export const nextTicket = async (page: Page, ticket: string): Promise<string> => {
  await page.locator(`.layer:not(.leaving) .code-image:not([src*="${ticket}"])`).waitFor({ timeout: 2 * timeoutMs })
  return await shownTicket(page)
}

const ticketIn = (url: string | null): string => /tickets\/([\w-]{22})\/code$/.exec(url ?? '')?.[1] ?? ''

/** Waits until the page has moved on to /me, and asserts that the browser is logged in as this person, who has `sessions` sessions in all. */
export const assertLoggedIn = async (t: Test, page: Page, phone: TestPhone, sessions = 1): Promise<void> => {
  await page.waitForURL('**/me', { waitUntil: 'commit' }).catch(async () => {
    throw new Error(`the page did not move on, it shows: ${await page.locator('.line').innerText({ timeout: 1_000 }).catch(() => 'nothing')}`)
  })
  const session = await page.evaluate("fetch('api/session').then(async (answer) => ({ status: answer.status, sub: (await answer.json()).user?.sub }))")
  t.strictSame(session, { status: 200, sub: phone.sub })
  t.equal((await phone.sessions()).json.sessions.length, sessions, 'sessions of this person')
}

/** Logs a new person in, and waits between the steps until the page shows them. */
export const logInStepByStep = async (t: Test, service: VisitedService, { page, approve }: Visit): Promise<void> => {
  const ticket = await shownTicket(page)
  const phone = await service.newPhone()
  t.equal((await phone.scan(ticket)).status, 200)
  await waitForStage(page, 'scanned')
  await approve(phone, ticket)
  await assertLoggedIn(t, page, phone)
}

/** Hides or shows the page with an event, as a browser does when tabs are switched. */
export const setVisibility = (page: Page, state: 'hidden' | 'visible'): Promise<unknown> => page.evaluate(`
  Object.defineProperty(document, 'visibilityState', { configurable: true, value: '${state}' })
  Object.defineProperty(document, 'hidden', { configurable: true, value: ${state === 'hidden'} })
  document.dispatchEvent(new Event('visibilitychange', { bubbles: true }))
`)
