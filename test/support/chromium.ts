import { chromium, type Browser, type LaunchOptions } from 'playwright-core'
import { installed } from './installed.ts'
import type { RealBrowser } from './real-browser.ts'

/** Starts the machine's headless shell or Chromium, without the requests that a fresh profile makes to its vendor. The caller closes it. */
export const launchChromium = (options: LaunchOptions = {}): Promise<Browser> => chromium.launch({ ...chromiumOptions(), ...options })

/** Returns the launch options, for tests that start the browser another way. */
export const chromiumOptions = (): LaunchOptions => ({
  executablePath: installed('browser'),
  args: ['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})

/** Options for the full Chromium instead of the headless shell, which lacks the back-forward cache, for one. */
export const windowed: LaunchOptions = { executablePath: installed('chromium') }

/** Starts the full Chromium for tests that run in every browser. The caller closes it. */
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
