/** The login page's cost until the code is shown: bytes, requests, and the time to first paint. */
import type { Page, Route } from 'playwright-core'
import t, { type Test } from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { waitForStage } from '../support/open-page.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())
const service = await serveDemo(t)
const maxBytes = 30_000
const phone = { isMobile: true, hasTouch: true, userAgent: 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36' }
const screens = [
  { name: 'a computer', options: { viewport: { width: 1280, height: 800 } } },
  { name: 'a phone', options: { ...phone, viewport: { width: 360, height: 740 } } },
  { name: 'a larger phone', options: { ...phone, viewport: { width: 412, height: 915 } } },
] as const

const openScreen = async (t: Test, options: (typeof screens)[number]['options']): Promise<Page> => {
  const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce', ...options })
  t.teardown(() => context.close())
  context.setDefaultTimeout(15_000)
  return await context.newPage()
}

/** Holds back a request; `asked` resolves when it is made, `release` lets it go on. */
const holdBack = async (page: Page, path: string) => {
  let asked: (route: Route) => void
  const route = new Promise<Route>((resolve) => { asked = resolve })
  await page.route(path, (held) => { asked(held) })
  return { asked: route, release: async () => { await (await route).continue() } }
}

const untilPainted = async (page: Page): Promise<void> => { await page.waitForFunction(() => performance.getEntriesByName('first-contentful-paint').length > 0) }

/** Returns the boxes of card, title and stage, or of the stage's placeholder. On a phone there are buttons below the stage, and the card may grow downwards. */
const layout = (page: Page): Promise<unknown> => page.evaluate(`(() => {
  const box = ({ left, top, width, height }) => ({ left: Math.round(left), top: Math.round(top), width, height })
  const element = document.querySelector('scan-login')
  const stage = element.shadowRoot?.querySelector('.stage')
  const around = element.getBoundingClientRect()
  const placeholder = getComputedStyle(element, '::after')
  const size = parseFloat(placeholder.height)
  return {
    card: { ...box(document.querySelector('.card').getBoundingClientRect()), height: 'any' },
    title: box(document.querySelector('h1').getBoundingClientRect()),
    stage: box(stage ? stage.getBoundingClientRect() : { left: around.left + parseFloat(placeholder.marginLeft), top: around.bottom - parseFloat(getComputedStyle(element).paddingBottom) - size, width: parseFloat(placeholder.width), height: size }),
  }
})()`)

for (const { name, options } of screens) {
  await t.test(`weight: less than 30 kB are loaded, all from the service, until ${name} shows the code`, async (t) => {
    const page = await openScreen(t, options)
    const network = await page.context().newCDPSession(page)
    const urls = new Map<string, string>()
    const bytes = new Map<string, number>()
    network.on('Network.requestWillBeSent', ({ requestId, request }) => { urls.set(requestId, request.url) })
    network.on('Network.responseReceived', ({ requestId, response }) => { bytes.set(requestId, response.encodedDataLength) })
    network.on('Network.dataReceived', ({ requestId, encodedDataLength }) => { bytes.set(requestId, (bytes.get(requestId) ?? 0) + encodedDataLength) })
    network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => { bytes.set(requestId, encodedDataLength) })
    await network.send('Network.enable')
    await page.goto(`${service.url}/login`)
    await waitForStage(page, 'waiting')
    const addresses = [...urls.values()]
    t.strictSame(addresses.filter((url) => !/^(?:data|blob):/.test(url) && new URL(url).origin !== service.url), [])
    const isCode = (url: string): boolean => /\/api\/tickets\/[^/]+\/code$/.test(url)
    t.ok(addresses.some(isCode))
    const weights = [...bytes].map(([id, weight]) => [urls.get(id) ?? '', weight] as const).filter(([url]) => !isCode(url))
    const total = weights.reduce((sum, [, weight]) => sum + weight, 0)
    const list = weights.map(([url, weight]) => `${weight} ${url}`).join('\n')
    t.ok(weights.length >= 4 && weights.every(([, weight]) => weight > 0), `page, style sheet, script and ticket are counted:\n${list}`)
    t.ok(total < maxBytes, `${total} bytes:\n${list}`)
  })

  for (const [what, path] of [['the ticket', '**/api/tickets'], ['the script', '**/login.js?v=*'], ['the code', '**/code']] as const) {
    await t.test(`weight: ${name} shows the site's name, and nothing moves later, when ${what} is late`, async (t) => {
      const page = await openScreen(t, options)
      const held = await holdBack(page, path)
      await page.goto(`${service.url}/login`, { waitUntil: 'commit' })
      await Promise.race([held.asked, page.waitForTimeout(10_000).then(() => { throw new Error(`${path} was never requested`) })])
      await untilPainted(page)
      const title = page.locator('h1')
      t.match(await title.innerText(), 'Island Notes')
      t.equal(await title.isVisible(), true)
      t.equal(await page.locator('.code-image').count(), 0)
      const before = await layout(page)
      await held.release()
      await waitForStage(page, 'waiting')
      t.strictSame(await layout(page), before)
    })
  }
}
