// The simulated phone around a mock mini program: what taps do, and which calls the mini program gets.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { FrameLocator } from 'playwright-core'
import t from 'tap'
import { launchOf } from '../../src/demo/phone/code.ts'
import { pictureOf, startDemo } from '../support/demo-phone.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const { openDemoPhone, openDemoPage, people } = await startDemo(t)
const first = { path: 'pages/login/login', query: { scene: 'first' }, scene: 1047 }
const home = { path: 'pages/index/index', query: {}, scene: 1089 }
const tap = (phone: FrameLocator, name: string): Promise<void> => phone.getByRole('button', { name, exact: true }).click()
const openSettings = (phone: FrameLocator): Promise<void> => phone.getByRole('button', { name: 'Quick settings' }).click() // its name says the time too

await t.test('code: page and query are parsed, undecoded, when it is of a mini program, else it is refused', async (t) => {
  for (const [text, path, query] of [
    ['pages/login/login?scene=AbC-_1', 'pages/login/login', { scene: 'AbC-_1' }],
    ['/pages/login/login?scene=a%3Db%25', 'pages/login/login', { scene: 'a%3Db%25' }],
    ['pages/index/index', 'pages/index/index', {}],
    ['pages/index/index?', 'pages/index/index', {}],
    ['pages/gone?a=1&b&&c=x=y', 'pages/gone', { a: '1', b: '', c: 'x=y' }],
    ['pages/login/login?scene=1&scene=2', 'pages/login/login', { scene: '2' }],
  ] as const) {
    t.strictSame(launchOf(text, 1047), { path, query, scene: 1047 }, text)
  }
  for (const text of [
    '', 'pages', 'pages/', 'pages/?scene=1', 'Pages/login/login', 'page/login', '//pages/login/login?scene=1', 'pages/../login?scene=1', 'pages/login/login#a', ' pages/a?b',
    'pages/login/login?scene=1 2', 'https://evil.example/pages/login/login?scene=1', 'javascript:pages/login/login?scene=1',
  ]) {
    t.equal(launchOf(text, 1047), undefined, text)
  }
})

await t.test('phone: the mini program is started cold, then warm, when it is opened by a scan and another', async (t) => {
  const { phone, show, calls, scan } = await openDemoPhone(t)
  await scan()
  t.strictSame(await calls(), [['launch', first]])
  await tap(phone, 'Close')
  await show({ picture: pictureOf('/pages/login/login?scene=%E4%B8%80&x=2') })
  await scan()
  t.strictSame(await calls(), [['hide'], ['show', { path: 'pages/login/login', query: { scene: '%E4%B8%80', x: '2' }, scene: 1047 }]])
})

await t.test('phone: the mini program opens its home page from the recent ones, and stays as it is when it is closed and opened again', async (t) => {
  const { phone, calls } = await openDemoPhone(t)
  await tap(phone, 'Scan login')
  await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
  await tap(phone, 'Close')
  await phone.getByRole('heading', { name: 'WeChat' }).waitFor()
  await tap(phone, 'Scan login')
  t.strictSame(await calls(), [['launch', home], ['hide'], ['show', undefined]])
})

await t.test('phone: the mini program is started again with the same options when its frame failed to load', async (t) => {
  const { page, phone, calls, inPhone } = await openDemoPhone(t)
  await page.context().route('**/demo/phone/app', (route) => route.fulfill({ contentType: 'text/html', body: '<title>Nothing runs</title>' }), { times: 1 })
  await phone.getByRole('button', { name: 'Scan', exact: true }).click()
  await phone.locator('#pages iframe').waitFor({ state: 'attached' })
  await tap(phone, 'Close')
  t.strictSame(await calls(), [])
  await tap(phone, 'Scan login')
  await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
  t.strictSame(await calls(), [['launch', first]])
  t.equal(await inPhone('document.querySelectorAll("#pages iframe").length'), 1)
})

await t.test('phone: a new frame gets the last options when the mini program is reentered or restarts itself', async (t) => {
  const { phone, scan, calls, inPhone } = await openDemoPhone(t)
  await scan()
  await tap(phone, 'More')
  await tap(phone, 'Reenter mini program')
  await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
  t.strictSame(await calls(), [['launch', first], ['launch', first]])
  await inPhone('miniProgramHost.restart()')
  await phone.locator('#launch-screen').waitFor({ state: 'hidden' })
  t.strictSame(await calls(), [['launch', first]])
  t.equal(await phone.locator('#pages iframe').count(), 1)
})

