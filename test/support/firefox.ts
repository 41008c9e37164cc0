import puppeteer from 'puppeteer-core'
import { installed } from './installed.ts'
import type { RealBrowser } from './real-browser.ts'

/** Starts the machine's Firefox headless, driven by WebDriver BiDi. The caller closes it. */
export const openFirefox = async (): Promise<RealBrowser> => {
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: installed('firefox'),
    headless: true,
    extraPrefsFirefox: {
      'ui.prefersReducedMotion': 1,
      'network.proxy.allow_hijacking_localhost': true, // use a page's proxy for loopback addresses, too
      'network.proxy.no_proxies_on': '',
    },
  })
  return {
    open: async (url, { forwardProxy } = {}) => {
      const context = await browser.createBrowserContext(forwardProxy === undefined ? {} : { proxyServer: forwardProxy })
      const page = await context.newPage({ type: 'window' }) // a new tab would hide the one before
      await page.goto(url, { waitUntil: 'domcontentloaded', timeout: 30_000 })
      return { evaluate: (expression) => page.evaluate(expression) }
    },
    close: () => browser.close(),
  }
}
