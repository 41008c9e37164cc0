/** Addresses as people's browsers come to them: with a slash at their end, behind a proxy that adds one, and a link whose login has ended. */
import t from 'tap'
import { refusalWords } from '../../src/http/refusal-words.ts'
import { dictionaries } from '../../static/scan-login/words.js'
import { launchChromium } from '../support/chromium.ts'
import { openPhone } from '../support/clients.ts'
import { serveDemo } from '../support/demo-window.ts'
import { accessibilityFaults, waitForStage } from '../support/open-page.ts'
import { remote } from '../support/remote.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())
const service = await serveDemo(t, { WECHAT_URL_LINK: 'on' })
const caller = remote(service.url)
t.teardown(() => caller.close())

for (const isAdded of [false, true]) {
  await t.test(`addresses: a login starts at /login/ and ends at /me when ${isAdded ? 'a proxy adds the slash' : 'the visitor has typed the slash'}`, async (t) => {
    const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce' })
    t.teardown(() => context.close())
    const page = await context.newPage()
    if (isAdded) {
      await page.route(/\/(?:login|me)(?:\?.*)?$/, (route) => {
        const url = new URL(route.request().url())
        return route.request().isNavigationRequest() ? route.fulfill({ status: 301, headers: { location: `${url.pathname}/${url.search}` } }) : route.continue()
      })
    }
    const made = page.waitForResponse((response) => response.request().method() === 'POST')
    await page.goto(`${service.url}/login${isAdded ? '' : '/'}?return_to=%2Fme%3Fa%3D1`)
    const { ticket } = await (await made).json() as { ticket: string }
    await waitForStage(page, 'waiting')
    t.equal(page.url(), `${service.url}/login?return_to=%2Fme%3Fa%3D1`)
    const phone = await openPhone(caller, { jsCode: service.simulator.jsCode('ming'), authority: new URL(service.url).host })
    await phone.scan(ticket)
    await phone.confirm(ticket, await page.locator('.layer:not(.leaving) .number').innerText())
    await page.waitForURL(`${service.url}/me?a=1`)
    await page.getByText(dictionaries.en.loggedIn).waitFor()
    await page.goto(`${service.url}/me/`)
    await page.getByText(dictionaries.en.loggedIn).waitFor()
    t.equal(page.url(), `${service.url}/me`)
    await page.getByRole('button', { name: dictionaries.en.logOut }).click()
    await page.getByText(dictionaries.en.logIn, { exact: true }).click()
    await waitForStage(page, 'waiting')
    t.equal(page.url(), `${service.url}/login`)
  })
}

await t.test('addresses: a link whose login has ended says so and leads to a fresh code', async (t) => {
  for (const [locale, colorScheme, language] of [['zh-CN', 'light', 'zh'], ['zh-TW', 'dark', 'zh-Hant'], ['en-US', 'dark', 'en']] as const) {
    const context = await browser.newContext({ locale, colorScheme, viewport: { width: 360, height: 640 } })
    t.teardown(() => context.close())
    const page = await context.newPage()
    const response = await page.goto(`${service.url}/api/tickets/${'A'.repeat(22)}/link`)
    t.equal(response?.status(), 404)
    const { line, help } = refusalWords[language].ended
    t.equal(await page.locator('main').innerText().then((text) => text.includes(line) && text.includes(help)), true)
    t.strictSame(await accessibilityFaults(page), [])
    await page.getByRole('link').click()
    await waitForStage(page, 'waiting')
  }
})
