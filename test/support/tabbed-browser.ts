import puppeteer, { type Page } from 'puppeteer-core'
import type { Test } from 'tap'
import { chromiumOptions } from './chromium.ts'
import { installed } from './installed.ts'
import { readLoginPage, type LoginPage } from './login-page.ts'
import { familyOf } from './processes.ts'
import { waitAtMost } from './waiting.ts'

/** A tab in a window with others. Only the one in front is visible, and the browser slows the timers of the others down. */
export interface LoginTab {
  readonly page: Page
  /** Loads it again, also after it was thrown away. */
  reload (): Promise<void>
  /** Brings it to the front, which hides the one that was there. */
  look (): Promise<void>
  /** Waits until the page, visible or not, is as asked for, and returns how it is. */
  waitFor (what: string, condition: (page: LoginPage) => boolean): Promise<LoginPage>
}

export interface TabbedWindow {
  /** Opens a page in a new tab, in front of the others, without waiting for all that it loads. */
  open (url: string): Promise<LoginTab>
  /** Opens a copy of a tab beside it, as "Duplicate" does: with its sessionStorage. */
  duplicate (tab: LoginTab): Promise<LoginTab>
}

export interface TabbedBrowser {
  /** Opens a window with cookies and storage of its own; `prepare` is a script that runs before those of its pages. */
  newWindow (t: Test, prepare?: string): Promise<TabbedWindow>
  /** Ends the process of a tab, and of all other pages, without a word to them, as a phone does that needs its memory. */
  throwAway (tab: LoginTab): Promise<void>
}

/** How long a wait may last on a busy machine. */
const patienceMs = 20_000

/** Starts the full Chromium, closed when the test ends. By puppeteer, as Playwright makes every page believe that it is visible. */
export const launchTabbedBrowser = async (t: Test): Promise<TabbedBrowser> => {
  const browser = await puppeteer.launch({
    executablePath: installed('chromium'),
    args: ['--no-sandbox', ...chromiumOptions().args ?? []],
    ignoreDefaultArgs: ['--disable-background-timer-throttling', '--disable-backgrounding-occluded-windows', '--disable-renderer-backgrounding'],
  })
  t.teardown(() => browser.close())

  const tabOf = async (page: Page): Promise<LoginTab> => {
    const session = await page.createCDPSession() // puppeteer's page doesn't recover when its process was killed
    const evaluate = async (expression: string): Promise<unknown> => (await session.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })).result.value
    return {
      page,
      reload: async () => { await session.send('Page.reload') },
      look: () => page.bringToFront(),
      waitFor: async (what, condition) => {
        let last: LoginPage | undefined
        const isSo = await waitAtMost(patienceMs)(async () => {
          last = await readLoginPage({ evaluate }).catch(() => undefined) // it is going to another page
          return last !== undefined && condition(last)
        })
        if (!isSo || last === undefined) throw new Error(`the tab does not have ${what}: ${JSON.stringify(last)}`)
        return last
      },
    }
  }

  return {
    newWindow: async (t, prepare = '') => {
      const context = await browser.createBrowserContext()
      t.teardown(() => context.close())
      const prepared = async (page: Page): Promise<Page> => {
        await page.evaluateOnNewDocument(prepare)
        await page.emulateMediaFeatures([{ name: 'prefers-reduced-motion', value: 'reduce' }])
        return page
      }
      return {
        open: async (url) => {
          const page = await prepared(await context.newPage())
          await page.goto(url, { waitUntil: 'domcontentloaded' })
          return tabOf(page)
        },
        duplicate: async ({ page }) => {
          const opened = new Promise<Page | null>((resolve) => { page.once('popup', resolve) })
          await page.evaluate('void open(location.href)')
          const copy = await opened
          if (copy === null) throw new Error('no tab was opened')
          return tabOf(await prepared(copy))
        },
      }
    },
    throwAway: async ({ page }) => {
      const noticed = new Promise((resolve) => { page.once('error', resolve) }) // a reload before that is lost
      const pages = familyOf(browser.process()?.pid ?? 0).filter(({ command }) => command.includes('--type=renderer'))
      if (pages.length === 0) throw new Error('there is no page to throw away')
      for (const { pid } of pages) process.kill(pid, 'SIGKILL')
      await noticed
    },
  }
}
