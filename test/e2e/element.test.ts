/** `<scan-login>` on another website: another origin, a strict policy with Trusted Types, and the real service. */
import { createRemoteJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { dictionaries } from '../../static/scan-login/words.js'
import { launchChromium } from '../support/chromium.ts'
import { approve, openHostSite, openHostPage } from '../support/host-site.ts'
import { waitForStage } from '../support/open-page.ts'

const browser = await launchChromium()
t.teardown(() => browser.close())
const site = await openHostSite(t)

await t.test('element: a site gets each event in order, and a token for its backend, under the strictest policy when its origin is allowed', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login id="one" locale="en"></scan-login>'))
  const phone = await site.phone()
  const { ticket } = await host.waitForStep('ticket')
  await waitForStage(host.page, 'waiting')
  t.equal(await host.page.locator('.stage').evaluate((stage: any) => stage.getBoundingClientRect().width), 240, 'its styles apply')
  await approve(phone, host, ticket)
  const login = await host.waitForStep('login')
  await waitForStage(host.page, 'confirmed')

  const { payload, protectedHeader } = await jwtVerify(login.accessToken, createRemoteJWKSet(new URL(`${site.service.url}/.well-known/jwks.json`)), { issuer: site.service.url, audience: site.url })
  t.hasStrict(payload, { sub: phone.sub, amr: ['wechat'] })
  t.equal(protectedHeader.typ, 'at+jwt')
  const { accessToken, expiresIn, ...rest } = login
  t.ok(expiresIn > 0 && expiresIn <= 900)
  t.strictSame(rest, { user: { sub: phone.sub, name: null }, returnTo: null })
  t.strictSame(await host.steps(), [
    { element: 'one', name: 'ticket', detail: { ticket } },
    { element: 'one', name: 'scanned', detail: {} },
    { element: 'one', name: 'confirmed', detail: {} },
    { element: 'one', name: 'login', detail: login },
  ], 'no number, nothing twice, and no event bubbles to the window')

  t.equal(host.secrets.length, 1)
  t.notOk(JSON.stringify(await host.steps()).includes(host.secrets[0] ?? ''), 'no event has the secret')
  t.strictSame(host.complaints, [])
  t.strictSame(await host.page.context().cookies([site.service.url, site.url]), [])
  t.strictSame(host.requests.filter((request) => ![site.url, site.service.url].includes(new URL(request.split(' ')[1] ?? '').origin)), [])
  t.equal(host.page.url().startsWith(site.url), true, 'the visitor stays on the site')
})

await t.test('element: a site gets no ticket and no token, and its visitor sees a message, when its origin is not allowed', async (t) => {
  const other = await openHostSite(t, { isAllowed: false })
  const host = await openHostPage(t, browser, other.addPage('<scan-login id="one" locale="en"></scan-login>'))
  t.strictSame(await host.waitForStep('error', { count: 2 }), { reason: 'unreachable' })
  t.equal(await host.page.locator('.line').innerText(), "Can't reach the service right now")
  t.strictSame([...new Set((await host.steps()).map(({ name }) => name))], ['error'])
  t.equal(await host.page.locator('.code-image').count(), 0)
  t.strictSame(await host.page.context().cookies(other.service.url), [])
  t.strictSame(host.complaints.filter((complaint) => !/CORS policy|Failed to load resource/.test(complaint)), [])
})