await t.test('phone: the mini program goes to the background and comes back once when the person goes home and returns', async (t) => {
  const { phone, scan, calls, inPhone } = await openDemoPhone(t)
  await scan()
  await calls()
  await tap(phone, 'Home')
  await tap(phone, 'Home')
  t.equal(await phone.getByRole('heading', { name: 'Confirm' }).count(), 0)
  const setTab = (state: string) => inPhone(`Object.defineProperty(document, 'visibilityState', { value: '${state}', configurable: true }); document.dispatchEvent(new Event('visibilitychange'))`)
  await setTab('hidden')
  await setTab('visible')
  t.strictSame(await calls(), [['hide']], 'it is in the background already')
  await tap(phone, 'WeChat')
  await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
  t.strictSame(await calls(), [['show', undefined]])
  await setTab('hidden')
  await setTab('visible')
  t.strictSame(await calls(), [['hide'], ['show', undefined]], 'the tab was hidden')
})

await t.test('phone: the mini program is sent to the background once it runs when the person has left before', async (t) => {
  const { page, phone, calls } = await openDemoPhone(t)
  const asked = Promise.withResolvers<undefined>()
  const left = Promise.withResolvers<undefined>()
  await page.context().route('**/demo/phone/app', async (route) => {
    asked.resolve(undefined)
    await left.promise
    await route.fallback()
  })
  await tap(phone, 'Scan login')
  await asked.promise
  await phone.locator('#launch-screen').waitFor()
  await tap(phone, 'Close')
  left.resolve(undefined)
  await phone.locator('#launch-screen[hidden]').waitFor({ state: 'attached' })
  t.strictSame(await calls(), [['launch', home], ['hide']])
})

await t.test('phone: a scanned code is opened on returning to WeChat when the home screen is in front', async (t) => {
  const { page, phone, scan, calls } = await openDemoPhone(t)
  await scan()
  await tap(phone, 'Close')
  await calls()
  await page.clock.install()
  await page.clock.pauseAt(Date.now() + 60_000) // the camera must not find the code before the person has left it
  await tap(phone, 'Scan')
  await tap(phone, 'Home')
  await page.clock.runFor(5_000)
  t.strictSame(await calls(), [])
  await phone.getByRole('button', { name: 'Scan', exact: true }).waitFor({ state: 'hidden' })
  await tap(phone, 'WeChat')
  await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
  t.strictSame(await calls(), [['show', first]])
})

await t.test('phone: the mini program gets the text of any code when it scans, and none when the person goes back', async (t) => {
  const { phone, show, scan, calls, inFrame } = await openDemoPhone(t)
  await scan()
  await calls()
  const scanCode = () => inFrame("void host.scanCode({ onlyFromCamera: false }).then((text) => calls.push(['scanned', String(text)]))")
  for (const [text, act] of [['pages/login/login?scene=first', undefined], ['https://example.com', undefined], ['undefined', 'Back']] as const) {
    await show({ picture: pictureOf(text) })
    await scanCode()
    await phone.locator('#camera').waitFor()
    if (act !== undefined) await tap(phone, act)
    await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
    t.strictSame(await calls(), [['hide'], ['show', undefined], ['scanned', text]], text)
  }
  await tap(phone, 'Close')
  await calls()
  await scanCode()
  await phone.getByRole('heading', { name: 'WeChat' }).waitFor()
  t.strictSame(await calls(), [['scanned', 'undefined']], 'no camera in the background')
})

await t.test('E12 phone: the mini program\'s scanner takes no picture files when it asks for the camera only', async (t) => {
  const { phone, show, scan, calls, inFrame } = await openDemoPhone(t)
  await scan()
  await calls()
  await show({ html: '<img src="picture" hidden>' })
  await inFrame("void host.scanCode({ onlyFromCamera: true }).then((text) => calls.push(['scanned', String(text)]))")
  await phone.getByText('No code in view').waitFor()
  t.equal(await phone.locator('#choose-picture').isVisible(), false)
  await phone.locator('#picture').setInputFiles({ name: 'code.png', mimeType: 'image/png', buffer: pictureOf('pages/login/login?scene=first') })
  await tap(phone, 'Back')
  await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
  t.strictSame(await calls(), [['hide'], ['show', undefined], ['scanned', 'undefined']])
})

