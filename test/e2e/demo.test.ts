/** The demo as a newcomer uses it: `npm run demo`, a real Chromium, one window with a website and phones. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BrowserContextOptions, FrameLocator, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { makeFolder, run } from '../support/process.ts'
import { freePort } from '../support/redis.ts'

const port = await freePort()
const url = `http://localhost:${port}`
const demo = run(t, {
  script: 'src/demo/main.ts',
  folder: makeFolder(t),
  env: { PORT: String(port), LIMIT_CREATE: '100000', LIMIT_GUESS: '100000', TICKET_TTL: '20' },
})
while (!demo.stdout().includes('/demo')) {
  const ending = await Promise.race([demo.ended, sleep(50)])
  if (ending !== undefined) throw new Error(`the demo ended: ${ending.stderr}`)
}
const chromium = await launchChromium()
t.teardown(() => chromium.close())

interface Window {
  readonly page: Page
  readonly site: FrameLocator
  readonly phone: FrameLocator
}

/** Opens the demo's window; what the pages complain about fails the test. */
const openWindow = async (t: Test, options: BrowserContextOptions = {}): Promise<Window> => {
  const context = await chromium.newContext({ locale: 'en-US', viewport: { width: 1280, height: 900 }, ...options })
  const page = await context.newPage()
  page.on('pageerror', (error) => t.fail(`a page threw: ${error.message}`))
  page.on('console', (message) => { if (message.type() === 'error' && !/status of 40[139]/.test(message.text())) t.fail(`a page complains: ${message.text()}`) })
  t.teardown(() => context.close())
  await page.goto(`${url}/demo`)
  return { page, site: page.frameLocator('iframe[data-login]'), phone: page.frameLocator('main iframe >> nth=0') }
}

const code = (site: FrameLocator) => site.getByRole('img', { name: 'Mini program code' }).last() // the one before may still be fading

/** Scans what the site shows, and reads the number that it shows then. */
const scan = async ({ site, phone }: Pick<Window, 'site' | 'phone'>): Promise<string> => {
  await code(site).waitFor()
  await phone.getByRole('button', { name: 'Scan to log in' }).click()
  await phone.getByText('Log in to scan-login demo?').waitFor()
  await site.getByText('Tap this number on your phone').waitFor()
  return (await site.locator('body').innerText()).match(/^\d\d$/m)?.[0] ?? ''
}

await t.test('demo: a newcomer scans, taps the number, sees who they are, and logs out', async (t) => {
  const window = await openWindow(t)
  const { page, site, phone } = window
  const number = await scan(window)
  t.match(number, /^[1-9]\d$/)
  const asked = await phone.locator('body').innerText()
  for (const word of [`http://localhost:${port}`, 'Chrome', 'Linux', '127.0.0.1', number]) t.ok(asked.includes(word), `the phone says ${word}`)
  t.equal((await phone.getByRole('button', { name: /^\d\d$/ }).count()), 3)
  await phone.getByRole('button', { name: number, exact: true }).click()
  await phone.getByText("You're in").waitFor()
  await site.getByText("You're logged in").waitFor()
  t.equal(page.frames().some((frame) => frame.url() === `${url}/me`), true, 'the site went on to /me')

  await phone.getByRole('button', { name: 'My logins' }).click()
  await phone.getByRole('button', { name: /sign out/i }).waitFor()
  await site.getByRole('button', { name: 'Log out' }).click()
  await site.getByRole('link', { name: 'Log in' }).waitFor()
  t.notOk((await site.locator('body').innerText()).includes("You're logged in"))
})

await t.test('demo: the site shows a fresh code when the phone says no, or taps a wrong number', async (t) => {
  const window = await openWindow(t)
  const { site, phone } = window
  await scan(window)
  await phone.getByRole('button', { name: 'Not me' }).click()
  await site.getByText('Cancelled. Here is a new code').waitFor()
  await phone.getByRole('button', { name: /My logins|Done/ }).last().click()

  const number = await scan(window)
  const choices = await phone.getByRole('button', { name: /^\d\d$/ }).allInnerTexts()
  await phone.getByRole('button', { name: choices.find((choice) => choice !== number) ?? '', exact: true }).click()
  await site.getByText('Cancelled. Here is a new code').waitFor()
  await code(site).waitFor()
})

await t.test('demo: the site renews the code by itself when its time is up', async (t) => {
  const { site } = await openWindow(t)
  await code(site).waitFor()
  const first = await code(site).getAttribute('src')
  while (await code(site).getAttribute('src') === first) await sleep(100) // the tickets of this demo live for 20 s
  await code(site).waitFor()
})

await t.test('demo: another phone is another person, and a phone can end a login', async (t) => {
  const window = await openWindow(t)
  const { page, site } = window
  await page.getByRole('button', { name: 'Add a phone' }).click()
  const second = page.frameLocator('main iframe >> nth=1')
  const number = await scan({ site, phone: second })
  await second.getByRole('button', { name: number, exact: true }).click()
  await site.getByText("You're logged in").waitFor()
  await second.getByRole('button', { name: 'My logins' }).click()
  await second.getByRole('button', { name: /sign out/i }).click()
  await second.getByRole('button', { name: /sign out/i }).last().click()
  await second.getByText('No browser is logged in').waitFor()
  await page.frames().find((frame) => frame.url() === `${url}/me`)?.goto(`${url}/me`)
  await site.getByRole('link', { name: 'Log in' }).waitFor()
})

await t.test('demo: a phone in a tab of its own reads a screenshot of the login page, in Chinese, dark and at 320 px', async (t) => {
  const context = await chromium.newContext({ locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 320, height: 640 } })
  t.teardown(() => context.close())
  const site = await context.newPage()
  await site.goto(`${url}/login?return_to=/me%3Ffrom=test`)
  await site.getByText('用微信扫一扫登录').waitFor()
  t.equal(await site.title(), '登录 scan-login demo')
  await site.getByRole('img', { name: '小程序码' }).waitFor()
  await sleep(400) // the cross-fade; what is photographed has to stand still
  const picture = await site.screenshot()
  const phone = await context.newPage()
  await phone.goto(`${url}/demo/phone?person=Kim`)
  await phone.getByRole('button', { name: '扫码登录' }).click()
  await phone.locator('input[type=file]').setInputFiles({ name: 'screen.png', mimeType: 'image/png', buffer: picture })
  await phone.getByRole('button', { name: '不是我' }).waitFor()
  await site.getByText('请在手机上点这个数字').waitFor()
  const number = (await site.locator('body').innerText()).match(/^\d\d$/m)?.[0] ?? ''
  await phone.getByRole('button', { name: number, exact: true }).click()
  await site.waitForURL(`${url}/me?from=test`)
  await site.getByText('已登录').waitFor()
  t.equal(await site.evaluate('document.documentElement.scrollWidth'), 320, 'nothing sticks out')
})
