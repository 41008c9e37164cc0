/** A phone without anything around the real mini program of a demo: each launch shows one screen in each size and theme. */
import type { Browser, Frame, Page } from 'playwright-core'
import type { LaunchOptions, PhoneSettings } from '../../src/demo/runtime/host.ts'
import type { DemoServer } from '../support/demo-window.ts'
import type { Album } from './album.ts'
import { languages, themes } from './photograph.ts'

/** Heights are the pages' own, below WeChat's bar: of the first iPhone SE, the second, and a usual phone. */
const usualSizes = [{ width: 320, height: 504 }, { width: 375, height: 603 }, { width: 390, height: 753 }]
const largeSizes = usualSizes.slice(0, 2)
/** The largest of WeChat's font sizes. */
const largestTextPx = 23

const wechatLanguages = { zh: 'zh_CN', 'zh-Hant': 'zh_TW', en: 'en' } as const

export interface Launched {
  readonly page: Page
  readonly frame: Frame
  readonly person: string
  /** Taps the first shown button that fits. */
  tap (selector: string): Promise<void>
  /** Never answers calls to this address. */
  hold (address: string): Promise<unknown>
  set (settings: Partial<PhoneSettings>): Promise<unknown>
}

export interface Screen {
  readonly name: string
  /** What the person did before, by the API; returns what the mini program is opened with. */
  readonly prepare: (person: string) => Promise<Partial<LaunchOptions>>
  /** Called before the mini program is opened. */
  readonly before?: (phone: Launched) => Promise<unknown>
  /** What the screen shows when it is there, after what the person did. */
  readonly until: (phone: Launched) => Promise<unknown>
  readonly settings?: Partial<PhoneSettings>
}

let people = 0

/** Photographs screens one after the other, each with a person of its own. */
export const photographScreens = async (screens: readonly Screen[], { album, browser, server }: { album: Album, browser: Browser, server: DemoServer }): Promise<void> => {
  for (const { name, prepare, before, until, settings } of screens) {
    for (const language of languages) {
      for (const isLarge of [false, true]) {
        const context = await browser.newContext({ colorScheme: null, hasTouch: true, reducedMotion: 'reduce' })
        context.setDefaultTimeout(15_000)
        const page = await context.newPage()
        try {
          const person = `photographed-${++people}`
          const launch = { path: 'pages/login/login', query: {}, scene: 1047, ...await prepare(person) }
          const phone = { person, jsCode: server.simulator.jsCode(person), launch, settings: { online: true, clockOffsetMs: 0, fontSizePx: isLarge ? largestTextPx : 16, theme: 'light', language: wechatLanguages[language], ...settings } }
          await page.route(`${server.url}/phone`, (route) => route.fulfill({ contentType: 'text/html', body: `<!doctype html><style>${style}</style><iframe></iframe><script>window.phone = ${JSON.stringify(phone)};${host}</script>` }))
          const launched: Launched = {
            page,
            person,
            get frame () { return page.frames().at(-1) ?? page.mainFrame() },
            tap: (selector) => page.frameLocator('iframe').locator(selector).filter({ visible: true }).first().click(),
            hold: (address) => page.route(address, () => {}),
            set: (settings) => page.evaluate(`Object.assign(phone.settings, ${JSON.stringify(settings)}); document.documentElement.className = phone.settings.theme; phone.running?.settingsChanged()`),
          }
          await before?.(launched)
          await page.goto(`${server.url}/phone`)
          await until(launched)
          for (const theme of themes) {
            await launched.set({ theme })
            for (const { width, height } of isLarge ? largeSizes : usualSizes) {
              const add = async (state: string, windowHeight: number): Promise<void> => {
                album.add({ state, size: `${width}×${height}${isLarge ? ', largest text' : ''}`, column: `${language}, ${theme}`, png: await page.screenshot(), windowHeight })
              }
              await page.setViewportSize({ width, height })
              await page.waitForTimeout(50) // it draws its rpx anew
              await add(name, height)
              const wholeHeight = () => launched.frame.evaluate('Math.max(innerHeight, ...[...document.querySelectorAll("*")].filter((element) => /auto|scroll/.test(getComputedStyle(element).overflowY)).map(({ scrollHeight }) => scrollHeight))') as Promise<number>
              if (await wholeHeight() <= height + 1) continue
              for (let n = 0; n < 3; n++) { // a higher page has wider margins
                await page.setViewportSize({ width, height: await wholeHeight() })
                await page.waitForTimeout(50)
              }
              await add(`${name}, scrolled`, height)
            }
          }
        } catch (reason) {
          console.error(`${name}, ${language}:`, reason)
          process.exitCode = 1
        } finally {
          await context.close()
        }
      }
    }
  }
}

const style = 'body { margin: 0 } iframe { display: block; width: 100vw; height: 100vh; border: 0 } .dark iframe { color-scheme: dark }'

/** The phone's side of src/demo/runtime/host.ts. */
const host = `
  window.miniProgramHost = {
    person: phone.person, launch: phone.launch, settings: () => phone.settings,
    jsCode: async () => phone.jsCode, scanCode: async () => undefined,
    drawBar: () => {}, exit: () => {}, restart: () => {}, started: (running) => { phone.running = running },
  }
  document.querySelector('iframe').src = 'demo/phone/app'
`
