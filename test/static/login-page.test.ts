import t from 'tap'
import { dictionaries } from '../../static/scan-login/words.js'
import { launchChromium } from '../support/chromium.ts'
import { accessibilityFaults, announcements, hide, statusLine, recordAnnouncements, rememberLogin, sessionBody, openPage, unhide, waitForFade, waitForStage } from '../support/open-page.ts'
import type { Page, Request } from 'playwright-core'
import type { ScriptedService } from '../support/scripted-service.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())

/** Every state in turn, and what to wait for. */
const walk: readonly (readonly [string, (page: Page, service: ScriptedService) => Promise<unknown>])[] = [
  ['making', async (page, service) => {
    service.script.create = 'hold'
    await page.goto(`${service.url}/login`)
    await waitForStage(page, 'making')
  }],
  ['no-code', async (page, service) => {
    service.script.create = { status: 503, headers: { 'retry-after': '60' }, body: { code: 'too-many-tickets' } }
    await page.reload()
    await waitForStage(page, 'no-code')
  }],
  ['waiting', async (page, service) => {
    delete service.script.create
    await page.reload()
    await waitForStage(page, 'waiting')
  }],
  ['offline', async (page) => {
    await page.context().setOffline(true)
    await page.locator('.trouble').filter({ visible: true }).waitFor()
  }],
  ['back online', async (page) => {
    await page.context().setOffline(false)
    await page.locator('.trouble').waitFor({ state: 'hidden' })
  }],
  ['scanned', async (page, service) => {
    service.move({ state: 'scanned', match_code: '47' })
    await waitForStage(page, 'scanned')
  }],
  ['scanned and offline', async (page) => {
    await page.context().setOffline(true)
    await page.locator('.trouble').filter({ visible: true }).waitFor()
    await page.getByText(/^(?:请在手机上点选或输入这个数字|Enter this number on your phone)/).waitFor()
  }],
  ['scanned and online', async (page) => {
    await page.context().setOffline(false)
    await page.locator('.trouble').waitFor({ state: 'hidden' })
  }],
  ['cancelled', async (page, service) => {
    service.move({ state: 'cancelled' })
    await waitForStage(page, 'cancelled')
  }],
  ['scanned without a number', async (page, service) => {
    service.move({ state: 'scanned' })
    await waitForStage(page, 'scanned')
  }],
  ['late', async (page, service) => {
    service.move({ state: 'expired' })
    await waitForStage(page, 'late')
  }],
  ['expired', async (page, service) => {
    await hide(page)
    service.move({ state: 'expired' })
    await waitForStage(page, 'expired')
  }],
  ['renewed', async (page) => {
    await unhide(page)
    await page.locator('.stage button').click()
    await waitForStage(page, 'waiting')
  }],
  ['refused', async (page, service) => {
    service.script.consume = { status: 403, body: { code: 'person-waiting' } }
    service.move({ state: 'confirmed' })
    await waitForStage(page, 'refused')
  }],
  ['renewed after a refusal', async (page, service) => {
    delete service.script.consume
    await page.locator('.stage button').click()
    await waitForStage(page, 'waiting')
  }],
  ['confirmed', async (page, service) => {
    service.move({ state: 'confirmed' })
    await waitForStage(page, 'confirmed')
  }],
]

