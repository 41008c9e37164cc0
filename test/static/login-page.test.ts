import { setTimeout as sleep } from 'node:timers/promises'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { dictionaries } from '../../static/words.js'
import { launchChromium } from '../support/chromium.ts'
import { startScriptedService, type ScriptedService } from '../support/scripted-service.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')
const browser = await launchChromium()
t.teardown(() => browser.close())

/** Opens a context on a service of its own; what the page complains of is collected, less what the test's own faults make the network log. */
const open = async (t: Test, options: BrowserContextOptions = {}): Promise<{ page: Page, service: ScriptedService, complaints: string[] }> => {
  const service = await startScriptedService()
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  t.teardown(async () => {
    await context.close()
    await service.close()
  })
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => { complaints.push(error.message) })
  page.on('console', (message) => {
    if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text())
  })
  return { page, service, complaints }
}

const stage = async (page: Page, name: string): Promise<void> => { await page.locator(`.layer:not(.leaving)[data-stage="${name}"]`).waitFor() }
const line = (page: Page): Promise<string> => page.locator('#line').innerText()
const hide = (page: Page): Promise<unknown> => page.evaluate("Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' })")
const loggedIn = { user: { sub: 'sub', name: '小雨' }, session: { id: 'id', created_at: '2026-11-23T02:00:00Z', expires_at: '2027-02-21T02:00:00Z', browser: { name: 'Firefox', system: 'Linux', ip: '192.0.2.1', place: null } } }

/** Every state in turn, and what to wait for. */
const walk: readonly (readonly [string, (page: Page, service: ScriptedService) => Promise<unknown>])[] = [
  ['making', async (page, service) => {
    service.script.create = 'hold'
    await page.goto(`${service.url}/login`)
    await stage(page, 'making')
  }],
  ['no-code', async (page, service) => {
    service.script.create = { status: 503, headers: { 'retry-after': '60' }, body: { code: 'too-many-tickets' } }
    await page.reload()
    await stage(page, 'no-code')
  }],
  ['waiting', async (page, service) => {
    delete service.script.create
    await page.reload()
    await stage(page, 'waiting')
  }],
  ['offline', async (page) => {
    await page.context().setOffline(true)
    await page.locator('.trouble').waitFor()
  }],
  ['back online', async (page) => {
    await page.context().setOffline(false)
    await page.locator('.trouble').waitFor({ state: 'hidden' })
  }],
  ['scanned', async (page, service) => {
    service.move({ state: 'scanned', match_code: '47' })
    await stage(page, 'scanned')
  }],
  ['cancelled', async (page, service) => {
    service.move({ state: 'cancelled' })
    await stage(page, 'cancelled')
  }],
  ['scanned without a number', async (page, service) => {
    service.move({ state: 'scanned' })
    await stage(page, 'scanned')
  }],
  ['late', async (page, service) => {
    service.move({ state: 'expired' })
    await stage(page, 'late')
  }],
  ['expired', async (page, service) => {
    await hide(page)
    service.move({ state: 'expired' })
    await stage(page, 'expired')
  }],
  ['renewed', async (page) => {
    await page.evaluate('delete document.visibilityState')
    await page.locator('#stage button').click()
    await stage(page, 'waiting')
  }],
  ['confirmed', async (page, service) => {
    service.move({ state: 'confirmed' })
    await stage(page, 'confirmed')
  }],
]

