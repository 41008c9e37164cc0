/** How a site changes the look and language of `<scan-login>`: attributes, properties, parts, slots. */
import type { Locator } from 'playwright-core'
import t from 'tap'
import { dictionaries } from '../../static/scan-login/words.js'
import { launchChromium } from '../support/chromium.ts'
import { approve, openHostSite, openHostPage } from '../support/host-site.ts'
import { accessibilityFaults, waitForStage } from '../support/open-page.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())
const site = await openHostSite(t)

const styleOf = (what: Locator, property: string): Promise<string> =>
  what.evaluate((element: any, property) => element.ownerDocument.defaultView.getComputedStyle(element).getPropertyValue(property), property)

await t.test('element: its language is that of its attribute, else the visitor\'s, when the attribute changes', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login>'), { locale: 'en-US' })
  await waitForStage(host.page, 'waiting')
  for (const [locale, words] of [['zh-CN', dictionaries.zh], ['zh-TW', dictionaries['zh-Hant']], ['zh-HK', dictionaries['zh-Hant']], ['en', dictionaries.en], ['zh', dictionaries.zh], ['de', dictionaries.en]] as const) {
    await host.page.locator('scan-login').evaluate((element: any, locale) => { element.setAttribute('locale', locale) }, locale)
    t.equal(await host.page.locator('.line').innerText(), words.waiting, locale)
    t.equal(await host.page.locator('.help').innerText(), words.waitingHelp, locale)
    t.equal(await host.page.locator('scan-login').getAttribute('lang'), words.lang, 'for screen readers and fonts')
    t.equal(await host.page.locator('.code-image').getAttribute('alt'), words.codeAlt)
  }
  const chinese = await openHostPage(t, browser, site.addPage('<scan-login locale="tlh"></scan-login>'), { locale: 'zh-TW' })
  await waitForStage(chinese.page, 'waiting')
  t.equal(await chinese.page.locator('.line').innerText(), dictionaries['zh-Hant'].waiting)
})

await t.test('element: the others keep their language when one is switched', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login id="one" locale="en"></scan-login><scan-login id="two" locale="en"></scan-login>'))
  await waitForStage(host.page.locator('#one'), 'waiting')
  await waitForStage(host.page.locator('#two'), 'waiting')
  await host.page.locator('#two select').selectOption('zh')
  t.equal(await host.page.locator('#one .line').innerText(), dictionaries.en.waiting)
  t.equal(await host.page.locator('#two .line').innerText(), dictionaries.zh.waiting)
})

for (const [theme, colorScheme, ink] of [['light', 'dark', 'rgb(23, 26, 30)'], ['dark', 'light', 'rgb(238, 240, 242)'], ['', 'dark', 'rgb(238, 240, 242)'], ['', 'light', 'rgb(23, 26, 30)']] as const) {
  await t.test(`element: its theme is ${theme === '' ? 'the system\'s' : theme} when the attribute is "${theme}" and the system ${colorScheme}`, async (t) => {
    const host = await openHostPage(t, browser, site.addPage(`<scan-login ${theme === '' ? '' : `theme="${theme}"`}></scan-login>`), { colorScheme })
    await waitForStage(host.page, 'waiting')
    t.equal(await styleOf(host.page.locator('.line'), 'color'), ink)
    t.equal(await styleOf(host.page.locator('scan-login'), 'color-scheme'), theme === '' ? colorScheme : theme)
    t.equal(await styleOf(host.page.locator('.paper'), 'background-color'), 'rgb(255, 255, 255)', 'the code is always on white')
  })
}

await t.test('element: it is smaller, without help and footer, and a whole login fits, when it is compact', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login compact locale="en"></scan-login>'))
  const { ticket } = await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  const box = await host.page.locator('.stage').boundingBox()
  t.hasStrict(box, { width: 184, height: 184 })
  t.ok(((await host.page.locator('scan-login').boundingBox())?.width ?? 999) <= 240)
  t.ok(((await host.page.locator('scan-login').boundingBox())?.height ?? 999) < 360)
  for (const hidden of ['.help', 'footer', 'select']) t.equal(await host.page.locator(hidden).isVisible(), false, hidden)
  await approve(await site.phone(), host, ticket)
  await waitForStage(host.page, 'confirmed')
  t.strictSame(await host.page.locator('.stage').boundingBox(), box, 'the layout stays')
})

await t.test('element: the ring follows the edge of the paper when the site sets its size and radius', async (t) => {
  for (const [css, start] of [['', 'M120 1H214a25 25'], ['scan-login { --scan-login-size: 200px; --scan-login-radius: 8px }', 'M100 1H192a7 7'], ['scan-login { --scan-login-radius: 0px }', 'M120 1H239a0 0']] as const) {
    const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login>', { css }))
    await waitForStage(host.page, 'waiting')
    const outline = await host.page.locator('.ring path').getAttribute('d')
    t.ok(outline?.startsWith(start), `${outline}`)
  }
})

