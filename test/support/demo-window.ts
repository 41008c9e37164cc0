/** The demo in a real browser: a website, and phones that run the mini program. The test controls the time and WeChat. */
import type { Server } from 'node:http'
import type { Browser, BrowserContext, BrowserContextOptions, FrameLocator, Locator, Page } from 'playwright-core'
import type { Test } from 'tap'
import { openDemo } from '../../src/demo/demo.ts'
import type { WechatSimulator } from '../../src/demo/wechat-simulator.ts'
import type { PersonRegister } from '../../src/login/people-port.ts'
import type { Clock } from '../../src/login/ports.ts'
import { createPeople } from '../../src/people/people.ts'
import { systemClock } from '../../src/runtime.ts'
import { makeFolder } from './service-process.ts'
import { freePort } from './redis.ts'

export interface DemoServer {
  readonly url: string
  readonly simulator: WechatSimulator
  /** Who has been here, as an operator's command changes them. */
  readonly people: PersonRegister
  /** Moves the service's clock on. Its timers aren't affected. */
  skip (ms: number): void
  /** Returns the requests since the last call that match `which`, in order, as `POST /api/tickets`. */
  received (which: RegExp): readonly string[]
  /** Accepted `Host` headers. A test that reaches it by another address adds that. */
  readonly hosts: Set<string>
  /** For tests that watch its connections. */
  readonly server: Server
}

/** Runs the demo in this process, in memory, until the test ends. */
export const serveDemo = async (t: Test, environment: Readonly<Record<string, string>> = {}): Promise<DemoServer> => {
  const port = await freePort()
  let skippedMs = 0
  const clock: Clock = { ...systemClock, now: () => systemClock.now() + skippedMs, steady: () => systemClock.steady() + skippedMs }
  const { app, config, simulator, store, hosts, close } = await openDemo({
    port: String(port),
    clock,
    environment: {
      STORE_URL: 'sqlite::memory:',
      KEYS_FILE: `${makeFolder(t)}/keys.json`,
      LIMIT_CREATE: '100000',
      LIMIT_GUESS: '100000',
      MAX_WAIT: '2',
      CODE_SUPPLY: '0', // so that no stocked code hides a failure of WeChat's
      LOG_LEVEL: 'silent', // these tests make WeChat fail
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
    people: createPeople(store, clock),
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

/** A phone and what a person does with it. */
export interface Phone {
  /** WeChat and the phone around the mini program. */
  readonly shell: Page | FrameLocator
  /** The mini program's own pages. */
  readonly app: FrameLocator
  /** Opens WeChat's scanner from WeChat, once the website shows a code. */
  scan (): Promise<void>
  /** Opens the scanner from the mini program, once the website shows a code. */
  scanAgain (): Promise<void>
  /** Gives WeChat's scanner a picture instead. Only while the website shows no code, which the scanner would take first. */
  scanPicture (picture: Buffer): Promise<void>
  /** Opens the mini program from WeChat's list. */
  open (): Promise<void>
  /** Closes it by its capsule. */
  close (): Promise<void>
  /** Toggles a switch of the quick settings. */
  flip (name: string): Promise<void>
  /** Leaves to the home screen, and comes back to what was open. */
  goHome (): Promise<void>
  comeBack (): Promise<void>
  /** Finds a button of the mini program; a number of two digits by what it shows, as it has a longer name. */
  button (name: string | RegExp): Locator
  /** Waits until the mini program shows a text. */
  says (text: string | RegExp): Promise<void>
  /** The numbers to tap. */
  readonly numbers: Locator
  /** Waits for the three numbers and returns them. */
  choices (): Promise<readonly string[]>
  /** Types a number on the mini program's keys. */
  type (digits: string): Promise<void>
}

export interface DemoWindow {
  readonly page: Page
  readonly site: FrameLocator
  /** The code on the website. */
  readonly code: Locator
  /** Replaces the clock of all pages in the window, once the website shows its code: what starts by the real clock may never finish by the other. */
  takeClock (): Promise<void>
  phone (index?: number): Phone
  addPhone (): Promise<Phone>
  /** Gives the first phone a page of this width, as another phone has. */
  setPageWidth (px: number): Promise<void>
  /** Reloads the website's login page. */
  startOver (): Promise<void>
  /** Opens a phone in a tab of its own, without the website. */
  openPhone (person: string): Promise<Phone>
  /** Waits for the number on the website and returns it. */
  number (): Promise<string>
  /** Waits until the website shows a text. */
  siteSays (text: string | RegExp): Promise<void>
  /** Takes a picture of the current code. */
  photograph (): Promise<Buffer>
}

/** The phone in a page or a frame; `code` is that of the website beside it. */
export const phoneIn = (shell: Page | FrameLocator, code?: Locator): Phone => {
  const app = shell.frameLocator('#pages iframe')
  const tap = (name: string): Promise<void> => shell.getByRole('button', { name, exact: true }).click()
  const showing = (text: RegExp): Locator => app.getByRole('button').filter({ hasText: text })
  const button: Phone['button'] = (name) =>
    typeof name === 'string' && /^\d\d$/.test(name) ? showing(new RegExp(`^${name}$`)) : app.getByRole('button', { name, exact: typeof name === 'string' })
  const numbers = showing(/^\d\d$/)
  const settings = shell.locator('#status') // by id: its name contains the time, and depends on the language
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
    numbers,
    choices: async () => {
      await numbers.first().waitFor()
      return await numbers.allInnerTexts()
    },
    type: async (digits) => { for (const digit of digits) await button(digit).click() },
  }
}

/** Opens a browser in English. Console errors fail the test, but for those about requests that the test makes fail. */
const openContext = async (t: Test, browser: Browser, options: BrowserContextOptions): Promise<BrowserContext> => {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...options })
  t.teardown(() => context.close())
  context.setDefaultTimeout(20_000) // so that two waits that fail fit into a file's time limit
  context.on('weberror', (error) => { t.fail(`a page threw: ${error.error().message}`) })
  context.on('console', (message) => {
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) t.fail(`console error: ${message.text()}`)
  })
  return context
}

