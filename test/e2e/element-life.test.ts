/** The lifecycle of `<scan-login>` in a changing page: removed, moved, new attributes, refused, expired, in an old browser. */
import t from 'tap'
import { launchChromium } from '../support/chromium.ts'
import { approve, openHostSite, openHostPage } from '../support/host-site.ts'
import { waitForStage } from '../support/open-page.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())
const site = await openHostSite(t)
const creates = /^POST \/api\/tickets$/
const cancels = /^DELETE \/api\/tickets\//

await t.test('element: its ticket is cancelled when it is removed from the page', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login>'))
  const phone = await site.phone()
  const { ticket } = await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  site.service.received(cancels)
  const gone = host.page.waitForResponse((response) => response.request().method() === 'DELETE')
  await host.page.evaluate("document.querySelector('scan-login').remove()")
  await gone
  const { status, json } = await phone.scan(ticket)
  t.strictSame([status, json.code], [409, 'ticket-cancelled'])
  t.equal((await fetch(`${site.service.url}/api/tickets/${ticket}/code`)).status, 404)
  t.strictSame(site.service.received(cancels), [`DELETE /api/tickets/${ticket}`])
  t.strictSame(host.complaints, [])
})

await t.test('element: a new login begins when it is added to the page again', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login>'))
  await host.waitForStep('ticket')
  const gone = host.page.waitForResponse((response) => response.request().method() === 'DELETE')
  await host.page.evaluate("globalThis.kept = document.querySelector('scan-login'); kept.remove()")
  await gone
  await host.page.evaluate("document.querySelector('main').append(kept)")
  const { ticket } = await host.waitForStep('ticket', { count: 2 })
  const phone = await site.phone()
  await approve(phone, host, ticket)
  t.equal((await host.waitForStep('login')).user.sub, phone.sub)
  t.strictSame((await host.steps()).map(({ name }) => name), ['ticket', 'ticket', 'scanned', 'confirmed', 'login'])
})

await t.test('element: its ticket stays when it is moved or its language, theme or size change', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login locale="en"></scan-login><section></section>'))
  const { ticket } = await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  site.service.received(creates)
  await host.page.evaluate("document.querySelector('section').append(document.querySelector('scan-login'))")
  for (const [name, value] of [['locale', 'zh-TW'], ['theme', 'dark'], ['compact', ''], ['locale', 'de'], ['theme', 'light']]) {
    await host.page.locator('scan-login').evaluate((element: any, [name, value]) => { element.setAttribute(name, value) }, [name, value])
  }
  await host.page.waitForTimeout(300)
  t.strictSame(site.service.received(/^(?:POST|DELETE) /), [])
  await approve(await site.phone(), host, ticket)
  await host.waitForStep('login')
  t.strictSame(host.complaints, [])
})

await t.test('element: it gets a new ticket, and the old one is cancelled, when return-to changes', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login data-stay return-to="/a"></scan-login>'))
  const first = (await host.waitForStep('ticket')).ticket
  await waitForStage(host.page, 'waiting')
  await host.page.evaluate("document.querySelector('scan-login').setAttribute('return-to', '/b')")
  const second = (await host.waitForStep('ticket', { count: 2 })).ticket
  const phone = await site.phone()
  t.equal((await phone.scan(first)).json.code, 'ticket-cancelled')
  await approve(phone, host, second)
  t.equal((await host.waitForStep('login')).returnTo, '/b')
})

await t.test('element: a login works when the script is a copy elsewhere and the server attribute names the service', async (t) => {
  for (const slash of ['', '/']) {
    const host = await openHostPage(t, browser, site.addPage(`<scan-login server="${site.service.url}${slash}"></scan-login>`, { script: '/copy/scan-login.js' }))
    const { ticket } = await host.waitForStep('ticket')
    const phone = await site.phone()
    await waitForStage(host.page, 'waiting')
    await approve(phone, host, ticket)
    t.equal((await host.waitForStep('login')).user.sub, phone.sub)
    t.notOk(host.requests.some((request) => request.includes(`${site.service.url}/scan-login.js`)))
    t.strictSame(host.complaints, [])
  }
})