await t.test('element: its text grows with the page\'s, is as the site sets it, and is never smaller where the page\'s rem is', async (t) => {
  for (const [css, full, compact] of [['', '17px', '15px'], ['html { font-size: 200% }', '34px', '30px'], ['html { font-size: 62.5% }', '17px', '15px'], ['scan-login { --scan-login-font-size: 20px }', '20px', '20px']] as const) {
    const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login><scan-login compact></scan-login>', { css }))
    await waitForStage(host.page, 'waiting')
    t.strictSame([await styleOf(host.page.locator('.line').first(), 'font-size'), await styleOf(host.page.locator('.line').last(), 'font-size')], [full, compact], css)
  }
})

await t.test('element: what it draws on has the tint of the page\'s ground when the site sets no color for it', async (t) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login>', { css: 'body { background: #f6ecd9 }' }), { colorScheme })
    const { ticket } = await host.waitForStep('ticket')
    await (await site.phone()).scan(ticket)
    await waitForStage(host.page, 'scanned')
    t.match(await styleOf(host.page.locator('.number'), 'background-color'), /^color\(srgb .* \/ 0\.08\)$/)
  }
})

await t.test('element: every custom property applies, in both themes, when the site sets it', async (t) => {
  const css = `scan-login {
    --scan-login-ink: rgb(1, 1, 1); --scan-login-on-ink: rgb(2, 2, 2); --scan-login-press: rgb(3, 3, 3); --scan-login-soft: rgb(4, 4, 4); --scan-login-faint: rgb(5, 5, 5);
    --scan-login-edge: rgb(6, 6, 6); --scan-login-sheet: rgb(7, 7, 7); --scan-login-good: rgb(8, 8, 8); --scan-login-warn: rgb(9, 9, 9); --scan-login-accent: rgb(10, 10, 10); --scan-login-on-accent: rgb(11, 11, 11);
    --scan-login-radius: 3px; --scan-login-size: 200px; --scan-login-font: monospace;
  }`
  for (const how of ['theme="light"', 'theme="dark"', 'compact']) {
    const host = await openHostPage(t, browser, site.addPage(`<scan-login ${how}></scan-login>`, { css }))
    const { ticket } = await host.waitForStep('ticket')
    await waitForStage(host.page, 'waiting')
    t.equal(await styleOf(host.page.locator('.line'), 'color'), 'rgb(1, 1, 1)')
    t.equal(await styleOf(host.page.locator('.help'), 'color'), 'rgb(4, 4, 4)')
    t.equal(await styleOf(host.page.locator('.line'), 'font-family'), 'monospace')
    t.equal(await styleOf(host.page.locator('.stage'), 'width'), '200px')
    t.equal(await styleOf(host.page.locator('.paper'), 'border-radius'), '3px')
    t.equal(await styleOf(host.page.locator('dialog'), 'background-color'), 'rgb(7, 7, 7)')
    t.equal(await styleOf(host.page.locator('dialog .main'), 'color'), 'rgb(11, 11, 11)')
    t.equal(await styleOf(host.page.locator('dialog .main'), 'background-color'), 'rgb(10, 10, 10)')
    const phone = await site.phone()
    await phone.scan(ticket)
    await waitForStage(host.page, 'scanned')
    t.equal(await styleOf(host.page.locator('.number'), 'background-color'), 'rgb(5, 5, 5)')
    await approve(phone, host, ticket)
    await waitForStage(host.page, 'confirmed')
    t.equal(await styleOf(host.page.locator('.check'), 'color'), 'rgb(8, 8, 8)')
    t.equal(await styleOf(host.page.locator('.line'), 'color'), 'rgb(8, 8, 8)')
    t.strictSame(host.complaints, [])
  }
})

await t.test('element: every part is styled when the site selects it with ::part', async (t) => {
  const parts = { stage: '.stage', code: '.code-image', line: '.line', help: '.help', button: 'dialog .main', link: '[data-action=explain]', footer: 'footer', number: '.number' }
  const css = Object.keys(parts).map((part, at) => `scan-login::part(${part}) { outline: ${at + 1}px solid; }`).join('\n')
  const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login>', { css }))
  const { ticket } = await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  for (const [at, [part, selector]] of Object.entries(parts).entries()) {
    if (part === 'number') {
      await (await site.phone()).scan(ticket)
      await waitForStage(host.page, 'scanned')
    }
    t.equal(await styleOf(host.page.locator(selector), 'outline-width'), `${at + 1}px`, part)
  }
})

await t.test('element: slotted content is in its place, in the site\'s style, and the page is accessible when the site fills the slots', async (t) => {
  const css = 'h1, p { color: rgb(10, 20, 30) }'
  const host = await openHostPage(t, browser, site.addPage('<scan-login locale="en" theme="light"><h1 slot="above">Shop</h1><p slot="below">Or <a href="/other">another way</a></p></scan-login>', { css }))
  await waitForStage(host.page, 'waiting')
  const topOf = async (selector: string): Promise<number> => (await host.page.locator(selector).boundingBox())?.y ?? NaN
  const order = [await topOf('h1'), await topOf('.stage'), await topOf('.line'), await topOf('scan-login > p'), await topOf('footer')]
  t.strictSame(order, [...order].sort((a, b) => a - b))
  t.equal(await styleOf(host.page.locator('h1'), 'color'), 'rgb(10, 20, 30)')
  t.strictSame(await accessibilityFaults(host.page), [])
  t.strictSame(host.complaints, [])
})
