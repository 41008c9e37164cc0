/** The login page on a phone, in WeChat's own browser and in others, and on a computer. */
import { readFile } from 'node:fs/promises'
import { decode as decodePng } from 'fast-png'
import jpeg from 'jpeg-js'
import type { BrowserContextOptions } from 'playwright-core'
import decodeQR from 'qr/decode.js'
import t, { type Test } from 'tap'
import { dictionaries } from '../../static/scan-login/words.js'
import { launchChromium } from '../support/chromium.ts'
import { openPhone, windowsChrome } from '../support/clients.ts'
import { serveDemo, type DemoServer } from '../support/demo-window.ts'
import { accessibilityFaults, statusLine, waitForStage } from '../support/open-page.ts'
import { remote } from '../support/remote.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())
const service = await serveDemo(t)
const withLinks = await serveDemo(t, { WECHAT_URL_LINK: 'on' })

const android = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36'
const iphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'
const wechatOnIphone = 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 MicroMessenger/8.0.60(0x18003c31) NetType/WIFI Language/zh_CN'
const wechatOnAndroid = 'Mozilla/5.0 (Linux; Android 14; PJD110 Build/UP1A.231005.007; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/130.0.6723.103 Mobile Safari/537.36 XWEB/1300333 MMWEBSDK/20250201 MicroMessenger/8.0.58.2841(0x28003A3F) WeChat/arm64 Weixin NetType/5G Language/zh_CN ABI/arm64'
const wechatOnWindows = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/122.0.0.0 Safari/537.36 MicroMessenger/7.0.20.1781(0x6700143B) NetType/WIFI MiniProgramEnv/Windows WindowsWechat/WMPF XWEB/9129'
const ipad = 'Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1'

const phoneScreen = { isMobile: true, hasTouch: true, viewport: { width: 360, height: 740 }, deviceScaleFactor: 2 }
const saveButton = '[data-action=save]'
const wechatButton = '[data-word=openWechat]'

/** Opens the login page and waits for its code. Console errors fail the test. */
const open = async (t: Test, options: BrowserContextOptions & { before?: string }, { url }: DemoServer = service) => {
  const { before, ...rest } = options
  const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce', ...rest })
  t.teardown(() => context.close())
  context.setDefaultTimeout(15_000)
  context.on('weberror', (error) => { t.fail(`a page threw: ${error.error().message}`) })
  context.on('console', (message) => { if (message.type() === 'error') t.fail(`console error: ${message.text()}`) })
  const page = await context.newPage()
  if (before !== undefined) await page.addInitScript(before)
  const made = page.waitForResponse((response) => response.request().method() === 'POST')
  await page.goto(`${url}/login`)
  const { ticket } = await (await made).json() as { ticket: string }
  await waitForStage(page, 'waiting')
  return { page, ticket }
}

/** Reads the code in a picture, as WeChat's scanner does from the album. */
const readPicture = (bytes: Buffer): string => {
  const { width, height, data } = bytes[0] === 0x89 ? decodePng(bytes) : jpeg.decode(bytes)
  return decodeQR({ width, height, data: Uint8Array.from(data) })
}

/** Returns the topmost elements at points of the code. */
const hitOnCode = `(() => {
  const root = document.querySelector('scan-login').shadowRoot
  const { x, y, width, height } = root.querySelector('.layer:not(.leaving) img').getBoundingClientRect()
  const hits = [[.5, .5], [.05, .05], [.95, .95]].map(([right, down]) => root.elementFromPoint(x + width * right, y + height * down))
  return hits.map(({ tagName, src, complete, naturalWidth }) => ({ tagName, src, isThere: complete && naturalWidth > 0 }))
})()`

for (const [userAgent, locale, words] of [[android, 'en-US', dictionaries.en], [android, 'zh-CN', dictionaries.zh]] as const) {
  await t.test(`same phone: an ordinary browser saves the picture for WeChat's album when asked in ${locale}`, async (t) => {
    const { page, ticket } = await open(t, { ...phoneScreen, userAgent, locale })
    t.equal(await statusLine(page), words.waitingOnPhone)
    t.equal(await page.locator('.help').innerText(), words.waitingOnPhoneHelp)
    t.equal(await page.locator(saveButton).innerText(), words.save)
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator(saveButton).tap()])
    t.equal(download.suggestedFilename(), `${words.picture}.jpg`)
    t.equal(readPicture(await readFile(await download.path())), `pages/login/login?scene=${ticket}`)
    t.equal(await page.locator(wechatButton).isVisible(), false, 'without WECHAT_URL_LINK')
    t.strictSame(await accessibilityFaults(page), [])
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
    t.equal((await page.request.get(`${service.url}/api/tickets/${ticket}/code`)).status(), 200, 'the ticket goes on')
  })
}

