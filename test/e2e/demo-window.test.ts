/** The demo's window in Chromium, at sizes from a phone's to a large screen: what of website and phone is in view, and what it tells of the login. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Locator } from 'playwright-core'
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { openWindow, serveDemo } from '../support/demo-window.ts'
import type { DemoWindow } from '../support/demo-window.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const { url } = await serveDemo(t)
const chromium = await launchChromium()
t.teardown(() => chromium.close())

/** Finds what isn't inside the viewport and inside the frame that shows it, and whether the page scrolls. */
const outOfView = async ({ page }: DemoWindow, parts: Record<string, Locator>): Promise<string[]> => {
  const { width, height } = page.viewportSize() ?? { width: 0, height: 0 }
  const around = { site: await page.locator('#site').boundingBox(), phone: await page.locator('.phone-slot').first().boundingBox() }
  const found = await Promise.all(Object.entries(parts).map(async ([name, part]) => {
    const box = await part.boundingBox()
    const frame = around[name.startsWith('site') ? 'site' : 'phone']
    if (box === null || frame === null) return `${name} isn't drawn`
    const [left, top, right, bottom] = [Math.max(0, frame.x), Math.max(0, frame.y), Math.min(width, frame.x + frame.width), Math.min(height, frame.y + frame.height)]
    return box.x >= left - 1 && box.y >= top - 1 && box.x + box.width <= right + 1 && box.y + box.height <= bottom + 1 ? '' : `${name}: ${JSON.stringify(box)} in ${JSON.stringify(frame)}`
  }))
  const scrolls = await page.evaluate('document.documentElement.scrollHeight > innerHeight || document.documentElement.scrollWidth > innerWidth')
  return [...found.filter((text) => text !== ''), ...scrolls === true ? ['the page scrolls'] : []]
}

const stepsOf = async ({ page }: DemoWindow): Promise<string> => (await page.locator('.steps li').evaluateAll((steps) =>
  steps.map((step) => step.classList.contains('done') ? 'done' : step.getAttribute('aria-current') ?? '-'))).join(' ')

const siteNames = { 'en-US': 'Island Notes', 'zh-CN': '小岛笔记', 'zh-TW': '小島筆記' }

for (const [width, height, locale] of [[400, 800, 'en-US'], [1280, 720, 'en-US'], [1280, 800, 'zh-CN'], [900, 700, 'zh-TW'], [1920, 1080, 'en-US'], [390, 664, 'zh-CN']] as const) {
  await t.test(`demo window: website and phone are both in view, from the first look to the end of the login, when it is ${width}×${height}, ${locale}`, async (t) => {
    const window = await openWindow(t, chromium, url, { locale, viewport: { width, height } })
    const { page, site } = window
    const phone = window.phone()
    await window.code.waitFor()
    t.strictSame(await outOfView(window, { 'site code': window.code, scan: phone.shell.locator('#scan'), 'home line': phone.shell.locator('#home-line') }), [], 'waiting')
    t.equal(await page.locator('#address').innerText(), `${new URL(url).host}/login`)
    t.equal(await stepsOf(window), 'step - -')
    const scale = Number(await page.locator('#phones').evaluate((phones) => phones.style.getPropertyValue('--scale')))
    t.ok(scale >= 0.7, `the phone's text is readable: scale ${scale}`)
    await window.siteSays(siteNames[locale])
    if (width > 860) {
      const [left, right] = await Promise.all([page.locator('.site').boundingBox(), phone.shell.locator('#phone').boundingBox()])
      t.equal(Math.round(left?.y ?? 0), Math.round(right?.y ?? 1), 'same top')
      t.ok(Math.abs((left?.y ?? 0) + (left?.height ?? 0) - (right?.y ?? 0) - (right?.height ?? 0)) <= 1, 'same bottom')
      t.ok((right?.x ?? 0) + (right?.width ?? 0) - (left?.x ?? 0) <= 1241, 'no wider than 1240 px')
    }

    await phone.scan()
    await phone.numbers.first().waitFor()
    const number = await window.number()
    await phone.says(siteNames[locale])
    const notMe = phone.button(/^(?:Not me|不是我)$/)
    t.strictSame(await outOfView(window, {
      'site number': site.locator('.layer:not(.leaving) .number'), first: phone.numbers.nth(0), second: phone.numbers.nth(1), third: phone.numbers.nth(2), 'not me': notMe,
    }), [], 'scanned')
    await page.locator('#step-number[aria-current]').waitFor()
    t.equal(await stepsOf(window), 'done step -')

    await phone.button(number).click()
    await site.locator('#log-out').waitFor()
    await phone.app.locator('.end').waitFor()
    await window.siteSays(siteNames[locale])
    t.strictSame(await outOfView(window, { 'site line': site.locator('#line'), 'site log-out': site.locator('#log-out'), 'end line': phone.app.locator('.end-line'), 'first action': phone.app.locator('.actions button').first() }), [], 'done')
    t.equal(await page.locator('#address').innerText(), `${new URL(url).host}/me`)
    await page.locator('#step-done.done').waitFor()
    t.equal(await stepsOf(window), 'done done done')
    await site.locator('#log-out').click()
    await page.locator('#step-scan[aria-current]').waitFor()
    t.equal(await stepsOf(window), 'step - -', 'after the log-out')
  })
}