await t.test('element: a message and a new code are shown when the person cancels or taps a wrong number', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login locale="en"></scan-login>'))
  const phone = await site.phone()
  const first = (await host.waitForStep('ticket')).ticket
  await phone.scan(first)
  await phone.cancel(first)
  t.strictSame(await host.waitForStep('cancelled'), {})
  const second = (await host.waitForStep('ticket', { count: 2 })).ticket
  await waitForStage(host.page, 'cancelled')
  t.equal(await host.page.locator('.line').innerText(), 'Cancelled. Here is a new code')
  const choices: string[] = (await phone.scan(second)).json.match_choices
  const number = await host.page.locator('.layer:not(.leaving) .number').innerText()
  t.equal((await phone.confirm(second, choices.find((choice) => choice !== number))).status, 403)
  await host.waitForStep('ticket', { count: 3 })
  t.strictSame((await host.steps()).map(({ name }) => name), ['ticket', 'scanned', 'cancelled', 'ticket', 'scanned', 'cancelled', 'ticket'])
  t.strictSame(host.complaints, [])
})

await t.test('element: a login works, unstyled where the site forbids inline styles, when the browser lacks constructed style sheets', async (t) => {
  const before = "CSSStyleSheet.prototype.replaceSync = () => { throw new TypeError('an old browser') }"
  const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login>'), { before })
  const { ticket } = await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  const shapes = (): Promise<readonly unknown[]> => host.page.locator('.layer:not(.leaving) svg').evaluateAll((icons: any[]) => icons.map((icon) => {
    const { fill } = icon.ownerDocument.defaultView.getComputedStyle(icon)
    return [fill, icon.getBoundingClientRect().height]
  }))
  t.strictSame(await shapes(), [['none', 0]], 'no black square beside the code')
  const phone = await site.phone()
  await approve(phone, host, ticket)
  t.equal((await host.waitForStep('login')).user.sub, phone.sub)
  await waitForStage(host.page, 'confirmed')
  t.strictSame(await shapes(), [['none', 96]])
  t.strictSame(host.complaints.filter((complaint) => !/style-src/.test(complaint)), [])
})

await t.test('element: it sends the expired event and gets a new code when its ticket expires', async (t) => {
  const own = await openHostSite(t) // its clock is moved
  const host = await openHostPage(t, browser, own.addPage('<scan-login locale="en"></scan-login>'))
  await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  own.service.skip(180_000)
  t.strictSame(await host.waitForStep('expired'), {})
  const { ticket } = await host.waitForStep('ticket', { count: 2 })
  await waitForStage(host.page, 'waiting')
  t.strictSame((await host.steps()).map(({ name }) => name), ['ticket', 'expired', 'ticket'])
  t.equal((await fetch(`${own.service.url}/api/tickets/${ticket}/code`)).status, 200)
  t.strictSame(host.complaints, [])
})

await t.test('element: it reports the error, and the rest of the page works, when server is not a URL', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login id="wrong" locale="en" server="http://["></scan-login><scan-login id="right"></scan-login>'))
  t.strictSame(await host.waitForStep('error', { element: 'wrong' }), { reason: 'unreachable' })
  t.equal(await host.page.locator('#wrong .line').innerText(), "Can't reach the service right now")
  const { ticket } = await host.waitForStep('ticket', { element: 'right' })
  await approve(await site.phone(), host, ticket, '#right')
  await host.waitForStep('login', { element: 'right' })
  t.strictSame(host.complaints, ['<scan-login server="http://[">: this is no address of a service'])
  await host.page.evaluate("document.querySelector('#wrong').removeAttribute('server')")
  await host.waitForStep('ticket', { element: 'wrong' })
})

await t.test('element: its ticket is cancelled when server changes to something that is not a URL', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login></scan-login>'))
  const { ticket } = await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  const gone = host.page.waitForResponse((response) => response.request().method() === 'DELETE')
  await host.page.locator('scan-login').evaluate((element: any) => { element.setAttribute('server', 'http://[') })
  await gone
  t.equal((await (await site.phone()).scan(ticket)).json.code, 'ticket-cancelled')
  t.strictSame((await host.steps()).map(({ name }) => name), ['ticket', 'error'])
})