await t.test('same phone: the saved picture is named .png when WeChat made a PNG', async (t) => {
  service.simulator.settings.imageFormat = 'png'
  t.teardown(() => { service.simulator.settings.imageFormat = 'jpeg' })
  const { page, ticket } = await open(t, { ...phoneScreen, userAgent: android })
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator(saveButton).tap()])
  t.equal(download.suggestedFilename(), 'WeChat login code.png')
  t.equal(readPicture(await readFile(await download.path())), `pages/login/login?scene=${ticket}`)
})

await t.test('same phone: an iPhone opens its share sheet with one picture, and the page goes on when the sheet is dismissed', async (t) => {
  const before = `
    globalThis.shared = []
    navigator.canShare = ({ files }) => files?.length === 1
    navigator.share = async ({ files, ...rest }) => {
      shared.push({ rest: Object.keys(rest), names: files.map(({ name }) => name), types: files.map(({ type }) => type), bytes: [...new Uint8Array(await files[0].arrayBuffer())] })
      throw new DOMException('dismissed', 'AbortError')
    }`
  const { page, ticket } = await open(t, { ...phoneScreen, userAgent: iphone, before })
  t.equal(await statusLine(page), dictionaries.en.waitingOnPhone)
  await page.locator(saveButton).tap()
  const shared = await page.waitForFunction(() => (globalThis as any).shared[0]) // made by the script above
  const { bytes, ...file } = await shared.jsonValue()
  t.strictSame(file, { rest: [], names: ['WeChat login code.jpg'], types: ['image/jpeg'] })
  t.equal(readPicture(Buffer.from(bytes)), `pages/login/login?scene=${ticket}`)
  t.strictSame(await accessibilityFaults(page), [])
  t.equal(await page.locator('.layer:not(.leaving)').getAttribute('data-stage'), 'waiting')
})

/** As on a phone: sharing is allowed in a tap and shortly after it, not after a wait for the network. `outcome` is what the visitor or the system then does. */
const shareSheet = (outcome: string): string => `
  globalThis.shared = 0
  let isTapped = false
  addEventListener('click', () => { isTapped = true; setTimeout(() => { isTapped = false }) }, true)
  navigator.canShare = () => true
  navigator.share = async () => {
    if (!isTapped) throw new DOMException('no tap', 'NotAllowedError')
    shared += 1
    ${outcome}
  }`

await t.test('same phone: the picture is ready before the tap, without being fetched twice, so that an iPhone shares it at once', async (t) => {
  for (const [outcome, says] of [['', ''], ["throw new DOMException('dismissed', 'AbortError')", ''], ["throw new DOMException('no such app', 'DataError')", dictionaries.en.saveByHand]] as const) {
    const { page } = await open(t, { ...phoneScreen, userAgent: iphone, before: shareSheet(outcome) })
    await page.waitForFunction(() => (globalThis as any).performance.getEntriesByType('resource').filter(({ name, initiatorType }: any) => name.endsWith('/code') && initiatorType === 'fetch').length === 1)
    const fetched = await page.evaluate("performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/code')).map(({ transferSize }) => transferSize > 0)") as readonly boolean[]
    t.equal(fetched.filter(Boolean).length, 1, 'once over the network')
    await page.locator(saveButton).tap()
    await page.waitForFunction(() => (globalThis as any).shared === 1)
    await page.waitForFunction((says) => (globalThis as any).document.querySelector('scan-login').shadowRoot.querySelector('.hint').textContent === says, says)
    t.strictSame(await accessibilityFaults(page), [])
  }
})

await t.test('same phone: a tap that may have done nothing says what to do, in the visitor\'s language, until there is another code', async (t) => {
  const hint = '.hint'
  const { page } = await open(t, { ...phoneScreen, userAgent: android, locale: 'zh-CN', before: "Object.defineProperty(HTMLAnchorElement.prototype, 'download', { set () {} }); HTMLAnchorElement.prototype.click = () => {}" })
  t.equal(await page.locator(hint).innerText(), '')
  const help = await page.locator('.help').innerText()
  await page.locator(saveButton).tap()
  await page.getByText(dictionaries.zh.saveByHand).waitFor()
  t.equal(await page.locator('.help').innerText(), help, 'what to do with the picture stays')
  await page.locator('select').selectOption('en')
  t.equal(await page.locator(hint).innerText(), dictionaries.en.saveByHand)
  t.strictSame(await accessibilityFaults(page), [])
  await page.evaluate("document.querySelector('scan-login').setAttribute('return-to', '/me?other')")
  await page.getByText(dictionaries.en.saveByHand).waitFor({ state: 'detached' })
  t.equal(await page.locator(hint).innerText(), '')
})