const variants = [
  { locale: 'zh-CN', colorScheme: 'light', viewport: { width: 320, height: 568 } },
  { locale: 'en-US', colorScheme: 'dark', viewport: { width: 320, height: 568 } },
  { locale: 'en-US', colorScheme: 'light', viewport: { width: 390, height: 844 } },
  { locale: 'en-US', colorScheme: 'light', viewport: { width: 1280, height: 800 } },
  { locale: 'zh-CN', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
] as const

for (const variant of variants) {
  await t.test(`login page: every state is accessible and nothing moves when drawn ${variant.colorScheme}, ${variant.locale}, ${variant.viewport.width} px wide`, async (t) => {
    const { page, service, complaints } = await openPage(t, browser, variant)
    const words = variant.locale === 'zh-CN' ? dictionaries.zh : dictionaries.en
    const boxes = new Set<string>()
    for (const [name, go] of walk) {
      await go(page, service)
      if (name === 'confirmed') break // the page goes on by itself, sooner than a busy machine measures it
      boxes.add(JSON.stringify([await page.locator('.stage').boundingBox(), await page.locator('footer').boundingBox()]))
      t.strictSame(await accessibilityFaults(page), [], name)
    }
    t.equal(boxes.size, 1, [...boxes].join())
    const [[{ x, width }]] = [...boxes].map((box) => JSON.parse(box)) as [[{ x: number, width: number }]]
    t.equal(x + width / 2, variant.viewport.width / 2, 'in the middle')
    t.equal(await statusLine(page), words.confirmed)
    service.script.session = { status: 200, body: sessionBody }
    await page.waitForURL('**/me')
    await page.getByText('Firefox · Linux').waitFor()
    t.strictSame(await accessibilityFaults(page), [])
    t.equal(await page.locator('html').getAttribute('lang'), words.lang)
    t.strictSame(complaints, [])
  })
}

await t.test('login page: it shows and announces each state once', async (t) => {
  const { page, service, complaints } = await openPage(t, browser, { locale: 'en-US' })
  await recordAnnouncements(page)
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  const ringLeft = (): Promise<number> => page.locator('.ring path').evaluate((path: any) => Number(path.getAttribute('stroke-dashoffset')))
  const before = await ringLeft()
  t.ok(before > -0.2 && before <= 0)
  while (await ringLeft() >= before) await page.waitForTimeout(100)
  t.equal(await page.locator('.code-image').evaluate((image: any) => image.complete), true)
  t.equal(await page.locator('.code-image').getAttribute('alt'), dictionaries.en.codeAlt)
  t.strictSame(await page.locator('.code-image').evaluate(({ width, height }: any) => [width, height]), [208, 208])
  service.move({ state: 'scanned', match_code: '47' })
  await waitForStage(page, 'scanned')
  t.equal(await page.locator('.number').innerText(), '47')
  service.move({ state: 'confirmed' })
  await waitForStage(page, 'confirmed')
  t.equal(await page.locator('.person').innerText(), '小雨')
  t.strictSame(await announcements(page), ['Getting your code…', 'Scan with WeChat to log in', 'Enter this number on your phone 47', "You're in"])
  t.equal(await page.locator('.line').getAttribute('role'), 'status')
  t.strictSame(complaints, [])
})

await t.test('login page: it says how to go on when its script never comes', async (t) => {
  const { page, service } = await openPage(t, browser)
  await page.clock.install()
  await page.route('**/login.js', (route) => route.abort())
  await page.goto(`${service.url}/login?return_to=/me`)
  t.equal(await page.locator('h1').innerText(), 'Example')
  await page.locator('.again').waitFor()
  t.strictSame(await accessibilityFaults(page), [])
  await page.unroute('**/login.js')
  await page.locator('.again').click()
  await waitForStage(page, 'waiting')
  t.match(page.url(), /\/login\?return_to=\/me$/)
  t.notOk(await page.locator('.again').isVisible())
})

await t.test('login page: the paper of the code is white when the theme is dark', async (t) => {
  const { page, service } = await openPage(t, browser, { colorScheme: 'dark' })
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  t.equal(await page.locator('.paper').evaluate((paper: any) => paper.ownerDocument.defaultView.getComputedStyle(paper).backgroundColor), 'rgb(255, 255, 255)')
})

await t.test('login page: it goes where the server says when the visitor is logged in, and is not in the history', async (t) => {
  const { page, service } = await openPage(t, browser)
  service.script.consume = { status: 200, body: { access_token: 'a', user: { name: null }, return_to: '/some/where/me?from=shop' } }
  await page.goto(`${service.url}/me`)
  await page.goto(`${service.url}/login?return_to=%2Fsome%2Fwhere%2Fme%3Ffrom%3Dshop&ticket=planted`)
  await waitForStage(page, 'waiting')
  t.equal(service.calls.find(({ call }) => call === 'create')?.body, '{"return_to":"/some/where/me?from=shop"}')
  t.notOk(service.calls.some(({ url }) => url.includes('planted')))
  service.move({ state: 'confirmed' })
  await page.waitForURL('**/me?from=shop')
  t.equal(await page.evaluate('history.length'), 3, 'blank, me, and the page that has replaced login')
})

await t.test('login page: it goes on without a code, and is not in the history, when the visitor is logged in', async (t) => {
  for (const [returnTo, to] of [[null, '/some/where/me'], ['/some/where/me?from=shop#/orders/7', '/some/where/me?from=shop#/orders/7']] as const) {
    const { page, service, complaints } = await openPage(t, browser)
    service.script.session = { status: 200, body: { ...sessionBody, ...(returnTo !== null && { return_to: returnTo }) } }
    await page.goto(`${service.url}/me?before`)
    await rememberLogin(page)
    await page.goto(`${service.url}/login${returnTo === null ? '' : `?return_to=${encodeURIComponent(returnTo)}`}`)
    await page.waitForURL(new URL(to, service.url).href)
    await page.locator('#log-out').waitFor()
    t.equal(service.count('create'), 0)
    t.equal(await page.evaluate('history.length'), 3, 'blank, me, and the page that has replaced login')
    t.strictSame(complaints, [])
  }
})

await t.test('login page: it shows a code before it knows whether somebody is logged in when nobody has logged in here before, cancels that ticket and goes on when somebody is', async (t) => {
  const { page, service } = await openPage(t, browser)
  let answer = (): void => {}
  const asked = new Promise<void>((resolve) => { answer = resolve })
  await page.clock.install({ time: 0 })
  await page.route('**/api/session?*', async (route) => {
    await asked
    await route.fulfill({ json: sessionBody })
  }, { times: 1 })
  await page.clock.pauseAt(1)
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  await page.clock.resume()
  service.script.session = { status: 200, body: sessionBody }
  answer()
  await page.waitForURL('**/me')
  await page.locator('#log-out').waitFor()
  await service.until('cancel')
  t.equal(service.count('create'), 1)
})

await t.test('login page: it shows a code when somebody who is logged in wants to log in as somebody else', async (t) => {
  const { page, service } = await openPage(t, browser)
  service.script.session = { status: 200, body: sessionBody }
  await page.goto(`${service.url}/me`)
  await page.locator('#log-in-as').click()
  await waitForStage(page, 'waiting')
  await hide(page)
  await unhide(page)
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
  service.move({ state: 'scanned', match_code: '47' })
  await waitForStage(page, 'scanned')
})

await t.test('login page: it shows a code when it cannot be known whether the visitor is logged in', async (t) => {
  const unsure = ['hold', 'cut', { status: 503, body: { code: 'store-unavailable' } }, { status: 401, body: 'who are you' }, { status: 404, body: '404 page not found' }, { status: 200, body: '<html>' },
    { status: 200, body: { user: null } }, { status: 401, body: { code: 'unauthenticated' } }, { status: 200, body: sessionBody }] as const
  for (const answer of unsure) {
    const { page, service } = await openPage(t, browser)
    service.script.session = answer
    await page.goto(`${service.url}/login?return_to=/some/where/me`) // an older instance's answer doesn't say whether the visitor may go there
    await waitForStage(page, 'waiting')
    t.equal(service.count('create'), 1)
  }
})

await t.test('login page: it shows a code when a site that takes nobody for logged in sends the visitor back, also if it wants them elsewhere each time', async (t) => {
  for (const asksFor of ['/some/where/site', '/some/where/site?state=', '/some/where/site/']) {
    const { page, service } = await openPage(t, browser)
    let visits = 0
    const login = () => `${service.url}/login?return_to=${encodeURIComponent(asksFor.endsWith('site') ? asksFor : `${asksFor}${visits}`)}`
    await page.route(/\/api\/session\?/, (route) => route.fulfill({ json: { ...sessionBody, return_to: new URL(route.request().url()).searchParams.get('return_to') } }))
    await page.route(({ pathname }) => pathname.startsWith('/some/where/site'), (route) => {
      visits += 1
      return route.fulfill({ contentType: 'text/html', body: `<script>location.replace(${JSON.stringify(login())})</script>` })
    })
    await page.goto(`${service.url}/me`)
    await rememberLogin(page)
    await page.goto(login(), { waitUntil: 'commit' })
    await waitForStage(page, 'waiting')
    t.equal(visits, 3, asksFor)
    t.equal(service.count('create'), 1)
  }
})

await t.test('login page: it says on the signed-in page that the visitor cannot be sent back when the service refuses where they came from', async (t) => {
  for (const variant of [{ locale: 'en-US', colorScheme: 'light' }, { locale: 'zh-CN', colorScheme: 'dark' }, { locale: 'zh-TW' }] as const) {
    const { page, service, complaints } = await openPage(t, browser, variant)
    service.script.create = { status: 400, body: { code: 'return-to-not-allowed' } }
    await page.goto(`${service.url}/login?return_to=https://evil.example/`)
    while (service.count('create') === 0) await page.waitForEvent('request')
    delete service.script.create
    await waitForStage(page, 'waiting')
    service.move({ state: 'confirmed' })
    await waitForStage(page, 'confirmed')
    service.script.session = { status: 200, body: sessionBody }
    const note = { 'en-US': dictionaries.en, 'zh-CN': dictionaries.zh, 'zh-TW': dictionaries['zh-Hant'] }[variant.locale].returnRefused
    await page.getByText(note).waitFor()
    t.match(page.url(), /\/me#return-refused$/)
    t.strictSame(await accessibilityFaults(page), [])
    await page.goto(`${service.url}/me?again`)
    await page.locator('#log-out').waitFor()
    t.notOk(await page.getByText(note).isVisible())
    t.strictSame(complaints, [])
  }
})

await t.test('login page: the same code is shown after a reload and after going back, another one in another tab', async (t) => {
  const { page, service, complaints } = await openPage(t, browser)
  const code = async (where: Page): Promise<string | null> => {
    await waitForStage(where, 'waiting')
    return await where.locator('.code-image').getAttribute('src')
  }
  await page.goto(`${service.url}/login`)
  const first = await code(page)
  await page.reload()
  t.equal(await code(page), first)
  await page.goto(`${service.url}/me`)
  await page.goBack()
  t.equal(await code(page), first)
  t.equal(service.count('create'), 1)
  t.equal(service.count('cancel'), 0)
  t.equal(await page.evaluate('sessionStorage.getItem("scan-login-tickets") ?? "[]"'), '[]', 'a ticket in use is not in the storage, which a duplicated tab would copy')
  const other = await page.context().newPage()
  await other.goto(`${service.url}/login`)
  t.not(await code(other), first)
  service.move({ state: 'scanned', match_code: '47' })
  await waitForStage(page, 'scanned')
  await page.reload()
  await waitForStage(page, 'scanned')
  t.equal(await page.locator('.number').innerText(), '47')
  t.strictSame(complaints, [])
})

await t.test('login page: it can be asked for a code at once after 10 s without one, and the focus stays on the stage when the button goes', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  service.script.create = { status: 503, headers: { 'retry-after': '300' }, body: { code: 'too-many-tickets' } }
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'no-code')
  const retry = page.locator('[data-word=retry]')
  t.equal(await retry.isVisible(), false)
  await retry.waitFor()
  delete service.script.create
  await retry.press('Enter')
  await waitForStage(page, 'waiting')
  const focused = (): Promise<string> => page.evaluate("document.querySelector('scan-login').shadowRoot.activeElement?.className")
  t.equal(await focused(), 'stage')
  service.move({ state: 'scanned', match_code: '47' })
  await waitForStage(page, 'scanned')
  await page.locator('[data-word=startOver]').press('Enter')
  await waitForStage(page, 'waiting')
  t.equal(await focused(), 'stage')
  t.strictSame(await accessibilityFaults(page), [])
})

