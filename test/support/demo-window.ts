/** Owns the demo in a real browser: the website on one side, the mini program in its phones on the other, time and WeChat in the test's hands. */
import type { Server } from 'node:http'
import type { Browser, BrowserContextOptions, FrameLocator, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { openDemo } from '../../src/demo/demo.ts'
import type { WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import type { Clock } from '../../src/login/ports.ts'
import { systemClock } from '../../src/runtime.ts'
import { makeFolder } from './service-process.ts'
import { freePort } from './redis.ts'

export interface DemoServer {
  readonly url: string
  readonly simulator: WechatSimulator
  /** Moves the service's clock on; its timers run as ever. */
  skip (ms: number): void
  /** The requests that came in since this was asked last, as `POST /api/tickets`: those that `which` fits, in their order. */
  received (which: RegExp): readonly string[]
  /** What it may be called: whoever opens another way to it adds that. */
  readonly hosts: Set<string>
  /** What it listens with, for tests that watch the wire. */
  readonly server: Server
}

/** Runs the demo in this process, in memory, until the test is over. */
export const serveDemo = async (t: Test, environment: Readonly<Record<string, string>> = {}): Promise<DemoServer> => {
  const port = await freePort()
  let skippedMs = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + skippedMs, steady: () => systemClock.steady() + skippedMs }
  const { app, config, simulator, hosts, close } = await openDemo({
    port: String(port),
    clock,
    environment: {
      STORE_URL: 'sqlite::memory:',
      KEYS_FILE: `${makeFolder(t)}/keys.json`,
      LIMIT_CREATE: '100000',
      LIMIT_GUESS: '100000',
      MAX_WAIT: '2',
      CODE_SUPPLY: '0', // so that a test sees WeChat fail when it does
      LOG_LEVEL: 'silent', // WeChat's failures are these tests' own
      ...environment,
    },
  })
  let requests: string[] = []
  app.server.on('request', ({ method, url }) => { requests.push(`${method} ${url}`) })
  await app.listen({ host: '127.0.0.1', port })
  t.teardown(async () => {
    app.server.closeAllConnections()
    await app.close()
    await close()
  })
  return {
    url: config.PUBLIC_URL,
    simulator,
    skip: (ms) => { skippedMs += ms },
    received: (which) => {
      const fitting = requests.filter((request) => which.test(request))
      requests = []
      return fitting
    },
    hosts,
    server: app.server,
  }
}

/** A phone, as a hand uses it. */
export interface Phone {
  /** WeChat and the phone around the mini program. */
  readonly shell: Page | FrameLocator
  /** The mini program's own pages. */
  readonly app: FrameLocator
  /** Opens WeChat's scanner from WeChat; the website's code is in view. */
  scan (): Promise<void>
  /** Taps the mini program's own way to the scanner; the website's code is in view. */
  scanAgain (): Promise<void>
  /** Hands WeChat's scanner a picture instead. To be done where no code is in view, which the scanner would follow first. */
  scanPicture (picture: Buffer): Promise<void>
  /** Opens the mini program from WeChat's list. */
  open (): Promise<void>
  /** Leaves it by its capsule, to WeChat. */
  close (): Promise<void>
  /** Flips a switch of the quick settings and closes them. */
  flip (name: string): Promise<void>
  /** To the home screen, and back to what was open. */
  goHome (): Promise<void>
  comeBack (): Promise<void>
  /** A button of the mini program. */
  button (name: string | RegExp): Locator
  /** Waits until the mini program says so. */
  says (text: string | RegExp): Promise<void>
  /** Waits for the three numbers, and gives them. */
  choices (): Promise<readonly string[]>
  /** Waits for the keys of a number that is to be typed, and taps these. */
  type (digits: string): Promise<void>
}

export interface DemoWindow {
  readonly page: Page
  readonly site: FrameLocator
  /** The code on the website, once it can be read. */
  readonly code: Locator
  /** Takes the time of all that is in the window into the test's hands, once the website is at rest: what it began by the machine's clock may not end by the other. */
  takeClock (): Promise<void>
  phone (index?: number): Phone
  addPhone (): Promise<Phone>
  /** Opens the website's login page anew. */
  startOver (): Promise<void>
  /** A phone in a tab of its own, which sees no website. */
  openPhone (person: string): Promise<Phone>
  /** Waits until the website shows a number, and gives it. */
  number (): Promise<string>
  /** Waits until the website says so. */
  siteSays (text: string | RegExp): Promise<void>
  /** A picture of the code that is there now. */
  photograph (): Promise<Buffer>
}

const phoneIn = (shell: Page | FrameLocator, code?: Locator): Phone => {
  const app = shell.frameLocator('#pages iframe')
  const tap = (name: string): Promise<void> => shell.getByRole('button', { name, exact: true }).click()
  const button: Phone['button'] = (name) => app.getByRole('button', { name, exact: typeof name === 'string' })
  const settings = shell.locator('#status') // its name has the time in it, and the language
  return {
    shell,
    app,
    scan: async () => {
      await code?.waitFor()
      await shell.locator('#scan').click()
    },
    scanAgain: async () => {
      await code?.waitFor()
      await button(/^Scan/).click()
    },
    scanPicture: async (picture) => {
      await shell.locator('#scan').click()
      await shell.locator('input[type=file]').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: picture })
    },
    open: () => shell.locator('#recent').click(),
    close: () => shell.locator('#close').click(),
    flip: async (name) => {
      await settings.click()
      await shell.getByRole('switch', { name }).click()
      await settings.click()
    },
    goHome: () => tap('Home'),
    comeBack: () => tap('WeChat'),
    button,
    says: (text) => app.getByText(text).filter({ visible: true }).first().waitFor(),
    choices: async () => {
      await button(/^\d\d$/).first().waitFor()
      return await button(/^\d\d$/).allInnerTexts()
    },
    type: async (digits) => { for (const digit of digits) await button(digit).click() },
  }
}

