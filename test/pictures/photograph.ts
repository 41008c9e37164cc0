/** Photographs of a browser's page in one state: the same page is shown in every size, theme and language in turn. */
import type { Page } from 'playwright-core'
import type { Album } from './album.ts'

export interface Size {
  readonly name: string
  readonly width: number
  readonly height: number
  /** The browser's own font size, in per cent of the usual one. */
  readonly text?: number
  /** How much of the middle is on the picture; all by default. */
  readonly cut?: number
}

/** The iPhone SE's, a usual phone's, a notebook's and a screen of 4K that isn't scaled, and large text. */
export const phoneSizes: readonly Size[] = [{ name: '320×568', width: 320, height: 568 }, { name: '390×844', width: 390, height: 844 }, { name: '390×844, text 200 %', width: 390, height: 844, text: 200 }]
export const sizes: readonly Size[] = [...phoneSizes, { name: '1280×800', width: 1280, height: 800, cut: 400 }, { name: '3840×2160', width: 3840, height: 2160, cut: 760 }]

export const languages = ['zh', 'zh-Hant', 'en'] as const
export const themes = ['light', 'dark'] as const

/** A page that can be shown in each language. */
export type SwitchLanguage = (page: Page, language: typeof languages[number]) => Promise<unknown>

/** By the page's own switch. */
const bySwitch: SwitchLanguage = (page, language) => page.locator('select').first().selectOption(language)

export const photographPage = async (album: Album, page: Page, state: string, { among = sizes, switchLanguage = bySwitch }: { among?: readonly Size[], switchLanguage?: SwitchLanguage | null } = {}): Promise<void> => {
  for (const language of languages) {
    if (switchLanguage === null && language !== 'zh') continue
    await switchLanguage?.(page, language)
    for (const { name, width, height, text = 100, cut = width } of among) {
      await page.setViewportSize({ width, height })
      await page.evaluate(`document.documentElement.style.fontSize = '${text}%'`)
      for (const colorScheme of themes) {
        await page.emulateMedia({ colorScheme })
        const pageHeight = Math.max(height, await page.evaluate('document.documentElement.scrollHeight') as number)
        const png = await page.screenshot({ fullPage: true, clip: { x: (width - cut) / 2, y: 0, width: cut, height: pageHeight } })
        album.add({ state, size: name, column: switchLanguage === null ? colorScheme : `${language}, ${colorScheme}`, png, windowHeight: height })
      }
    }
  }
  await page.evaluate("document.documentElement.style.fontSize = ''")
}

/** Keeps the page's requests to these addresses waiting, until the returned function sends them on. */
export const holdRequests = async (page: Page, address: string | RegExp): Promise<() => Promise<void>> => {
  await page.route(address, () => {})
  return () => page.unroute(address)
}

/** Answers with a problem document of the service. */
export const refuse = (page: Page, address: string, status: number, code: string, retryAfter = 60): Promise<unknown> =>
  page.route(address, (route) => route.fulfill({ status, headers: { 'retry-after': `${retryAfter}` }, contentType: 'application/problem+json', body: JSON.stringify({ code }) }))