await t.test('demo window: the first step is the current one again when the phone says no', async (t) => {
  const window = await openWindow(t, chromium, url)
  await window.phone().scan()
  await window.page.locator('#step-number[aria-current]').waitFor()
  await window.phone().button('Not me').click()
  await window.page.locator('#step-scan[aria-current]').waitFor()
  t.equal(await stepsOf(window), 'step - -')
})

await t.test('demo window: the website is a strip only as long as the window is narrow', async (t) => {
  const window = await openWindow(t, chromium, url, { viewport: { width: 400, height: 800 } })
  const isCompact = () => window.site.locator('scan-login').getAttribute('compact')
  await window.code.waitFor()
  t.equal(await isCompact(), '')
  await window.page.setViewportSize({ width: 1280, height: 800 })
  await window.site.locator('scan-login:not([compact])').waitFor()
  t.equal((await window.code.boundingBox())?.width, 208, 'its usual size')
  await window.page.setViewportSize({ width: 400, height: 800 })
  await window.site.locator('scan-login[compact]').waitFor()
  t.strictSame(await outOfView(window, { 'site code': window.code }), [])
})

await t.test('demo window: the host is not cut off beside many phones: the phone asks to compare it', async (t) => {
  for (const locale of ['en-US', 'zh-CN']) {
    const window = await openWindow(t, chromium, url, { locale })
    for (let n = 0; n < 3; n++) await window.addPhone()
    await window.page.locator('#registration').selectOption('closed') // the widest
    const address = await window.page.locator('.address').boundingBox()
    const host = await window.page.locator('.address .host').boundingBox()
    t.ok(host !== null && address !== null && host.x + host.width <= address.x + address.width, JSON.stringify({ locale, host, address }))
    await window.page.locator('#registration').selectOption('open')
  }
})

await t.test('phone: a ring calls for the first scan, and is gone after it; none moves when motion is reduced', async (t) => {
  for (const [reducedMotion, expected] of [['no-preference', 'call'], ['reduce', 'none']] as const) {
    const window = await openWindow(t, chromium, url, { reducedMotion })
    const scan = window.phone().shell.locator('#scan')
    const animation = () => scan.evaluate((button) => button.ownerDocument.defaultView.getComputedStyle(button).animationName)
    t.equal(await animation(), expected, reducedMotion)
    t.equal(await scan.evaluate((button) => button.ownerDocument.defaultView.getComputedStyle(button).animationIterationCount), expected === 'call' ? '2' : '1')
    await window.phone().scan()
    await window.phone().numbers.first().waitFor()
    t.equal(await animation(), 'none', 'after the first tap')
  }
})

await t.test('phone: a dialog of the mini program darkens the bars around it, and the input has no box when it has the focus', async (t) => {
  const window = await openWindow(t, chromium, url)
  const phone = window.phone()
  await phone.scan()
  await phone.button(await window.number()).click()
  await phone.button('My logins').click()
  const shadeOf = (part: string) => phone.shell.locator(part).evaluate((bar) => bar.ownerDocument.defaultView.getComputedStyle(bar, '::after').backgroundColor)
  const bars = ['#status', '#mini-program .bar', '#home-line']
  await phone.button(/^Log out Chrome/).click()
  await phone.app.getByRole('dialog').waitFor()
  for (const bar of bars) t.equal(await shadeOf(bar), 'rgba(0, 0, 0, 0.6)', bar)
  await phone.button('No').click()
  await phone.app.getByRole('dialog').waitFor({ state: 'hidden' })
  for (const bar of bars) t.equal(await shadeOf(bar), 'rgba(0, 0, 0, 0)', bar)
  await phone.button(/^Set a name/).click()
  const input = phone.app.locator('input').first()
  await input.focus()
  t.equal(await input.evaluate((field) => field.ownerDocument.defaultView.getComputedStyle(field).outlineStyle), 'none')
})

for (const [locale, colorScheme, width] of [['en-US', 'light', 1280], ['zh-CN', 'dark', 400], ['zh-TW', 'dark', 900]] as const) {
  await t.test(`demo window: it is accessible when drawn ${colorScheme}, ${locale}, ${width} px wide`, async (t) => {
    const window = await openWindow(t, chromium, url, { locale, colorScheme, viewport: { width, height: 800 } })
    const { page } = window
    await window.code.waitFor()
    await page.evaluate(axe)
    const faults = () => page.evaluate('axe.run({ iframes: false }).then(({ violations }) => violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join()))')
    t.strictSame(await faults(), [], 'waiting')
    t.equal(await page.locator('html').getAttribute('lang'), { 'en-US': 'en', 'zh-CN': 'zh-CN', 'zh-TW': 'zh-Hant' }[locale])
    await window.phone().scan()
    await page.locator('#step-number[aria-current]').waitFor()
    t.strictSame(await faults(), [], 'scanned')
  })
}