/** Opens the demo's window in English; what a page complains about fails the test, less what the test's own faults make the network log. */
export const openWindow = async (t: Test, browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<DemoWindow> => {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options })
  t.teardown(() => context.close())
  context.setDefaultTimeout(20_000) // so that two waits in vain fit into the time of a file
  context.on('weberror', (error) => { t.fail(`a page threw: ${error.error().message}`) })
  context.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) t.fail(`a page complains: ${message.text()}`)
  })
  const page = await context.newPage()
  await page.goto(`${url}/demo`)
  const site = page.frameLocator('iframe[data-login]')
  const stage = site.locator('.layer:not(.leaving)') // what was there before is still fading
  const code = stage.locator('.code-image')
  const siteSays: DemoWindow['siteSays'] = (text) => site.getByText(text).filter({ visible: true }).first().waitFor()
  const phone: DemoWindow['phone'] = (index = 0) => phoneIn(page.frameLocator(`main iframe >> nth=${index}`), code)

  return {
    page,
    site,
    code,
    takeClock: async () => {
      await code.waitFor()
      await page.clock.install()
    },
    phone,
    addPhone: async () => {
      const count = await page.locator('main iframe').count()
      await page.locator('#add-phone').click()
      return phone(count)
    },
    startOver: () => page.locator('#start-over').click(),
    openPhone: async (person) => {
      const tab = await context.newPage()
      await tab.goto(`${url}/demo/phone?person=${person}`)
      return phoneIn(tab)
    },
    number: () => stage.locator('.number').innerText(),
    siteSays,
    photograph: async () => {
      await code.waitFor()
      return await page.locator('iframe[data-login]').screenshot()
    },
  }
}

/** Lets the phone's key and every ticket come to their end; the website is opened anew, and its code scanned. */
export const scanWithoutKey = async (server: DemoServer, window: DemoWindow, phone: Phone): Promise<void> => {
  server.skip(24 * 60 * 60_000)
  await window.startOver()
  await phone.scan()
}
