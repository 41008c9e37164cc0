// E11: a stranger scans the code off somebody's screen and says yes. The page says as whom one would be logged in before it goes on, in a browser that was somebody else's before.
import t, { type Test } from 'tap'
import type { Page } from 'playwright-core'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { openVisit, placeOf, shownTicket, type Visit } from '../support/login-visit.ts'
import { faultsOf, heard, line, listen, openPage, untilStage } from '../support/page-bench.ts'
import { approve, openHostSite, visit as visitHost } from '../support/host-site.ts'
import type { TestPhone } from '../support/clients.ts'
import { dictionaries } from '../../static/scan-login/words.js'

const server = await serveDemo(t)
const place = placeOf(t, server)
const browser = await launchChromium()
t.teardown(() => browser.close())

const press = (page: Page, name: string): Promise<void> => page.getByRole('button', { name }).click()
const session = (page: Page): Promise<number> => page.evaluate(`fetch('${server.url}/api/session').then(({ status }) => status)`)

/** A browser that somebody has been logged in with, and was logged out again; before the login page. */
const usedBrowser = async (t: Test): Promise<{ visit: Visit, owner: TestPhone }> => {
  const [visit, owner] = [await openVisit(t, browser, place), await place.newPhone()]
  const { page } = visit
  await visit.approve(owner, await shownTicket(page))
  await page.waitForURL('**/me')
  await press(page, dictionaries.en.logOut)
  await page.goto(`${server.url}/login`)
  return { visit, owner }
}

/** A stranger who goes by a name, and has said yes to the code on the screen. */
const overtake = async ({ page, approve }: Visit): Promise<TestPhone> => {
  const stranger = await place.newPhone()
  await stranger.rename('小雨')
  await approve(stranger, await shownTicket(page))
  await untilStage(page, 'another')
  return stranger
}

await t.test('E11 page: the browser is nobody\'s again and shows a new code, when a stranger has said yes and the visitor says that it isn\'t them', async (t) => {
  const { visit, owner } = await usedBrowser(t)
  const { page } = visit
  const stranger = await overtake(visit)
  t.equal(await line(page), 'You\'re logged in as 小雨')
  t.match(await page.locator('.help').innerText(), stranger.sub.slice(0, 8))
  t.equal(new URL(page.url()).pathname, '/login')
  await press(page, dictionaries.en.notMe)
  await untilStage(page, 'waiting')
  t.equal(await session(page), 401)
  t.strictSame((await stranger.sessions()).json, { sessions: [] })
  await visit.approve(owner, await shownTicket(page))
  await page.waitForURL('**/me')
  t.equal(await session(page), 200, 'and the owner is in without a question')
})

await t.test('E11 page: it goes on and remembers whom, when another person uses the browser and says so', async (t) => {
  const { visit } = await usedBrowser(t)
  const { page } = visit
  const second = await overtake(visit)
  await press(page, dictionaries.en.goOn)
  await page.waitForURL('**/me')
  t.equal(await session(page), 200)
  const kept = await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }])') as string
  t.ok(kept.includes(second.sub))
  t.notMatch(kept, /ey[\w-]+\.ey/, 'no token is kept')
  await page.goto(`${server.url}/login`)
  await visit.approve(second, await shownTicket(page))
  await page.waitForURL('**/me')
})

await t.test('E11 page: nobody is logged in, when the page is loaded again, or left, without an answer', async (t) => {
  for (const leave of [
    (page: Page) => page.reload(),
    async (page: Page) => { await page.goto('about:blank'); await page.goto(`${server.url}/login`) },
  ]) {
    const { visit } = await usedBrowser(t)
    const { page } = visit
    const stranger = await overtake(visit)
    await leave(page)
    await untilStage(page, 'waiting')
    for (let tries = 0; tries < 100 && (await stranger.sessions()).json.sessions.length > 0; tries++) await page.waitForTimeout(50)
    t.strictSame((await stranger.sessions()).json, { sessions: [] })
    t.equal(await session(page), 401)
  }
})

await t.test('E11 page: one that can\'t remember goes on as ever', async (t) => {
  const visit = await openVisit(t, browser, place, {
    prepare: (page) => page.addInitScript("Object.defineProperty(globalThis, 'localStorage', { get () { throw new DOMException('no', 'SecurityError') } })"),
  })
  for (const phone of [await place.newPhone(), await place.newPhone()]) {
    await visit.page.goto(`${server.url}/login`)
    await visit.approve(phone, await shownTicket(visit.page))
    await visit.page.waitForURL('**/me')
  }
})

await t.test('E11 element: another site hears of the login only after the yes, when the browser was somebody else\'s there before', async (t) => {
  const site = await openHostSite(t)
  const host = await visitHost(t, browser, site.put('<scan-login id="one" locale="en"></scan-login>'))
  const key = `scan-login-person ${site.service.url}/`
  await host.page.evaluate(`localStorage.setItem(${JSON.stringify(key)}, 'somebody-else')`)
  const phone = await site.phone()
  const { ticket } = await host.told('ticket')
  await untilStage(host.page, 'waiting')
  await approve(phone, host, ticket)
  await untilStage(host.page, 'another')
  t.notOk((await host.steps()).some(({ name }) => name === 'login'))
  t.equal(host.requests.filter((request) => request.startsWith('DELETE')).length, 0)
  await press(host.page, dictionaries.en.goOn)
  t.hasStrict(await host.told('login'), { user: { sub: phone.sub } })
  t.strictSame(host.complaints, [])
})

for (const look of [
  { locale: 'zh-CN', colorScheme: 'light', viewport: { width: 320, height: 568 } },
  { locale: 'en-US', colorScheme: 'dark', viewport: { width: 1280, height: 800 } },
  { locale: 'zh-TW', colorScheme: 'dark', viewport: { width: 360, height: 740 } },
] as const) {
  await t.test(`E11 page: the question is accessible, said aloud and answered by keys, when drawn ${look.colorScheme}, ${look.locale}, ${look.viewport.width} px wide`, async (t) => {
    const { page, service, complaints } = await openPage(t, browser, look)
    const words = { 'zh-CN': dictionaries.zh, 'en-US': dictionaries.en, 'zh-TW': dictionaries['zh-Hant'] }[look.locale]
    await listen(page)
    await page.addInitScript("localStorage.setItem('scan-login-person ' + location.href.replace(/login$/, ''), 'somebody-else')")
    service.script.consume = { status: 200, body: { access_token: 'a.b.c', token_type: 'Bearer', expires_in: 900, user: { sub: 'Qm3xV0abcdef', name: null }, return_to: null } }
    await page.goto(`${service.url}/login`)
    await untilStage(page, 'waiting')
    const before = await page.locator('.stage').boundingBox()
    service.move({ state: 'scanned', match_code: '47' })
    await page.getByRole('button', { name: words.startOver }).focus()
    service.move({ state: 'confirmed' })
    await untilStage(page, 'another')
    t.strictSame(await page.locator('.stage').boundingBox(), before, 'nothing jumps')
    t.equal((await heard(page)).at(-1), `${words.another}${words.nameless}`)
    t.equal(await page.locator('.help').innerText(), `${words.anotherHelp}Qm3xV0ab`)
    t.strictSame(await faultsOf(page), [])
    if (process.env.LOOKS !== undefined) await page.screenshot({ path: `${process.env.LOOKS}/as-whom-${look.locale}.png` })
    t.equal(await page.evaluate("document.querySelector('scan-login').shadowRoot.activeElement?.dataset.action"), 'notMe', 'the keyboard stays in place')
    await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/me')
    t.strictSame(complaints, [])
  })
}