await t.test('login page: the picture is fetched again when the first try failed', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  service.script.code = { status: 503, headers: { 'retry-after': '1' }, body: { code: 'wechat-unavailable' } }
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'no-code')
  t.equal(await statusLine(page), "Can't get a code right now")
  delete service.script.code
  await waitForStage(page, 'waiting')
  t.equal(service.count('create'), 1)
})

await t.test('login page: the picture that does not come within 15 s leaves its connection, at the first try and at the next', async (t) => {
  const { page, service } = await openPage(t, browser)
  await page.clock.install()
  service.script.code = 'hold'
  await page.goto(`${service.url}/login`)
  for (const kind of ['image', 'fetch']) {
    const code = { predicate: (request: Request) => request.url().endsWith('/code') && request.resourceType() === kind }
    while (service.count('code') < (kind === 'image' ? 1 : 2)) await page.clock.runFor(500)
    const left = page.waitForEvent('requestfailed', code)
    await page.clock.runFor(15_000)
    t.match((await left).failure()?.errorText, /ABORTED/)
  }
})

await t.test('login page: the picture is fetched from the service again when a router that had no backend let the browser keep its 404', async (t) => {
  const { page, service } = await openPage(t, browser)
  service.script.code = { status: 404, headers: { 'cache-control': 'public, max-age=600' }, body: '404 page not found' }
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'no-code')
  delete service.script.code
  await waitForStage(page, 'waiting')
  t.equal(service.count('create'), 1)
})

