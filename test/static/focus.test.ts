/** Where the keyboard's focus is after each change, and what a screen reader reads: with the keyboard and Chromium's accessibility tree. */
import type { Page } from 'playwright-core'
import t from 'tap'
import { dictionaries } from '../../static/scan-login/words.js'
import { launchChromium } from '../support/chromium.ts'
import { hide, openPage, rememberLogin, sessionBody, unhide, waitForStage } from '../support/open-page.ts'
import type { ScriptedService } from '../support/scripted-service.ts'
import { userAgents } from '../support/user-agents.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())
const { en } = dictionaries

/** The innermost focused element: its class, id or text; `BODY` where the focus is lost. */
const focused = (page: Page): Promise<string> => page.evaluate(`(() => {
  let element = document.activeElement
  while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement
  return element === null || element === document.body ? 'BODY' : element.tagName === 'BUTTON' ? element.textContent : element.id || element.classList[0] || element.tagName
})()`)

const scanned = async (page: Page, service: ScriptedService): Promise<void> => {
  service.move({ state: 'scanned', match_code: '47' })
  await waitForStage(page, 'scanned')
}
const press = async (page: Page, word: string, key = 'Enter'): Promise<void> => page.locator(`[data-word=${word}]`).filter({ visible: true }).press(key)
const focus = (page: Page, word: string): Promise<void> => page.locator(`[data-word=${word}]`).filter({ visible: true }).focus()
const asked = async (page: Page, service: ScriptedService): Promise<void> => {
  await rememberLogin(page)
  service.move({ state: 'confirmed', sub: 'another' })
  await waitForStage(page, 'another')
}
const expired = async (page: Page, service: ScriptedService): Promise<void> => {
  await hide(page)
  service.move({ state: 'expired' })
  await waitForStage(page, 'expired')
  await unhide(page)
}

/** What happens on the login page while it waits for a scan, and where the focus is then. */
const changes: readonly (readonly [string, (page: Page, service: ScriptedService) => Promise<unknown>, string])[] = [
  ['the visitor starts over', async (page, service) => { await scanned(page, service); await press(page, 'startOver'); await waitForStage(page, 'waiting') }, 'stage'],
  ['the person cancels on the phone', async (page, service) => { await scanned(page, service); await focus(page, 'startOver'); service.move({ state: 'cancelled' }); await waitForStage(page, 'cancelled') }, 'stage'],
  ['the time runs out after the scan', async (page, service) => { await scanned(page, service); await focus(page, 'startOver'); service.move({ state: 'expired' }); await waitForStage(page, 'late') }, 'stage'],
  ['the visitor renews an expired code', async (page, service) => { await expired(page, service); await press(page, 'renew', 'Space'); await waitForStage(page, 'waiting') }, 'stage'],
  ['another person has confirmed', async (page, service) => { await scanned(page, service); await focus(page, 'startOver'); await asked(page, service) }, en.notMe],
  ['the visitor says that it wasn\'t them', async (page, service) => { await asked(page, service); await press(page, 'notMe'); await waitForStage(page, 'cancelled') }, 'stage'],
  ['the visitor says that it was them', async (page, service) => { service.script.consume = 'hold'; await asked(page, service); await press(page, 'goOn'); await waitForStage(page, 'logging-in') }, 'stage'],
  ['the person may not log in', async (page, service) => {
    service.script.consume = { status: 403, body: { code: 'person-blocked' } }
    await scanned(page, service)
    await focus(page, 'startOver')
    service.move({ state: 'confirmed' })
    await waitForStage(page, 'refused')
  }, 'stage'],
  ['the login succeeds', async (page, service) => { await scanned(page, service); await focus(page, 'startOver'); service.move({ state: 'confirmed' }); await waitForStage(page, 'confirmed') }, 'stage'],
  ['the network goes and comes', async (page, service) => {
    await scanned(page, service)
    await focus(page, 'startOver')
    await page.context().setOffline(true)
    await page.locator('.trouble').filter({ visible: true }).waitFor()
    await page.context().setOffline(false)
    await page.locator('.trouble').waitFor({ state: 'hidden' })
  }, en.startOver],
  ['the visitor chooses another language', async (page) => { await page.locator('select').focus(); await page.keyboard.press('ArrowUp'); await page.getByText(dictionaries['zh-Hant'].waiting, { exact: true }).waitFor() }, 'SELECT'],
  ['the explanation closes', async (page) => { await press(page, 'what'); await page.locator('dialog[open]').waitFor(); await page.keyboard.press('Escape'); await page.locator('dialog').waitFor({ state: 'hidden' }) }, en.what],
  ['the phone scans while the explanation is open', async (page, service) => { await press(page, 'what'); await scanned(page, service); await page.keyboard.press('Enter'); await page.locator('dialog').waitFor({ state: 'hidden' }) }, en.what],
]

