/** The pages in the oldest browsers that static/README.md names: what they lack is taken away from Chromium, and no script or style uses syntax that they don't know. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generate, parse, walk, type WalkContext } from 'css-tree'
import { transformSync } from 'esbuild'
import { Linter } from 'eslint'
import type { Page } from 'playwright-core'
import t from 'tap'
import { oldestBrowsers } from '../../src/http/join-scripts.ts'
import { staticFolder } from '../../src/http/page-files.ts'
import { elementStyleSource, pageScripts } from '../../src/http/page-scripts.ts'
import { dictionaries } from '../../static/scan-login/words.js'
import { style } from '../../static/scan-login/style.js'
import { launchChromium } from '../support/chromium.ts'
import { accessibilityFaults, openPage, sessionBody, statusLine, waitForStage } from '../support/open-page.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())

/** Scripts that take away what an old browser lacks. */
const lacks = {
  'constructed style sheets': `
    delete Document.prototype.adoptedStyleSheets
    delete ShadowRoot.prototype.adoptedStyleSheets
    const CssStyleSheet = CSSStyleSheet
    globalThis.CSSStyleSheet = function () { throw new TypeError('Illegal constructor') }
    CSSStyleSheet.prototype = CssStyleSheet.prototype`,
  'a way to adopt style sheets': `
    delete Document.prototype.adoptedStyleSheets
    delete ShadowRoot.prototype.adoptedStyleSheets`,
  dialogs: `
    delete HTMLDialogElement.prototype.showModal
    delete HTMLDialogElement.prototype.close
    delete globalThis.HTMLDialogElement`,
  'what came after 2020': `
    const add = EventTarget.prototype.addEventListener
    EventTarget.prototype.addEventListener = function (type, listener, options) {
      return add.call(this, type, listener, typeof options === 'object' && options !== null ? { ...options, signal: undefined } : options)
    }
    for (const type of [Array, String, Int8Array.__proto__]) delete type.prototype.at
    for (const name of ['findLast', 'findLastIndex', 'toSorted', 'toReversed', 'toSpliced', 'with', 'group']) delete Array.prototype[name]
    for (const name of ['replaceAll', 'isWellFormed', 'toWellFormed']) delete String.prototype[name]
    for (const name of ['hasOwn', 'groupBy']) delete Object[name]
    for (const name of ['any', 'withResolvers', 'try']) delete Promise[name]
    for (const name of ['any', 'timeout', 'abort']) delete AbortSignal[name]
    for (const name of ['reason', 'throwIfAborted']) delete AbortSignal.prototype[name]
    for (const name of ['parse', 'canParse']) delete URL[name]
    for (const type of [Element, Document, DocumentFragment]) delete type.prototype.replaceChildren
    for (const name of ['structuredClone', 'BroadcastChannel', 'reportError', 'WeakRef', 'FinalizationRegistry', 'scheduler', 'requestIdleCallback', 'navigation', 'CompressionStream']) delete globalThis[name]
    for (const name of ['locks', 'userActivation', 'userAgentData', 'wakeLock', 'share', 'canShare']) delete Navigator.prototype[name]
    delete Crypto.prototype.randomUUID
    delete Response.json
    delete HTMLElement.prototype.inert
    delete HTMLElement.prototype.popover`,
}

const openIn = async (t: Parameters<typeof openPage>[0], lacking: readonly string[], options: Parameters<typeof openPage>[2] = {}) => {
  const opened = await openPage(t, browser, { locale: 'en-US', ...options })
  for (const script of lacking) await opened.page.addInitScript(`{${script}}`)
  return opened
}

/** Where the layout puts things, and how they are coloured. */
const looksOf = (page: Page): Promise<unknown> => page.locator('scan-login').evaluate((element: any) => [...element.shadowRoot.querySelectorAll('.stage, .paper, .ring, .number, .line, .help, footer, select')].filter((part) => part.closest('.leaving') === null).map((part) => {
  const { x, y, width, height } = part.getBoundingClientRect()
  const { color, backgroundColor, fill, stroke, borderRadius } = element.ownerDocument.defaultView.getComputedStyle(part)
  return [part.className, x, y, width, height, color, backgroundColor, fill, stroke, borderRadius].join()
}))