await t.test('login page: the language can be switched, stays so after a reload, and the code stays where it is', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'zh-CN' })
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  t.equal(await statusLine(page), '用微信扫一扫登录')
  await page.locator('.layer:not(.leaving)').evaluate((layer: any) => { layer.id = 'same' })
  await page.locator('select').selectOption('en')
  t.equal(await statusLine(page), 'Scan with WeChat to log in')
  t.equal(await page.locator('#same').count(), 1)
  t.equal(service.count('create'), 1)
  await page.reload()
  await waitForStage(page, 'waiting')
  t.equal(await statusLine(page), 'Scan with WeChat to log in')
  t.equal(await page.title(), 'Log in to Example')
  t.match(await page.locator('h1').innerText(), /^Log in to\s+Example$/)
  t.strictSame(await page.locator('main > nav a, scan-login > a').allInnerTexts(), ['Log in another way', 'Privacy', 'Terms'])
})

await t.test('login page: the tab shows the number while there is one, in the visitor\'s language', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  t.equal(await page.title(), 'Log in to Example')
  service.move({ state: 'scanned', match_code: '47' })
  await waitForStage(page, 'scanned')
  t.equal(await page.title(), '(47) Enter this number · Example')
  await page.locator('select').selectOption('zh')
  t.equal(await page.title(), '(47) 点选或输入这个数字 · Example')
  await page.reload()
  await waitForStage(page, 'scanned')
  t.equal(await page.title(), '(47) 点选或输入这个数字 · Example')
  service.move({ state: 'cancelled' })
  await waitForStage(page, 'cancelled')
  t.equal(await page.title(), '登录 Example')
  service.move({ state: 'scanned' })
  await waitForStage(page, 'scanned')
  t.equal(await page.title(), '登录 Example', 'no number is asked for')
})

