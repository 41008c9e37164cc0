/** Owns the demo in a real browser: the website on one side, the mini program in its phones on the other, time and WeChat in the test's hands. */
import type { Browser, BrowserContextOptions, FrameLocator, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { openDemo } from '../../src/demo/demo.ts'
import type { WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import type { Clock } from '../../src/login/ports.ts'
import { systemClock } from '../../src/runtime.ts'
import { makeFolder } from './process.ts'
import { freePort } from './redis.ts'

export interface DemoServer {
  readonly url: string
  readonly simulator: WechatSimulator
  /** Moves the service's clock on; its timers run as ever. */
  skip (ms: number): void
}

/** Runs the demo in this process, in memory, until the test is over. */
export const serveDemo = async (t: Test, environment: Readonly<Record<string, string>> = {}): Promise<DemoServer> => {
  const port = await freePort()
  let skippedMs = 0
  const clock: Clock = { now: () => systemClock.now() + skippedMs, after: systemClock.after }
  const { app, config, simulator, release } = await openDemo({
    port: String(port),
    clock,
    environment: { STORE_URL: 'sqlite::memory:', KEYS_FILE: `${makeFolder(t)}/keys.json`, LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', MAX_WAIT: '2', ...environment },
  })
  await app.listen({ host: '127.0.0.1', port })
  t.teardown(async () => {
    app.server.closeAllConnections()
    await app.close()
    await release()
  })
  return { url: config.PUBLIC_URL, simulator, skip: (ms) => { skippedMs += ms } }
}

/** A phone in the window, as a hand uses it. */
export interface Phone {
  /** WeChat and the phone around the mini program. */
  readonly shell: FrameLocator
  /** The mini program's own pages. */
  readonly app: FrameLocator
  /** Opens WeChat's scanner from WeChat; the website's code is in view. */
  scan (): Promise<void>
  /** Hands WeChat's scanner a picture instead. */
  scanPicture (picture: Buffer): Promise<void>
  /** Opens the mini program from WeChat's list. */
  open (): Promise<void>
  /** Flips a switch of the quick settings and closes them. */
  flip (name: 'Flight mode' | 'Dark' | 'Large text' | 'Clock an hour fast'): Promise<void>
  /** To the home screen, and back to what was open. */
  goHome (): Promise<void>
  comeBack (): Promise<void>
  /** A button of the mini program. */
  button (name: string | RegExp): Locator
}

export interface DemoWindow {
  readonly page: Page
  readonly site: FrameLocator
  /** The code on the website, once it can be read. */
  readonly code: Locator
  phone (index?: number): Phone
  addPhone (): Promise<void>
  /** The number on the website. */
  number (): Promise<string>
  /** A picture of the code that is there now. */
  photograph (): Promise<Buffer>
}

/** Opens the demo's window in English; what a page complains about fails the test, less what the test's own faults make the network log. */
export const openWindow = async (t: Test, browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<DemoWindow> => {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options })
  t.teardown(() => context.close())
  const page = await context.newPage()
  page.on('pageerror', (error) => t.fail(`a page threw: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) t.fail(`a page complains: ${message.text()}`)
  })
  await page.goto(`${url}/demo`)
  const site = page.frameLocator('iframe[data-login]')
  const code = site.getByRole('img', { name: 'Mini program code' }).last() // the one before may still be fading

  const phone: DemoWindow['phone'] = (index = 0) => {
    const shell = page.frameLocator(`main iframe >> nth=${index}`)
    const app = shell.frameLocator('iframe')
    const settings = shell.getByRole('button', { name: 'Quick settings' })
    return {
      shell,
      app,
      scan: async () => {
        await code.waitFor()
        await shell.getByRole('button', { name: 'Scan', exact: true }).click()
      },
      scanPicture: async (picture) => {
        await shell.getByRole('button', { name: 'Scan', exact: true }).click()
        await shell.locator('input[type=file]').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture })
      },
      open: () => shell.getByRole('button', { name: 'Scan login' }).click(),
      flip: async (name) => {
        await settings.click()
        await shell.getByRole('switch', { name }).click()
        await settings.click()
      },
      goHome: () => shell.getByRole('button', { name: 'Home', exact: true }).click(),
      comeBack: () => shell.getByRole('button', { name: 'WeChat' }).click(),
      button: (name) => app.getByRole('button', { name, exact: typeof name === 'string' }),
    }
  }

  return {
    page,
    site,
    code,
    phone,
    addPhone: () => page.getByRole('button', { name: 'Add a phone' }).click(),
    number: async () => {
      await site.getByText('Tap this number on your phone').waitFor()
      return (await site.locator('body').innerText()).match(/^\d\d$/m)?.[0] ?? ''
    },
    photograph: async () => {
      await code.waitFor()
      return await page.locator('iframe[data-login]').screenshot()
    },
  }
}