await t.test('old browsers: a login looks and goes as in a new one when the browser lacks what came later', async (t) => {
  const looks = []
  for (const lacking of [[], ...Object.values(lacks).map((script) => [script]), Object.values(lacks)]) {
    const { page, service, complaints } = await openIn(t, lacking, { colorScheme: 'dark', viewport: { width: 400, height: 800 } })
    const seen = []
    await page.goto(`${service.url}/login`)
    await waitForStage(page, 'waiting')
    seen.push(await looksOf(page))
    t.equal(await page.getByText(dictionaries.en.what1).isVisible(), false)
    t.equal(await page.locator('.too-old, .again').count(), 0)
    service.move({ state: 'scanned', match_code: '47' })
    await waitForStage(page, 'scanned')
    seen.push(await looksOf(page))
    service.move({ state: 'expired' })
    await waitForStage(page, 'late')
    seen.push(await looksOf(page))
    service.move({ state: 'confirmed' })
    await waitForStage(page, 'confirmed')
    service.script.session = { status: 200, body: sessionBody }
    await page.waitForURL('**/me')
    await page.getByText('Firefox · Linux').waitFor()
    delete service.script.session
    await page.getByText(dictionaries.en.logOut, { exact: true }).click()
    await page.getByText(dictionaries.en.justLoggedOut).waitFor()
    t.strictSame(complaints, [])
    looks.push(seen)
  }
  for (const seen of looks.slice(1)) t.strictSame(seen, looks[0])
})

await t.test('old browsers: our policy allows the style as the browser has it, and no other inline style', async (t) => {
  const { page, service, complaints } = await openIn(t, [lacks['constructed style sheets']])
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  const text: string = await page.locator('scan-login style').evaluate(({ textContent }: any) => textContent)
  t.equal(`'sha256-${createHash('sha256').update(text).digest('base64')}'`, elementStyleSource)
  t.strictSame(complaints, [])
  await page.locator('scan-login style').evaluate((element: any) => { element.textContent += '*{}' })
  t.match(complaints.join(), /style-src/)
})

await t.test('old browsers: the explanation opens and closes by keyboard and by a click beside it, and the focus returns, when there are no dialogs', async (t) => {
  const { page, service, complaints } = await openIn(t, [lacks.dialogs])
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  const panel = page.locator('.dialog')
  const opener = page.getByText(dictionaries.en.what, { exact: true })
  const focused = () => page.locator(':focus').last().innerText()
  for (const close of [() => page.keyboard.press('Enter'), () => page.keyboard.press('Escape'), () => page.mouse.click(5, 5)]) {
    await opener.press('Enter')
    await panel.waitFor()
    t.equal(await focused(), dictionaries.en.close)
    await page.keyboard.press('Tab')
    t.equal(await focused(), dictionaries.en.close)
    t.strictSame(await accessibilityFaults(page), [])
    await close()
    await panel.waitFor({ state: 'hidden' })
    t.equal(await focused(), dictionaries.en.what)
  }
  t.equal(await statusLine(page), dictionaries.en.waiting)
  t.strictSame(complaints, [])
})

await t.test('old browsers: an element that was removed starts no login when the page is shown again', async (t) => {
  const { page, service } = await openIn(t, [lacks['what came after 2020']])
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  await page.evaluate(`
    document.querySelector('scan-login').remove()
    new Promise((resolve) => setTimeout(resolve)).then(() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })))`)
  await service.until('cancel')
  await page.evaluate("fetch('api/session')") // a call that comes after any that the element would make
  await service.until('session')
  t.equal(service.count('create'), 1)
})

await t.test('old browsers: a browser with two kernels reads which one to take before it meets a script or a style', async (t) => {
  for (const name of ['login.html', 'me.html', 'refusal.html']) {
    const [head = ''] = (await readFile(join(staticFolder, name), 'utf8')).split(/<(?:link|script|title)/)
    for (const meta of ['<meta http-equiv="X-UA-Compatible" content="IE=edge,chrome=1">', '<meta name="renderer" content="webkit">', '<meta name="force-rendering" content="webkit">']) {
      t.ok(head.includes(meta), `${name}: ${meta}`)
    }
  }
})

/** Opens a page whose scripts don't run. Its texts are then visible or not by HTML and CSS alone. */
const openWithoutScripts = async (t: Parameters<typeof openPage>[0], path: string, { knowsClamp = true, hasStyle = true, ...options }: Parameters<typeof openPage>[2] & { knowsClamp?: boolean, hasStyle?: boolean }) => {
  const { page, service } = await openPage(t, browser, options)
  await page.route(/\/(?:login|me)\.js/, (route) => route.abort())
  if (!hasStyle) await page.route('**/style.css', (route) => route.abort())
  if (!knowsClamp) {
    await page.route('**/style.css', async (route) => {
      const response = await route.fetch()
      await route.fulfill({ response, body: (await response.text()).replaceAll('clamp(', 'later(') })
    })
  }
  await page.goto(`${service.url}/${path}`)
  return page
}