await t.test('phone: a message is shown when a code is not of a mini program', async (t) => {
  const { phone, show, calls } = await openDemoPhone(t)
  await show({ picture: pictureOf('https://evil.example/pages/login/login?scene=first') })
  await tap(phone, 'Scan')
  await phone.getByText("That isn't a mini-program code").waitFor()
  t.strictSame(await calls(), [])
  await show({ picture: pictureOf('pages/login/login?scene=first') })
  await tap(phone, 'Scan again')
  await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
  t.strictSame(await calls(), [['launch', first]])
})

await t.test('phone: every setting reaches the mini program when it is switched', async (t) => {
  const { page, phone, scan, calls, inFrame } = await openDemoPhone(t, { timezoneId: 'UTC' })
  await page.clock.setFixedTime('2026-01-02T23:04:05Z')
  await scan()
  await calls()
  const defaults = { online: true, clockOffsetMs: 0, fontSizePx: 16, theme: 'light', language: 'en' }
  const isDark = () => inFrame("matchMedia('(prefers-color-scheme: dark)').matches")
  t.strictSame(await inFrame('host.settings()'), defaults)
  t.equal(await isDark(), false)
  await openSettings(phone)
  for (const [name, change] of [
    ['Flight mode', { online: false }], ['Dark', { theme: 'dark' }], ['Large text', { fontSizePx: 22 }], ['Clock an hour fast', { clockOffsetMs: 3_600_000 }],
  ] as const) {
    const control = phone.getByRole('switch', { name })
    t.equal(await control.getAttribute('aria-checked'), 'false')
    await control.click()
    t.equal(await control.getAttribute('aria-checked'), 'true')
    t.strictSame(await calls(), [['settings', { ...defaults, ...change }]], name)
    t.equal(await isDark(), name === 'Dark', 'the frame follows the theme')
    t.equal(await phone.locator('#clock').innerText(), name === 'Clock an hour fast' ? '00:04' : '23:04', 'the phone shows its own time')
    await control.click()
    t.strictSame(await calls(), [['settings', defaults]], name)
  }
})

await t.test('phone: the theme follows the system\'s until the person switches it', async (t) => {
  const { page, phone } = await openDemoPhone(t, { colorScheme: 'dark' })
  const theme = (name: string) => phone.locator(`#phone[data-theme=${name}]`).waitFor()
  await theme('dark')
  await page.emulateMedia({ colorScheme: 'light' })
  await theme('light')
  await openSettings(phone)
  await phone.getByRole('switch', { name: 'Dark' }).click()
  await theme('dark')
  await phone.getByRole('switch', { name: 'Dark' }).click()
  await page.emulateMedia({ colorScheme: 'dark' })
  await page.evaluate('new Promise((resolve) => requestAnimationFrame(() => resolve()))')
  await theme('light')
})

await t.test('phone: the settings close, and the screen is inert until then, when Escape is pressed or the status bar or anything else is tapped', async (t) => {
  const { page, phone, calls, inPhone } = await openDemoPhone(t)
  const status = phone.getByRole('button', { name: 'Quick settings' })
  const sheet = phone.getByRole('dialog', { name: 'Quick settings' })
  for (const close of [
    () => page.keyboard.press('Escape'), () => status.click(), () => phone.locator('.glass').click({ position: { x: 100, y: 500 } }), () => phone.locator('#owner').click(), () => tap(phone, 'Home'),
  ]) {
    await status.click()
    await sheet.waitFor()
    t.equal(await status.getAttribute('aria-expanded'), 'true')
    t.equal(await inPhone("document.querySelector('#scan').closest('[inert]') !== null"), true)
    await close()
    await sheet.waitFor({ state: 'hidden' })
    t.equal(await status.getAttribute('aria-expanded'), 'false')
  }
  await tap(phone, 'WeChat')
  t.strictSame(await calls(), [])
})

