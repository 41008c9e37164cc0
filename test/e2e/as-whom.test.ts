// E11: a stranger scans the code off somebody's screen and confirms. If another person is, or was, logged in in this browser, the page asks before it logs anybody in.
import t, { type Test } from 'tap'
import type { BrowserContext, Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { assertLoggedIn, openVisit, visitedService, promptPath, shownTicket, type Visit } from '../support/login-visit.ts'
import { accessibilityFaults, announcements, statusLine, recordAnnouncements, openPage, waitForStage } from '../support/open-page.ts'
import { approve, openHostSite, openHostPage as visitHost } from '../support/host-site.ts'
import type { TestPhone } from '../support/clients.ts'
import { dictionaries } from '../../static/scan-login/words.js'

const server = await serveDemo(t)
const service = visitedService(t, server)
const browser = await launchChromium()
t.teardown(() => browser.close())

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click()

/** The person the browser is logged in as, by its session and as a proxy gets it; the status if nobody is. */
const loggedInPerson = async (context: BrowserContext): Promise<unknown[]> => {
  const session = await context.request.get(`${server.url}/api/session`)
  const verified = await context.request.get(`${server.url}/api/session/verify`)
  return [
    session.status() === 200 ? (await session.json()).user.sub : session.status(),
    verified.status() === 200 ? verified.headers()['remote-user'] : verified.status(),
  ]
}

/** A browser in which somebody is logged in, on the login page, as at a site that wants a fresh login. */
const usedBrowser = async (t: Test): Promise<{ visit: Visit, owner: TestPhone }> => {
  const [visit, owner] = [await openVisit(t, browser, service), await service.newPhone()]
  const { page } = visit
  await visit.approve(owner, await shownTicket(page))
  await assertLoggedIn(t, page, owner)
  await page.goto(`${server.url}${promptPath}`)
  return { visit, owner }
}

/** A stranger with a name, who has confirmed the code on the screen. */
const confirmAsStranger = async ({ approve }: Visit, page: Page): Promise<TestPhone> => {
  const stranger = await service.newPhone()
  await stranger.rename('小雨')
  await approve(stranger, await shownTicket(page))
  await waitForStage(page, 'another')
  return stranger
}

const logOut = async (page: Page): Promise<void> => {
  await page.goto(`${server.url}/me`)
  await press(page, dictionaries.en.logOut)
  await page.getByText(dictionaries.en.justLoggedOut).waitFor()
  await page.goto(`${server.url}${promptPath}`)
}

await t.test('E11 page: the browser\'s login stays as it was, while the page asks and after "Not me", when a stranger has confirmed', async (t) => {
  for (const isLoggedIn of [true, false]) {
    const { visit, owner } = await usedBrowser(t)
    const { page, context } = visit
    if (!isLoggedIn) await logOut(page)
    const before = isLoggedIn ? [owner.sub, owner.sub] : [401, 401]
    const stranger = await confirmAsStranger(visit, page)
    t.equal(await statusLine(page), `${dictionaries.en.another}小雨`)
    t.match(await page.locator('.help').innerText(), stranger.sub.slice(0, 8))
    t.equal(new URL(page.url()).pathname, '/login')
    t.strictSame(await loggedInPerson(context), before)
    t.strictSame((await stranger.sessions()).json.sessions, [])
    await press(page, dictionaries.en.notMe)
    await waitForStage(page, 'cancelled')
    t.strictSame(await loggedInPerson(context), before)
    t.strictSame((await stranger.sessions()).json.sessions, [])
    await visit.approve(owner, await shownTicket(page))
    await assertLoggedIn(t, page, owner) // without a question
  }
})

await t.test('E11 page: it goes on, and remembers the person, when another person uses the browser and says so', async (t) => {
  const { visit, owner } = await usedBrowser(t)
  const { page, context } = visit
  const second = await confirmAsStranger(visit, page)
  await press(page, dictionaries.en.goOn)
  await assertLoggedIn(t, page, second)
  t.strictSame(await loggedInPerson(context), [second.sub, second.sub])
  t.strictSame((await owner.sessions()).json.sessions, [])
  const stored = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])') as string
  t.ok(stored.includes(second.sub))
  t.notMatch(stored, /ey[\w-]+\.ey/, 'no token is stored')
  await page.goto(`${server.url}${promptPath}`)
  await visit.approve(second, await shownTicket(page))
  await assertLoggedIn(t, page, second)
})

await t.test('E11 page: it asks again, and gets no session, when the page is reloaded or left and opened again', async (t) => {
  for (const leave of [
    (page: Page) => page.reload(),
    async (page: Page) => { await page.goto('about:blank'); await page.goto(`${server.url}${promptPath}`) },
  ]) {
    const { visit, owner } = await usedBrowser(t)
    const { page, context } = visit
    const stranger = await confirmAsStranger(visit, page)
    await leave(page)
    await waitForStage(page, 'another')
    t.strictSame(await loggedInPerson(context), [owner.sub, owner.sub])
    await press(page, dictionaries.en.notMe)
    await waitForStage(page, 'cancelled')
    await page.reload()
    await waitForStage(page, 'waiting')
    t.strictSame(await loggedInPerson(context), [owner.sub, owner.sub])
    t.strictSame((await stranger.sessions()).json.sessions, [])
  }
})