for (const path of ['login', 'me']) {
  await t.test(`old browsers: /${path} says in three languages which browser to take when this one is too old, and not to try again`, async (t) => {
    const page = await openWithoutScripts(t, path, { knowsClamp: false, viewport: { width: 320, height: 568 } })
    for (const text of ['浏览器太旧', '瀏覽器太舊', 'This browser is too old']) t.equal(await page.getByText(text).isVisible(), true, text)
    t.equal(await page.locator('.again').evaluate((again: any) => again.ownerDocument.defaultView.getComputedStyle(again).display), 'none')
    t.strictSame(await accessibilityFaults(page), [])
  })

  await t.test(`old browsers: /${path} says so, and nothing of an old browser, when scripts are off or don't come`, async (t) => {
    const off = await openWithoutScripts(t, path, { javaScriptEnabled: false })
    t.strictSame(await off.locator('.no-script p:visible').allInnerTexts(), ['请打开 JavaScript，再刷新页面。', '請開啟 JavaScript，再重新整理頁面。', 'Please turn on JavaScript, then reload.'])
    if (path === 'login') {
      const [text, square] = await Promise.all([off.locator('.no-script').boundingBox(), off.locator('scan-login').boundingBox()])
      t.hasStrict(text, { height: 240 }, 'on the square of the stage')
      t.ok((text?.y ?? NaN) > (square?.y ?? NaN) && (text?.y ?? NaN) + 240 < (square?.y ?? NaN) + (square?.height ?? NaN))
    }
    t.strictSame([await off.locator('.too-old').isVisible(), await off.locator('.again').isVisible()], [false, false])
    const missing = await openWithoutScripts(t, path, {})
    await missing.locator('.again').waitFor()
    t.equal(await missing.locator('.too-old').isVisible(), false)
    t.strictSame(await accessibilityFaults(missing), [])
    const bare = await openWithoutScripts(t, path, { hasStyle: false })
    await bare.locator('.again').waitFor()
    t.equal(await bare.locator('.too-old').isVisible(), false, 'neither style nor script')
  })
}

await t.test('old browsers: no script has syntax of later years', async (t) => {
  const faultsOf = (text: string): string[] => [
    ...new Linter().verify(text, [{ languageOptions: { ecmaVersion: 2020, sourceType: 'module' } }]).map(({ message }) => message),
    ...text.match(/\(\?<[=!]/g) ?? [], // look-behind is of 2018, but Safari has it since 16.4 only
  ]
  for (const later of ['class A { #a = 1 }', 'await 1', 'a ??= 1', 'class A { static { a() } }', 'const a = /(?<=a)b/']) t.ok(faultsOf(later).length > 0, later)
  for (const [name, { representations }] of await pageScripts()) t.strictSame(faultsOf(representations.identity.bytes.toString()), [], name)
})

/** By css-tree's names; esbuild knows others (nesting, `inset`, colours), but not these. */
const laterStyle = /^(?:(?:margin|padding|inset)-(?:inline|block)|inset.*|aspect-ratio|translate|rotate|scale|accent-color|container.*|scrollbar-gutter)$/
const laterSelector = /^(?:has|is|where|dir|user-valid|modal|popover-open)$/
const laterAtRule = /^(?:layer|container|property|scope|starting-style)$/
/** Later values are fine behind an older one: the browser takes the last that it knows. */
const laterValue = /^(?:\d+(?:dvh|svh|lvh|dvw|cqw|cqi)|anywhere|color-mix.*|oklch.*|light-dark.*)$/

await t.test('old browsers: no style has properties, selectors or rules of later years, or has an older value before them', async (t) => {
  const faultsOf = (css: string): string[] => {
    const faults: string[] = []
    const tree = parse(css)
    walk(tree, {
      visit: 'Rule',
      enter (this: WalkContext, { block }) {
        if (this.atrule?.name === 'supports') return
        const known = new Set<string>()
        block.children.forEach((node) => {
          if (node.type !== 'Declaration') return
          const isLater = generate(node.value).split(' ').some((part) => laterValue.test(part))
          if (isLater && !known.has(node.property)) faults.push(generate(node))
          if (!isLater) known.add(node.property)
          if (laterStyle.test(node.property)) faults.push(node.property)
        })
      },
    })
    walk(tree, (node) => {
      if (node.type === 'PseudoClassSelector' && laterSelector.test(node.name)) faults.push(node.name)
      if (node.type === 'Atrule' && laterAtRule.test(node.name)) faults.push(node.name)
    })
    const lowered = (target: readonly string[]): string => transformSync(css, { loader: 'css', target: [...target] }).code
    if (lowered(oldestBrowsers) !== lowered(['esnext'])) faults.push('esbuild would write it otherwise')
    return faults
  }
  for (const later of ['a { inset: 0 }', 'a { margin-inline: auto }', 'a:has(b) { top: 0 }', '@layer a { b { top: 0 } }', 'a { height: 100dvh }', 'a { b { top: 0 } }', 'a { appearance: none }', 'a { overflow-wrap: anywhere }']) t.ok(faultsOf(later).length > 0, later)
  t.strictSame(faultsOf('a { height: 100vh; height: 100dvh }'), [])
  t.strictSame(faultsOf('@supports (height: 1dvh) { a { height: 100dvh } }'), [])
  t.strictSame(faultsOf(style), [])
  t.strictSame(faultsOf(await readFile(join(staticFolder, 'style.css'), 'utf8')), [])
})