await t.test('login page: the whole stage renews an expired code, by a large button', async (t) => {
  for (const [x, y] of [[2, 120], [120, 2], [238, 238]] as const) {
    const { page, service } = await openPage(t, browser, { locale: 'zh-CN' })
    await page.goto(`${service.url}/login`)
    await waitForStage(page, 'waiting')
    await hide(page)
    service.move({ state: 'expired' })
    await waitForStage(page, 'expired')
    await unhide(page)
    t.hasStrict(await page.locator('.stage button').boundingBox(), { width: 192, height: 52 })
    const { x: left = NaN, y: top = NaN } = await page.locator('.stage').boundingBox() ?? {}
    await page.mouse.click(left + x, top + y)
    await waitForStage(page, 'waiting')
  }
})

await t.test('login page: it says that it goes on, right below the sign, when the login has succeeded', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  await page.route('**/me', (route) => route.fulfill({ status: 204 })) // slow for ever
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  const another = page.getByText('Log in another way')
  t.equal(await another.isVisible(), true)
  service.move({ state: 'confirmed' })
  await waitForStage(page, 'confirmed')
  t.equal(await another.isVisible(), false, 'nothing more to choose')
  t.equal(await statusLine(page), "You're in")
  t.equal(await page.locator('.help').innerText(), 'One moment…')
  const [name, line] = [await page.locator('.person').boundingBox(), await page.locator('.line').boundingBox()]
  t.ok((line?.y ?? 999) - ((name?.y ?? 0) + (name?.height ?? 0)) <= 24)
})