await t.test('same phone: where a link opens WeChat, the picture shows when the visitor saves it, and can be pressed for long', async (t) => {
  const { page, ticket } = await open(t, { ...phoneScreen, userAgent: android }, withLinks)
  t.equal(await page.locator(saveButton).innerText(), dictionaries.en.saveInstead)
  await Promise.all([page.waitForEvent('download'), page.locator(saveButton).tap()])
  await page.getByText(dictionaries.en.saveByHand).waitFor()
  t.equal(await page.locator('.help').innerText(), dictionaries.en.waitingOnPhoneHelp)
  t.hasStrict((await page.evaluate(hitOnCode) as readonly unknown[])[0], { tagName: 'IMG', src: `${withLinks.url}/api/tickets/${ticket}/code`, isThere: true })
  t.strictSame(await accessibilityFaults(page), [])
})

await t.test('same phone: an iPhone downloads the picture when it has no share sheet', async (t) => {
  const { page } = await open(t, { ...phoneScreen, userAgent: iphone, before: 'delete Navigator.prototype.canShare' })
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator(saveButton).tap()])
  t.equal(download.suggestedFilename(), 'WeChat login code.jpg')
})

for (const [name, userAgent] of [['an iPhone', wechatOnIphone], ['Android', wechatOnAndroid]] as const) {
  await t.test(`same phone: WeChat's browser on ${name} asks for a long press, and nothing covers the picture`, async (t) => {
    const { page, ticket } = await open(t, { ...phoneScreen, userAgent, locale: 'zh-CN' }, withLinks)
    t.equal(await statusLine(page), dictionaries.zh.waitingInWechat)
    t.equal(await page.locator('.help').innerText(), dictionaries.zh.waitingInWechatHelp)
    t.strictSame(await page.evaluate(hitOnCode), Array(3).fill({ tagName: 'IMG', src: `${withLinks.url}/api/tickets/${ticket}/code`, isThere: true }))
    for (const button of [saveButton, wechatButton]) t.equal(await page.locator(button).isVisible(), false)
    t.strictSame(await accessibilityFaults(page), [])
    t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
  })
}

for (const [name, userAgent] of [['a computer', windowsChrome], ['WeChat on a computer', wechatOnWindows], ['a tablet', ipad]] as const) {
  await t.test(`same phone: ${name} shows a code to scan, and neither button`, async (t) => {
    const { page } = await open(t, { userAgent }, withLinks)
    t.equal(await statusLine(page), dictionaries.en.waiting)
    for (const button of [saveButton, wechatButton]) t.equal(await page.locator(button).isVisible(), false)
    t.strictSame(await accessibilityFaults(page), [])
  })
}

await t.test('same phone: "Open WeChat" leads to this login\'s own link in a tab of its own, and the page completes the login', async (t) => {
  const { page, ticket } = await open(t, { ...phoneScreen, userAgent: android }, withLinks)
  t.equal(await page.locator(wechatButton).innerText(), 'Open WeChat')
  t.equal(await statusLine(page), dictionaries.en.waitingWithLink)
  t.equal(await page.locator('.help').innerText(), dictionaries.en.waitingWithLinkHelp)
  t.equal(await page.locator('.code-image').isVisible(), false, 'nobody can scan their own screen')
  t.strictSame(await accessibilityFaults(page), [])
  t.equal(await page.evaluate('document.documentElement.scrollWidth'), 360)
  const [tab] = await Promise.all([page.context().waitForEvent('page'), page.locator(wechatButton).tap()])
  await tab.waitForLoadState()
  t.ok(tab.url().startsWith(`${withLinks.simulator.url}/link/`), tab.url())
  t.match(await tab.locator('body').innerText(), ticket)
  t.equal(await tab.evaluate('opener'), null)
  t.equal(page.url(), `${withLinks.url}/login`)
  await page.bringToFront()

  const caller = remote(withLinks.url)
  t.teardown(() => caller.close())
  const phone = await openPhone(caller, { jsCode: withLinks.simulator.jsCode('ming'), authority: new URL(withLinks.url).host })
  await phone.scan(ticket)
  await waitForStage(page, 'scanned')
  await phone.confirm(ticket, await page.locator('.layer:not(.leaving) .number').innerText())
  await page.waitForURL(`${withLinks.url}/me`)
})