await t.test('phone: the bar has the page\'s title and colours, and the phone\'s buttons, when a page configures it', async (t) => {
  const { phone, scan, calls, inFrame, inPhone } = await openDemoPhone(t)
  await scan()
  await calls()
  await tap(phone, 'Back')
  t.strictSame(await calls(), [['back']])
  t.equal(await inPhone("getComputedStyle(document.querySelector('#phone')).backgroundColor"), 'rgb(18, 52, 86)')
  t.equal(await inPhone("getComputedStyle(document.querySelector('#bar-title')).color"), 'rgb(255, 255, 255)')
  await inFrame("host.drawBar({ title: '<b>x</b>', background: '#eee', text: 'black', canGoBack: false })")
  await phone.getByRole('heading', { name: '<b>x</b>' }).waitFor()
  t.equal(await phone.getByRole('button', { name: 'Back' }).count(), 0)
  await tap(phone, 'More')
  await tap(phone, 'Cancel')
  await inFrame('host.exit()')
  await phone.getByRole('heading', { name: 'WeChat' }).waitFor()
  t.strictSame(await calls(), [['hide']])
})

await t.test('phone: the mini program gets its person\'s js_code, and none while the phone is offline', async (t) => {
  const { phone, scan, inFrame } = await openDemoPhone(t)
  people.length = 0
  await scan()
  t.equal(await inFrame('host.person'), 'Alex')
  t.equal(await inFrame('host.jsCode()'), 'js-code-1')
  await openSettings(phone)
  await phone.getByRole('switch', { name: 'Flight mode' }).click()
  t.equal(await inFrame("host.jsCode().catch((error) => 'none: ' + error.message)"), 'none: the phone is offline')
  t.strictSame(people, ['Alex'])
})

await t.test('phone: the focus is on a sensible element at each step when everything is done by keyboard', async (t) => {
  const { page, phone, calls, inFrame, inPhone } = await openDemoPhone(t)
  const press = async (...keys: string[]): Promise<void> => { for (const key of keys) await page.keyboard.press(key) }
  const focused = () => inPhone('document.activeElement.id || document.activeElement.dataset.switch || document.activeElement.tagName')
  await phone.locator('#scan').focus()
  await press('Enter')
  t.equal(await focused(), 'camera-back')
  await phone.getByRole('heading', { name: 'Confirm' }).waitFor()
  t.equal(await focused(), 'IFRAME')
  await press('Tab')
  t.equal(await inFrame('document.activeElement.textContent'), 'A page')
  await press('Shift+Tab')
  t.equal(await focused(), 'close')
  await press('Shift+Tab', 'Enter')
  t.equal(await focused(), 'reenter')
  await press('Escape')
  t.equal(await focused(), 'more')
  await press('Tab', 'Enter')
  t.equal(await focused(), 'scan')
  await press('Shift+Tab', 'Enter')
  t.equal(await focused(), 'flight')
  await press('Tab', 'Space', 'Escape')
  t.equal(await focused(), 'status')
  await press('Tab', 'Tab', 'Tab')
  t.equal(await focused(), 'home-line')
  await press('Enter')
  t.equal(await focused(), 'wechat-icon')
  await press('Enter', 'Tab', 'Enter')
  t.equal(await focused(), 'IFRAME')
  t.strictSame((await calls() as [string][]).map(([name]) => name), ['launch', 'hide', 'settings', 'show'])
})

for (const [locale, colorScheme, width] of [['en-US', 'light', 1280], ['zh-CN', 'dark', 320]] as const) {
  await t.test(`phone: every screen is accessible and fits when drawn ${colorScheme}, ${locale}, in a window of ${width} px`, async (t) => {
    const page = await openDemoPage(t, '/demo/phone?person=Kim', { locale, colorScheme, viewport: { width, height: 640 }, reducedMotion: 'reduce' })
    const faults = async (): Promise<string[]> => page.evaluate(`(async () => {
      const { violations } = await axe.run({ iframes: false })
      const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : []
      return [...violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()), ...wide]
    })()`)
    await page.evaluate(axe)
    t.equal(await page.locator('html').getAttribute('lang'), locale === 'zh-CN' ? 'zh-CN' : 'en')
    for (const [screen, ...taps] of [
      ['wechat'], ['settings', '#status'], ['large', '[data-switch=large]'], ['home screen', '#home-line'], ['camera', '#wechat-icon', '#scan'], ['mini program', '#camera-back', '#recent'], ['menu', '#more'],
    ] as const) {
      for (const each of taps) await page.locator(each).click()
      if (screen === 'mini program') await page.locator('#launch-screen').waitFor({ state: 'hidden' })
      t.strictSame(await faults(), [], screen)
    }
  })
}