await t.test('element: the others keep their tickets when one of several on a page logs in', async (t) => {
  const host = await openHostPage(t, browser, site.addPage('<scan-login id="one"></scan-login><scan-login id="two"></scan-login><scan-login id="three" compact></scan-login>'))
  const phone = await site.phone()
  const tickets: string[] = []
  for (const element of ['one', 'two', 'three']) tickets.push((await host.waitForStep('ticket', { element })).ticket)
  t.equal(new Set(tickets).size, 3)
  for (const element of ['one', 'two', 'three']) await waitForStage(host.page.locator(`#${element}`), 'waiting')
  await approve(phone, host, tickets[1] ?? '', '#two')
  t.equal((await host.waitForStep('login', { element: 'two' })).user.sub, phone.sub)
  for (const element of ['one', 'three']) {
    t.strictSame((await host.steps(element)).map(({ name }) => name), ['ticket'])
    t.equal(await host.page.locator(`#${element} .layer:not(.leaving)`).getAttribute('data-stage'), 'waiting')
  }
  await approve(await site.phone('mei'), host, tickets[2] ?? '', '#three')
  await host.page.locator('#three').getByRole('button', { name: "That's me, go on" }).click() // another person was logged in just before
  t.not((await host.waitForStep('login', { element: 'three' })).user.sub, phone.sub)
  t.strictSame(host.complaints, [])
})

await t.test('element: the visitor is taken to return-to when that is allowed', async (t) => {
  const host = await openHostPage(t, browser, site.addPage(`<scan-login return-to="${site.url}/host.js?done"></scan-login>`))
  const { ticket } = await host.waitForStep('ticket')
  await approve(await site.phone(), host, ticket)
  await host.page.waitForURL(`${site.url}/host.js?done`)
  t.strictSame(host.complaints, [])
})

await t.test('element: the visitor stays, and the event has return-to, when the site prevents the default of the login event', async (t) => {
  const url = site.addPage(`<scan-login data-stay return-to="${site.url}/host.js?done"></scan-login>`)
  const host = await openHostPage(t, browser, url)
  const { ticket } = await host.waitForStep('ticket')
  await approve(await site.phone(), host, ticket)
  t.equal((await host.waitForStep('login')).returnTo, `${site.url}/host.js?done`)
  await host.page.waitForTimeout(1500) // it would have left after 900 ms
  t.equal(host.page.url(), url)
})

await t.test('element: the login works without return-to when that has a foreign origin', async (t) => {
  const url = site.addPage('<scan-login return-to="https://evil.example/"></scan-login>')
  const host = await openHostPage(t, browser, url)
  const { ticket } = await host.waitForStep('ticket')
  await approve(await site.phone(), host, ticket)
  t.equal((await host.waitForStep('login')).returnTo, null)
  await host.page.waitForTimeout(1500) // it would have left after 900 ms
  t.equal(host.page.url(), url)
})

await t.test('element: the code\'s picture can be saved on the site, too, when the visitor is on a phone', async (t) => {
  const userAgent = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36'
  const host = await openHostPage(t, browser, site.addPage('<scan-login locale="en"></scan-login>'), { userAgent, isMobile: true, hasTouch: true })
  await waitForStage(host.page, 'waiting')
  const [download] = await Promise.all([host.page.waitForEvent('download'), host.page.locator('[data-action=save]').tap()])
  t.equal(download.suggestedFilename(), 'WeChat login code.jpg')
  t.strictSame(host.complaints, [])
})

await t.test('element: a tap on "Save picture" says what to do when the picture can\'t be fetched in time, and its connection is free again', async (t) => {
  const userAgent = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36'
  const url = site.addPage('<scan-login locale="en"></scan-login>')
  const host = await openHostPage(t, browser, url, { userAgent, isMobile: true, hasTouch: true })
  const { page } = host
  await page.clock.install()
  await page.route(/\/code$/, (route) => route.request().resourceType() === 'fetch' ? undefined : route.continue()) // a fetch is never answered
  const asked = page.waitForRequest((request) => request.url().endsWith('/code') && request.resourceType() === 'fetch')
  const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/code') && request.resourceType() === 'fetch')
  await page.goto(url)
  await waitForStage(page, 'waiting')
  await asked
  await page.locator('[data-action=save]').tap()
  t.equal(await page.locator('.hint').innerText(), '')
  await page.clock.runFor(15_000)
  await ended
  await page.getByText(dictionaries.en.saveByHand).waitFor()
})