await t.test('E11 page: the browser\'s login stays as it was when the tab crashes or is closed while it asks', async (t) => {
  for (const end of [
    async (page: Page) => {
      const crashed = page.waitForEvent('crash')
      page.goto('chrome://crash').catch(() => {}) // the navigation never ends
      await crashed
    },
    (page: Page) => page.close(),
  ]) {
    const { visit, owner } = await usedBrowser(t)
    const stranger = await confirmAsStranger(visit, visit.page)
    await end(visit.page)
    t.strictSame(await loggedInPerson(visit.context), [owner.sub, owner.sub])
    t.strictSame((await stranger.sessions()).json.sessions, [])
    const page = await visit.newTab(promptPath)
    await waitForStage(page, 'waiting')
    t.strictSame(await loggedInPerson(visit.context), [owner.sub, owner.sub])
  }
})

await t.test('E11 page: each of two tabs asks for itself, and neither ends the session of the other', async (t) => {
  const { visit, owner } = await usedBrowser(t)
  const { page: first, context } = visit
  const second = await visit.newTab(promptPath)
  const [guest, stranger] = [await confirmAsStranger(visit, first), await confirmAsStranger(visit, second)]
  await press(first, dictionaries.en.goOn)
  await assertLoggedIn(t, first, guest)
  t.strictSame(await loggedInPerson(context), [guest.sub, guest.sub])
  await press(second, dictionaries.en.notMe)
  await waitForStage(second, 'cancelled')
  await second.reload()
  await waitForStage(second, 'waiting')
  t.strictSame(await loggedInPerson(context), [guest.sub, guest.sub])
  for (const { sessions } of [stranger, owner]) t.strictSame((await sessions()).json.sessions, [])
})

await t.test('E11 page: it asks when the browser remembers nobody and somebody is logged in', async (t) => {
  const { visit, owner } = await usedBrowser(t)
  const { page, context } = visit
  await page.evaluate('localStorage.clear()')
  await confirmAsStranger(visit, page)
  t.strictSame(await loggedInPerson(context), [owner.sub, owner.sub])
})

await t.test('E11 page: it asks only when another person is logged in when the browser forbids storage', async (t) => {
  const visit = await openVisit(t, browser, service, {
    prepare: (page) => page.addInitScript("Object.defineProperty(globalThis, 'localStorage', { get () { throw new DOMException('no', 'SecurityError') } })"),
  })
  const { page } = visit
  const [first, second] = [await service.newPhone(), await service.newPhone()]
  for (let times = 0; times < 2; times++) {
    await page.goto(`${server.url}${promptPath}`)
    await visit.approve(first, await shownTicket(page))
    await assertLoggedIn(t, page, first)
  }
  await page.goto(`${server.url}${promptPath}`)
  await visit.approve(second, await shownTicket(page))
  await waitForStage(page, 'another')
  await press(page, dictionaries.en.goOn)
  await assertLoggedIn(t, page, second)
})

await t.test('E11 element: another site gets the login event only after a yes when somebody else was logged in there before', async (t) => {
  const site = await openHostSite(t)
  const host = await visitHost(t, browser, site.addPage('<scan-login id="one" locale="en"></scan-login>'))
  const key = `scan-login-person ${site.service.url}/`
  await host.page.evaluate(`localStorage.setItem(${JSON.stringify(key)}, 'somebody-else')`)
  const phone = await site.phone()
  const { ticket } = await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  await approve(phone, host, ticket)
  await waitForStage(host.page, 'another')
  t.notOk((await host.steps()).some(({ name }) => name === 'login'))
  t.equal(host.requests.filter((request) => /^DELETE|consume$|\/api\/session/.test(request)).length, 0)
  await press(host.page, dictionaries.en.goOn)
  t.hasStrict(await host.waitForStep('login'), { user: { sub: phone.sub } })
  t.strictSame(host.complaints, [])
})

for (const variant of [
  { locale: 'zh-CN', colorScheme: 'light', viewport: { width: 320, height: 568 }, name: 'W'.repeat(32) },
  { locale: 'en-US', colorScheme: 'dark', viewport: { width: 1280, height: 800 }, name: null },
  { locale: 'zh-TW', colorScheme: 'dark', viewport: { width: 360, height: 740 }, name: null },
] as const) {
  await t.test(`E11 page: the question is accessible, announced and answered by keyboard when drawn ${variant.colorScheme}, ${variant.locale}, ${variant.viewport.width} px wide`, async (t) => {
    const { name, ...options } = variant
    const { page, service, complaints } = await openPage(t, browser, options)
    const words = { 'zh-CN': dictionaries.zh, 'en-US': dictionaries.en, 'zh-TW': dictionaries['zh-Hant'] }[variant.locale]
    await recordAnnouncements(page)
    await page.addInitScript("localStorage.setItem('scan-login-person ' + location.href.replace(/login$/, ''), 'somebody-else')")
    service.script.consume = { status: 200, body: { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 900, user: { sub: 'Qm3xV0abcdef', name }, return_to: null } }
    await page.goto(`${service.url}/login`)
    await waitForStage(page, 'waiting')
    const before = await page.locator('.stage').boundingBox()
    service.move({ state: 'scanned', match_code: '47' })
    await page.getByRole('button', { name: words.startOver }).focus()
    service.move({ state: 'confirmed', sub: 'Qm3xV0abcdef', phone: name === null ? undefined : { name } })
    await waitForStage(page, 'another')
    t.strictSame(await page.locator('.stage').boundingBox(), before, 'nothing moves')
    t.equal((await announcements(page)).at(-1), `${words.another}${name ?? words.nameless}`)
    t.equal(await page.locator('.help').innerText(), words.anotherHelp.replace('{id}', 'Qm3xV0ab'))
    t.strictSame(await accessibilityFaults(page), [])
    t.equal(await page.evaluate("document.querySelector('scan-login').shadowRoot.activeElement?.dataset.action"), 'notMe', 'the focus stays in place')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/me')
    t.strictSame(complaints, [])
  })
}
