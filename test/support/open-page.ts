import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { startScriptedService, type ScriptedService } from './scripted-service.ts'

export interface OpenPage {
  readonly page: Page
  readonly service: ScriptedService
  /** Console messages and uncaught errors, without those about requests that the test makes fail. */
  readonly complaints: string[]
}

/** Opens an empty tab and a scripted service for one of our pages. */
export const openPage = async (t: Test, browser: Browser, options: BrowserContextOptions = {}): Promise<OpenPage> => {
  const service = await startScriptedService()
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  t.teardown(async () => {
    await context.close()
    await service.close()
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => { complaints.push(error.message) })
  page.on('console', (message) => {
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  return { page, service, complaints }
}

/** Waits until the first stage shows this. */
export const waitForStage = async (page: Page | Locator, name: string): Promise<void> => { await page.locator(`.layer:not(.leaving)[data-stage="${name}"]`).first().waitFor() }

/** Waits until what the stage showed before has faded away. */
export const waitForFade = async (page: Page): Promise<void> => { await page.locator('.leaving').first().waitFor({ state: 'detached' }) }

/** Returns the text of the status line, which says what to do. */
export const statusLine = (page: Page): Promise<string> => page.locator('.line').first().innerText()

/** Makes the page hidden without an event: only code that reads `visibilityState` notices. */
export const hide = (page: Page): Promise<unknown> => page.evaluate("Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' })")
export const unhide = (page: Page): Promise<unknown> => page.evaluate('delete document.visibilityState')

/** Records what a screen reader announces of the status line, from the page's start: its text after each change. */
export const recordAnnouncements = (page: Page): Promise<unknown> => page.addInitScript(`
  globalThis.announced = []
  const observer = new MutationObserver((changes) => {
    const line = changes.map(({ target }) => target instanceof Element ? target.closest('[role=status]') : null).find((found) => found !== null)
    if (line !== undefined) announced.push(line.textContent)
  })
  const what = { childList: true, characterData: true, subtree: true }
  observer.observe(document, what)
  const attachShadow = Element.prototype.attachShadow
  Element.prototype.attachShadow = function (init) {
    const root = attachShadow.call(this, init)
    observer.observe(root, what)
    return root
  }
`)

export const announcements = (page: Page): Promise<readonly string[]> => page.evaluate('announced')

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

/** Returns what axe finds wrong, and whether the page is wider than the window. */
export const accessibilityFaults = async (page: Page): Promise<string[]> => {
  await page.evaluate(axe)
  return await page.evaluate(`(async () => {
    const { violations } = await axe.run()
    const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : []
    return [...violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()), ...wide]
  })()`)
}

/** Makes the browser remember that somebody has logged in here, as after a login. */
export const rememberLogin = (page: Page): Promise<unknown> => page.evaluate("localStorage.setItem('scan-login-person ' + new URL('.', location.href).href, 'sub')")

/** A body of `GET /api/session`. */
export const sessionBody = { user: { sub: 'sub', name: '小雨' }, session: { id: 'id', created_at: '2026-11-23T02:00:00Z', expires_at: '2027-02-21T02:00:00Z', browser: { name: 'Firefox', system: 'Linux', ip: '192.0.2.1', place: null } } }
