/** Owns the start of the real browser that tests drive. */
import { chromium, type Browser, type LaunchOptions } from 'playwright-core'
import { installed } from './installed.ts'
import type { RealBrowser } from './real-browser.ts'

/** Starts the machine's own Chromium, the one without a window where there is one, without the calls home that a fresh profile makes. The caller closes it. */
export const launchChromium = (options: LaunchOptions = {}): Promise<Browser> => chromium.launch({ ...chromiumOptions(), ...options })

/** How it is started, for whoever starts it another way. */
export const chromiumOptions = (): LaunchOptions => ({
  executablePath: installed('browser'),
  args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

/** The Chromium that people have, with all that belongs to a window: pages that are kept when they are left, for one. */
export const windowed: LaunchOptions = { executablePath: installed('chromium') }

/** Starts it for tests that run in any browser. The caller closes it. */
export const openChromium = async (): Promise<RealBrowser> => {
  const browser = await launchChromium(windowed)
  return {
    open: async (url, { forwardProxy } = {}) => {
      const context = await browser.newContext({ reducedMotion: 'reduce', ...(forwardProxy !== undefined && { proxy: { server: forwardProxy } }) })
      const page = await context.newPage()
      await page.goto(url, { waitUntil: 'domcontentloaded', timeout: 30_000 })
      return { evaluate: (expression) => page.evaluate(expression) }
    },
    close: () => browser.close(),
  }
}