const openPhoneIn = async (context: BrowserContext, url: string, person: string): Promise<Phone> => {
  const tab = await context.newPage()
  await tab.goto(`${url}/demo/phone?person=${person}`)
  return phoneIn(tab)
}

/** Opens a phone in a tab of its own and an empty page beside it, without the demo's window, which loads a website and a phone of its own. */
export const openTabs = async (t: Test, browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<{ readonly context: BrowserContext, readonly page: Page, readonly phone: Phone }> => {
  const context = await openContext(t, browser, options)
  const phone = await openPhoneIn(context, url, 'Kim')
  return { context, phone, page: await context.newPage() }
}

/** Opens the demo's window, in a browser as `openContext` makes it. */
export const openWindow = async (t: Test, browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<DemoWindow> => {
  const context = await openContext(t, browser, options)
  const page = await context.newPage()
  await page.goto(`${url}/demo`)
  const site = page.frameLocator('iframe[data-login]')
  const stage = site.locator('.layer:not(.leaving)') // without what is fading away
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
    setPageWidth: async (px) => {
      const edgesPx = px <= 348 ? 12 : 18 // a narrow phone has thinner ones
      await page.locator('.phone-frame').first().evaluate((frame, width) => { frame.style.width = width }, `${px + edgesPx}px`)
    },
    startOver: () => page.locator('#start-over').click(),
    openPhone: (person) => openPhoneIn(context, url, person),
    number: () => stage.locator('.number').innerText(),
    siteSays,
    photograph: async () => {
      await code.waitFor()
      // The picture itself, as a narrow window draws it too small for the pixels of a screenshot.
      const answer = await page.request.get(new URL(await code.getAttribute('src') ?? '', page.url()).href)
      return await answer.body()
    },
  }
}

/** Lets the phone's key and all tickets expire, reloads the website and scans its code. */
export const scanWithoutKey = async (server: DemoServer, window: DemoWindow, phone: Phone): Promise<void> => {
  server.skip(24 * 60 * 60_000)
  await window.startOver()
  await phone.scan()
}