for (const [what, change, expected] of changes) {
  await t.test(`focus: it is on ${expected} when ${what}`, async (t) => {
    const { page, service, complaints } = await openPage(t, browser, { locale: 'en-US' })
    await page.route('**/me', (route) => route.fulfill({ status: 204 })) // the page stays
    await page.goto(`${service.url}/login`)
    await waitForStage(page, 'waiting')
    await change(page, service)
    await page.evaluate('new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve) }) })') // what is hidden loses the focus when it is drawn
    t.equal(await focused(page), expected)
    t.strictSame(complaints, [])
  })
}

await t.test('focus: it is on the stage when the button to save the picture goes with its code', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US', userAgent: Object.keys(userAgents).find((each) => /iPhone.*Safari/.test(each)) ?? '' })
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  await focus(page, 'save')
  await scanned(page, service)
  t.equal(await focused(page), 'stage')
})

await t.test('focus: it is on the link when another tab has logged in and the login page goes on', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  await page.route('**/me', (route) => route.fulfill({ status: 204 }))
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  await focus(page, 'what')
  service.script.session = { status: 200, body: sessionBody }
  await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
  await page.locator('[data-word=continue]').waitFor()
  t.equal(await focused(page), 'card')
})

for (const [what, change, expected] of [
  ['the visitor logs out', async (page: Page) => { await page.locator('#log-out').press('Enter'); await page.getByText(en.justLoggedOut).waitFor() }, 'card'],
  ['the log-out fails', async (page: Page, service: ScriptedService) => { service.script.logOut = { status: 503 }; await page.locator('#log-out').press('Enter'); await page.getByText(en.stillIn).waitFor() }, en.logOut],
  ['the phone logs this browser out', async (page: Page, service: ScriptedService) => { await page.locator('#log-out').focus(); delete service.script.session; await page.locator('#log-in').waitFor() }, 'card'],
  ['the visitor chooses another language', async (page: Page) => { await page.locator('select').focus(); await page.keyboard.press('ArrowUp'); await page.getByText(dictionaries['zh-Hant'].loggedIn).waitFor() }, 'SELECT'],
] as const) {
  await t.test(`focus: it is on ${expected} of the signed-in page when ${what}`, async (t) => {
    const { page, service } = await openPage(t, browser, { locale: 'en-US' })
    service.script.session = { status: 200, body: sessionBody }
    await page.goto(`${service.url}/me`)
    await page.locator('#log-out').waitFor()
    await change(page, service)
    await page.evaluate('new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve) }) })')
    t.equal(await focused(page), expected)
  })
}

/** What a screen reader comes upon, in order: role and name of Chromium's accessibility tree. */
const reading = async (page: Page): Promise<string[]> => {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const readFrom = (id: string): string[] => {
    const node = byId.get(id)
    if (node === undefined) return []
    const role = String(node.role?.value)
    const name = String(node.name?.value ?? '').replace('\u200b', '').trim()
    const own = !node.ignored && ['heading', 'StaticText', 'image', 'button', 'combobox', 'link'].includes(role) && name !== '' ? [`${role === 'StaticText' ? '' : `${role}: `}${name}`] : []
    return [...own, ...(['heading', 'button', 'combobox', 'link'].includes(role) && own.length > 0 ? [] : (node.childIds ?? []).flatMap(readFrom))]
  }
  return readFrom(nodes[0]?.nodeId ?? '')
}

await t.test('reading: title, code or number, what to do and then the rest; the number is read once, as a number to enter', async (t) => {
  const { page, service } = await openPage(t, browser, { locale: 'en-US' })
  await page.goto(`${service.url}/login`)
  await waitForStage(page, 'waiting')
  const rest = ['link: Log in another way', 'button: What is this?', 'combobox: Language', 'link: Privacy', 'link: Terms']
  t.strictSame(await reading(page), ['heading: Log in to Example', `image: ${en.codeAlt}`, en.waiting, en.waitingHelp, ...rest])
  await scanned(page, service)
  t.strictSame(await reading(page), ['heading: Log in to Example', en.scanned, '47', en.scannedHelp, `button: ${en.startOver}`, ...rest])
  await expired(page, service)
  t.strictSame(await reading(page), ['heading: Log in to Example', `button: ${en.renew}`, en.expired, ...rest])
})