await t.test('login page: the language switch is no wider than its text', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  await page.goto(`${service.url}/login`)
  const widths: number[] = []
  for (const language of ['en', 'zh']) {
    await page.locator('select').selectOption(language)
    widths.push((await page.locator('select').boundingBox())?.width ?? NaN)
  }
  t.ok((widths[0] ?? NaN) < (widths[1] ?? NaN), widths.join())
})

await t.test('login page: it explains itself when asked by keyboard, and the focus returns to the button', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  await page.keyboard.press('Tab')
  t.equal(await page.locator(':focus').last().innerText(), 'Log in another way')
  await page.keyboard.press('Tab')
  t.equal(await page.locator(':focus').last().innerText(), 'What is this?')
  t.equal(await page.locator(':focus').last().evaluate((focused: any) => focused.ownerDocument.defaultView.getComputedStyle(focused).outlineStyle), 'solid')
  await page.keyboard.press('Enter')
  t.equal(await page.locator('dialog li').count(), 3)
  t.equal(await page.getByText(dictionaries.en.whatNever).isVisible(), true)
  t.strictSame(await accessibilityFaults(page), [])
  await page.keyboard.press('Enter')
  await page.locator('dialog').waitFor({ state: 'hidden' })
  t.equal(await page.locator(':focus').last().innerText(), 'What is this?')
})

await t.test('login page: it cross-fades and leaves one layer when motion is welcome, and does not when it is not', async (t) => {
  for (const [reducedMotion, fades] of [['no-preference', true], ['reduce', false]] as const) {
    const { page, service } = await openPage(t, browser, { reducedMotion })
    await page.goto(`${service.url}/login`)
    await waitForStage(page, 'waiting')
    t.equal(await page.locator('.layer:not(.leaving)').evaluate((layer: any) => layer.ownerDocument.defaultView.getComputedStyle(layer).animationName === 'appear'), fades)
    await waitForFade(page)
    t.equal(await page.locator('.layer').count(), 1)
  }
})

await t.test('login page: a login stays in its frame when it is framed 400 px wide', async (t) => {
  const { page, service } = await openPage(t, browser)
  const around = `${service.url}/around`
  await page.route(around, (route) => route.fulfill({ contentType: 'text/html', body: '<iframe src="login" width="400" height="640"></iframe>' }))
  await page.goto(around)
  const frame = page.frameLocator('iframe')
  await frame.locator('[data-stage="waiting"]').waitFor()
  service.move({ state: 'confirmed' })
  await frame.locator('#log-in').waitFor()
  t.strictSame(page.frames().map((each) => each.url()), [around, `${service.url}/me`])
})
