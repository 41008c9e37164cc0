/** Takes the pictures in the READMEs from a running demo, page and phone side by side, in both languages, light and dark. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { openDemo } from '../../src/demo/demo.ts'
import { chromiumOptions, launchChromium } from '../support/chromium.ts'
import { freePort } from '../support/redis.ts'

const folder = mkdtempSync(join(tmpdir(), 'scan-login-pictures-'))
const port = await freePort()
const url = 'http://localhost:3000' // what the demo says of itself, whichever port is free here
const demo = await openDemo({
  port: String(port),
  environment: { PUBLIC_URL: url, STORE_URL: 'sqlite::memory:', KEYS_FILE: join(folder, 'keys.json'), LOG_LEVEL: 'silent' },
})
await demo.app.listen({ host: '127.0.0.1', port })
const browser = await launchChromium({ args: [...chromiumOptions().args ?? [], `--host-resolver-rules=MAP localhost:3000 127.0.0.1:${port}`] })

/** Of the ground around website and phone. CSS pixels. */
const margin = 6

const take = async (page: Page, name: string): Promise<void> => {
  await page.waitForTimeout(600) // for fades to end
  const { x, y, width, height } = await page.locator('.stage').boundingBox() ?? { x: 0, y: 0, width: 0, height: 0 }
  await page.screenshot({ path: join(import.meta.dirname, `${name}.png`), fullPage: true, clip: { x: x - margin, y: y - margin, width: width + 2 * margin, height: height + 2 * margin } })
}

for (const [suffix, locale] of [['en', 'en-US'], ['zh', 'zh-CN']] as const) {
  for (const colorScheme of ['light', 'dark'] as const) {
    const context = await browser.newContext({ locale, colorScheme, reducedMotion: 'reduce', viewport: { width: 880, height: 760 }, deviceScaleFactor: 1.25 })
    const page = await context.newPage()
    await page.goto(`${url}/demo`)
    const site = page.frameLocator('iframe[data-login]')
    const phone = page.frameLocator('main iframe')
    const end = `${suffix}${colorScheme === 'dark' ? '-dark' : ''}`
    await site.locator('.code-image').waitFor()
    await phone.locator('#scan').waitFor()
    await take(page, `code-${end}`)
    await phone.locator('#scan').click()
    await phone.frameLocator('#pages iframe').getByRole('button').filter({ hasText: /^\d\d$/ }).first().waitFor()
    await site.locator('.number').waitFor()
    await take(page, `number-${end}`)
    await context.close()
  }
}

await browser.close()
demo.app.server.closeAllConnections()
await demo.app.close()
await demo.close()
rmSync(folder, { recursive: true })