const looks = [
  { locale: 'zh-CN', colorScheme: 'light', viewport: { width: 320, height: 568 } },
  { locale: 'en-US', colorScheme: 'dark', viewport: { width: 320, height: 568 } },
  { locale: 'en-US', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
] as const

/** What axe finds wrong, and what is wider than the window. */
const faultsOf = (page: Page): Promise<string[]> => page.evaluate(`(async () => {
  const { violations } = await axe.run()
  const wide = document.documentElement.scrollWidth > innerWidth ? ['wider than the window'] : []
  return [...violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html).join()), ...wide]
})()`)

for (const look of looks) {
  await t.test(`login page: every state is accessible and nothing jumps when drawn ${look.colorScheme}, ${look.locale}, ${look.viewport.width} px wide`, async (t) => {
    const { page, service, complaints } = await open(t, look)
    const words = look.locale === 'zh-CN' ? dictionaries.zh : dictionaries.en
    const places = new Set<string>()
    for (const [name, go] of walk) {
      await go(page, service)
      places.add(JSON.stringify(await page.locator('#stage').boundingBox()))
      if (name === 'confirmed') break // it leaves by itself, and axe takes longer than that
      await page.evaluate(axe)
      t.strictSame(await faultsOf(page), [], name)
    }
    t.equal(places.size, 1, [...places].join())
    t.equal(await line(page), words.confirmed)
    service.script.session = { status: 200, body: loggedIn }
    await page.waitForURL('**/me')
    await page.getByText('Firefox · Linux').waitFor()
    await page.evaluate(axe)
    t.strictSame(await faultsOf(page), [])
    t.equal(await page.locator('html').getAttribute('lang'), words.lang)
    t.strictSame(complaints, [])
  })
}

await t.test('login page: it shows and says each step once, in words that a screen reader hears', async (t) => {
  const { page, service, complaints } = await open(t, { locale: 'en-US' })
  await page.addInitScript(`
    globalThis.heard = []
    new MutationObserver((changes) => { if (changes.some(({ target }) => target.id === 'line')) heard.push(line.textContent) })
      .observe(document, { childList: true, characterData: true, subtree: true })
  `)
  await page.goto(`${service.url}/login`)
  await stage(page, 'waiting')
  t.ok(await page.evaluate("document.querySelector('.ring').getAnimations().length === 1 && document.querySelector('.code-image').complete"))
  t.equal(await page.locator('.code-image').getAttribute('alt'), dictionaries.en.codeAlt)
  t.strictSame(await page.evaluate("(({ width, height }) => [width, height])(document.querySelector('.code-image'))"), [208, 208])
  service.move({ state: 'scanned', match_code: '47' })
  await stage(page, 'scanned')
  t.equal(await page.locator('.number').innerText(), '47')
  service.move({ state: 'confirmed' })
  await stage(page, 'confirmed')
  t.equal(await page.locator('.person').innerText(), '小雨')
  t.strictSame(await page.evaluate('heard'), ['Getting your code…', 'Scan with WeChat to log in', 'Tap this number on your phone 47', "You're in"])
  t.equal(await page.locator('#line').getAttribute('role'), 'status')
  t.strictSame(complaints, [])
})

await t.test('login page: the paper of the code is white when the theme is dark', async (t) => {
  const { page, service } = await open(t, { colorScheme: 'dark' })
  await page.goto(`${service.url}/login`)
  await stage(page, 'waiting')
  t.equal(await page.evaluate("getComputedStyle(document.querySelector('.paper')).backgroundColor"), 'rgb(255, 255, 255)')
})

await t.test('login page: it goes where the server says when the visitor is in, and cannot be stepped back to', async (t) => {
  const { page, service } = await open(t)
  service.script.consume = { status: 200, body: { access_token: 'a', user: { name: null }, return_to: '/some/where/me?from=shop' } }
  await page.goto(`${service.url}/me`)
  await page.goto(`${service.url}/login?return_to=%2Fsome%2Fwhere%2Fme%3Ffrom%3Dshop&ticket=planted`)
  await stage(page, 'waiting')
  t.equal(service.calls.find(({ call }) => call === 'create')?.body, '{"return_to":"/some/where/me?from=shop"}')
  t.notOk(service.calls.some(({ url }) => url.includes('planted')))
  service.move({ state: 'confirmed' })
  await page.waitForURL('**/me?from=shop')
  t.equal(await page.evaluate('history.length'), 3, 'blank, me, and the page that took the place of login')
})

await t.test('login page: it gives its ticket up when it is left, and a reload brings a fresh code', async (t) => {
  const { page, service, complaints } = await open(t)
  await page.goto(`${service.url}/login`)
  await stage(page, 'waiting')
  const first = await page.locator('.code-image').getAttribute('src')
  await page.reload()
  await service.until('giveUp')
  t.match(service.calls.find(({ call }) => call === 'giveUp')?.url, /\/api\/tickets\/ticket10+$/)
  await stage(page, 'waiting')
  t.not(await page.locator('.code-image').getAttribute('src'), first)
  t.equal(service.count('create'), 2)
  t.strictSame(complaints, [])
})

await t.test('login page: the picture is fetched again, once shown, when the first try got none', async (t) => {
  const { page, service } = await open(t, { locale: 'en-US' })
  service.script.code = { status: 503, headers: { 'retry-after': '1' }, body: { code: 'wechat-unavailable' } }
  await page.goto(`${service.url}/login`)
  await stage(page, 'no-code')
  t.equal(await line(page), "Can't get a code right now; trying again")
  delete service.script.code
  await stage(page, 'waiting')
  t.equal(service.count('create'), 1)
})

await t.test('login page: the language can be switched, stays so after a reload, and the code stays where it is', async (t) => {
  const { page, service } = await open(t, { locale: 'zh-CN' })
  await page.goto(`${service.url}/login`)
  await stage(page, 'waiting')
  t.equal(await line(page), '用微信扫一扫登录')
  await page.evaluate("document.querySelector('.layer:not(.leaving)').id = 'same'")
  await page.locator('#language').click()
  t.equal(await line(page), 'Scan with WeChat to log in')
  t.equal(await page.locator('#same').count(), 1)
  t.equal(service.count('create'), 1)
  await page.reload()
  await stage(page, 'waiting')
  t.equal(await line(page), 'Scan with WeChat to log in')
  t.equal(await page.title(), 'Log in to Example')
})

await t.test('login page: it explains itself when asked, by keyboard, and the way back is where it was', async (t) => {
  const { page, service } = await open(t, { locale: 'en-US' })
  await page.goto(`${service.url}/login`)
  await stage(page, 'waiting')
  await page.keyboard.press('Tab')
  t.equal(await page.locator(':focus').innerText(), 'What is this?')
  t.equal(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle'), 'solid')
  await page.keyboard.press('Enter')
  t.equal(await page.locator('dialog p').count(), 3)
  await page.evaluate(axe)
  t.strictSame(await faultsOf(page), [])
  await page.keyboard.press('Enter')
  await page.locator('dialog').waitFor({ state: 'hidden' })
  t.equal(await page.locator(':focus').innerText(), 'What is this?')
})

await t.test('login page: it cross-fades and leaves one layer when motion is welcome, and does not when it is not', async (t) => {
  for (const [reducedMotion, fades] of [['no-preference', true], ['reduce', false]] as const) {
    const { page, service } = await open(t, { reducedMotion })
    await page.goto(`${service.url}/login`)
    await stage(page, 'waiting')
    t.equal(await page.evaluate("getComputedStyle(document.querySelector('.layer:not(.leaving)')).animationName === 'appear'"), fades)
    await page.locator('.leaving').waitFor({ state: 'detached' })
    t.equal(await page.locator('.layer').count(), 1)
  }
})

await t.test('login page: a login stays in its frame when it is framed 400 px wide', async (t) => {
  const { page, service } = await open(t)
  const around = `${service.url}/around`
  await page.route(around, (route) => route.fulfill({ contentType: 'text/html', body: '<iframe src="login" width="400" height="640"></iframe>' }))
  await page.goto(around)
  const frame = page.frameLocator('iframe')
  await frame.locator('[data-stage="waiting"]').waitFor()
  service.move({ state: 'confirmed' })
  await frame.locator('#log-in').waitFor()
  t.strictSame(page.frames().map((each) => each.url()), [around, `${service.url}/me`])
})

await t.test('me page: it says calmly that nobody is in, and where to log in', async (t) => {
  const { page, service, complaints } = await open(t, { locale: 'en-US' })
  await page.goto(`${service.url}/me`)
  await page.locator('#log-in').waitFor()
  t.equal(await line(page), "You're not logged in")
  t.notOk(await page.locator('#log-out').isVisible())
  await page.evaluate(axe)
  t.strictSame(await faultsOf(page), [])
  await page.locator('#log-in').click()
  await stage(page, 'waiting')
  t.strictSame(complaints, [])
})

await t.test('me page: it tells who is in, where and until when, and logs out when told to', async (t) => {
  const { page, service, complaints } = await open(t, { locale: 'en-US', timezoneId: 'Asia/Shanghai' })
  service.script.session = { status: 200, body: loggedIn }
  await page.goto(`${service.url}/me`)
  await page.locator('#log-out').waitFor()
  t.equal(await page.locator('#name').innerText(), '小雨')
  t.match(await page.locator('#facts').innerText(), /^Since\s+Nov 23, 2026, 10:00\sAM\s+Browser\s+Firefox · Linux\s+Until\s+Feb 21, 2027, 10:00\sAM$/)
  service.script.logOut = { status: 503, body: { code: 'store-unavailable' } }
  await page.locator('#log-out').click()
  await page.getByText("That didn't work; please try again").waitFor()
  delete service.script.logOut
  await page.locator('#log-out').click()
  await page.locator('#log-in').waitFor()
  t.equal(service.calls.at(-1)?.headers['sec-fetch-site'], 'same-origin')
  t.strictSame(complaints, [])
})

await t.test('me page: it sees by itself, and says once, that the phone has signed this browser out', async (t) => {
  const { page, service, complaints } = await open(t, { locale: 'en-US' })
  await page.addInitScript(`
    globalThis.heard = []
    new MutationObserver((changes) => { if (changes.some(({ target }) => target.id === 'line')) heard.push(line.textContent) })
      .observe(document, { childList: true, characterData: true, subtree: true })
  `)
  service.script.session = { status: 200, body: loggedIn }
  await page.goto(`${service.url}/me`)
  await page.locator('#log-out').waitFor()
  while (service.count('session') < 3) await sleep(50)
  service.script.session = { status: 401, body: { code: 'unauthenticated' } }
  await page.locator('#log-in').waitFor()
  t.strictSame(await page.evaluate('heard'), ['Looking…', "You're logged in", "You're not logged in"])
  t.strictSame(complaints, [])
})

await t.test('me page: it goes on asking when the answer is no answer, and names a person without a name', async (t) => {
  const { page, service } = await open(t, { locale: 'en-US' })
  service.script.session = { status: 502, body: '<html>' }
  await page.goto(`${service.url}/me`)
  await page.getByText("Can't connect right now; still trying").waitFor()
  service.script.session = { status: 200, body: { ...loggedIn, user: { sub: 's', name: null } } }
  await page.locator('#log-out').waitFor()
  t.equal(await page.locator('#name').innerText(), 'WeChat user')
  service.script.session = { status: 200, body: { ...loggedIn, session: { ...loggedIn.session, browser: { name: 'Unknown browser', system: 'Unknown system' } } } }
  await page.locator('#language').click()
  await page.getByText('未知浏览器').waitFor()
})
