/** A third party's website that embeds `<scan-login>`, on an origin of its own and with a strict policy of its own, in a real browser. */
import { createServer } from 'node:http'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import type { Test } from 'tap'
import { openPhone, type TestPhone } from './clients.ts'
import { serveDemo, type DemoServer } from './demo-window.ts'
import { listen } from './listen.ts'
import { remote } from './remote.ts'

export interface HostSite {
  readonly url: string
  readonly service: DemoServer
  /** Adds a page and returns its address. `css` is the site's own style sheet, which the policy then allows. */
  addPage (body: string, how?: { css?: string, script?: string }): string
  /** Logs a person's phone in. */
  phone (person?: string): Promise<TestPhone>
}

/** An event of the element. */
export interface Step {
  readonly element: string
  readonly name: string
  readonly detail: any // a test asserts on what it expects
}

export interface HostPage {
  readonly page: Page
  /** Console messages, uncaught errors and violations of the policy. */
  readonly complaints: string[]
  /** Every request, as `GET <url>`. */
  readonly requests: string[]
  /** The secrets of the tickets that were created. */
  readonly secrets: string[]
  /** Returns the events so far, of one element or all. */
  steps (element?: string): Promise<readonly Step[]>
  /** Waits for the `count`-th event of this name, and returns its detail. */
  waitForStep (name: string, how?: { element?: string, count?: number }): Promise<any>
}

/** Runs a host site and a service that allows its origin, unless `isAllowed` is false. */
export const openHostSite = async (t: Test, { isAllowed = true, environment = {} }: { isAllowed?: boolean, environment?: Record<string, string> } = {}): Promise<HostSite> => {
  const pages = new Map<string, { type: string, text: string, policy: string }>()
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '', 'http://any').pathname
    const page = pages.get(path)
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': `${page?.type ?? 'text/plain'}; charset=utf-8`, 'content-security-policy': page?.policy ?? "default-src 'none'" })
    response.end(page?.text)
  })
  const url = await listen(t, server)
  const service = await serveDemo(t, { ...environment, ...(isAllowed && { ALLOWED_ORIGINS: url }) })
  const caller = remote(service.url)
  t.teardown(() => caller.close())

  // A site may also serve a copy of the element itself.
  pages.set('/copy/scan-login.js', { type: 'text/javascript', text: (await caller.call({ path: '/scan-login.js' })).text, policy: '' })
  pages.set('/favicon.ico', { type: 'image/x-icon', text: '', policy: '' }) // browsers request it on their own
  pages.set('/host.js', { type: 'text/javascript', text: hostScript, policy: '' })
  let made = 0

  const addPage: HostSite['addPage'] = (body, { css = '', script = `${service.url}/scan-login.js` } = {}) => {
    made += 1
    pages.set(`/host${made}.css`, { type: 'text/css', text: css, policy: '' })
    pages.set(`/page${made}`, {
      type: 'text/html',
      policy: `default-src 'none'; script-src 'self' ${service.url}; connect-src ${service.url}; img-src ${service.url}; ${css === '' ? '' : "style-src 'self'; "}require-trusted-types-for 'script'; trusted-types 'none'`,
      text: `<!doctype html><html lang="en"><title>Host</title>
        ${css === '' ? '' : `<link rel="stylesheet" href="host${made}.css">`}<body><main>${body}</main>
        <script src="host.js"></script><script type="module" src="${script}"></script>`,
    })
    return `${url}/page${made}`
  }
  return {
    url,
    service,
    addPage,
    phone: (person = 'ming') => openPhone(caller, { jsCode: service.simulator.jsCode(person), authority: new URL(service.url).host }),
  }
}

/** Opens a page of the host site in a browser context of its own; `before` is a script that runs before the page's. */
export const openHostPage = async (t: Test, browser: Browser, url: string, { before, ...options }: BrowserContextOptions & { before?: string } = {}): Promise<HostPage> => {
  const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce', ...options })
  t.teardown(() => context.close())
  context.setDefaultTimeout(15_000)
  const page = await context.newPage()
  const [complaints, requests, secrets]: [string[], string[], string[]] = [[], [], []]
  page.on('pageerror', (error) => { complaints.push(error.message) })
  page.on('console', (message) => { complaints.push(message.text()) })
  page.on('request', (request) => { requests.push(`${request.method()} ${request.url()}`) })
  page.on('response', (response) => {
    if (response.request().method() === 'POST' && response.url().endsWith('/api/tickets')) response.json().then(({ secret }) => secrets.push(secret), () => {})
  })
  if (before !== undefined) await page.addInitScript(before)
  await page.goto(url)
  const steps: HostPage['steps'] = (element) => page.evaluate(`steps.filter((step) => ${JSON.stringify(element ?? null)} === null || step.element === ${JSON.stringify(element ?? '')})`)
  return {
    page,
    complaints,
    requests,
    secrets,
    steps,
    waitForStep: async (name, { element, count = 1 } = {}) => {
      const found = await page.waitForFunction(([name, element, count]) => {
        const { steps } = globalThis as unknown as { steps: Step[] } // the host script made it
        return steps.filter((step) => step.name === name && (element === null || step.element === element))[count - 1]
      }, [name, element ?? null, count] as const)
      return (await found.jsonValue())?.detail
    },
  }
}

/** Scans, and confirms with the number that an element shows. */
export const approve = async (phone: TestPhone, { page }: HostPage, ticket: string, element = 'scan-login'): Promise<void> => {
  await phone.scan(ticket)
  await phone.confirm(ticket, await page.locator(`${element} .layer:not(.leaving) .number`).innerText())
}

/** Runs before the element is defined, as a site's own script may do. */
const hostScript = `
  globalThis.steps = []
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => { console.error('policy: ' + violatedDirective + ' ' + blockedURI) })
  for (const type of ['ticket', 'scanned', 'confirmed', 'login', 'cancelled', 'expired', 'error']) {
    for (const element of document.querySelectorAll('scan-login')) {
      element.addEventListener(type, (event) => {
        if (element.hasAttribute('data-stay')) event.preventDefault()
        steps.push({ element: element.id, name: type, detail: event.detail })
      })
    }
    addEventListener(type, ({ detail }) => { if (detail) steps.push({ element: 'window', name: type, detail }) })
  }
`
