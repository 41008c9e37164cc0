/** An app behind a proxy that asks the service, in a real browser: where a visitor comes back to after the login. */
import { createServer, request } from 'node:http'
import t from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { dictionaries } from '../../static/scan-login/words.js'
import { launchChromium } from '../support/chromium.ts'
import { serveDemo } from '../support/demo-window.ts'
import { listen } from '../support/listen.ts'
import { openVisit, shownTicket, visitedService } from '../support/login-visit.ts'
import { accessibilityFaults } from '../support/open-page.ts'

let serviceUrl = ''
let query = ''
/** Of each request that the app got. */
const seen: Array<{ readonly url: string, readonly user: string, readonly email: string }> = []

/** Asks as Caddy and Traefik do, passes on whatever isn't 2xx, and answers for the app. The browser has the service's cookie, as cookies don't tell ports apart. */
const proxy = createServer((visit, answer) => {
  const { url = '', method = '', headers } = visit
  const asked = { 'x-forwarded-for': '127.0.0.1', 'x-forwarded-method': method, 'x-forwarded-proto': 'http', 'x-forwarded-host': headers.host, 'x-forwarded-uri': url }
  request(`${serviceUrl}/api/forward-auth${query}`, { headers: { ...headers, host: new URL(server.url).host, ...asked } }, (said) => {
    const status = said.statusCode ?? 500
    if (status === 200) {
      seen.push({ url, user: String(said.headers['remote-user']), email: String(said.headers['remote-email']) })
      said.resume()
      answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>App</title><h1>App</h1>')
    } else said.pipe(answer.writeHead(status, said.headers))
  }).end()
})
const app = (await listen(t, proxy)).replace('127.0.0.1', 'localhost')

const server = await serveDemo(t, { ALLOWED_ORIGINS: app, TRUST_PROXY: '127.0.0.1' })
serviceUrl = server.url.replace('localhost', '127.0.0.1')
const service = visitedService(t, server)
const browser = await launchChromium()
t.teardown(() => browser.close())

const addresses = [
  '/', '/orders/7?a=b&c=d+e%20f&text=one%0D%0Atwo&path=%2Fetc%2F&q=微信&q=%D6%D0#/deep/link?x=1&y=%20z', '/a%2Fb//?%00\\x#top', `/search?${'q=a%26b&'.repeat(1020)}#end`,
]
for (const [index, address] of addresses.entries()) {
  await t.test(`forward auth: the visitor comes back to the very address after the login, and later without one (${index + 1})`, async (t) => {
    const wanted = new URL(address, app).href
    const { page, approve, newTab } = await openVisit(t, browser, service, { url: app, path: address })
    t.match(page.url(), `${service.url}/login?return_to=`)
    const phone = await service.newPhone()
    seen.length = 0
    await approve(phone, await shownTicket(page))
    await page.waitForURL(({ href }) => href === wanted, { waitUntil: 'commit' }) // a text would be a pattern
    t.equal(page.url(), wanted)
    const sent = wanted.slice(app.length).replace(/#.*/, '')
    t.strictSame(seen.filter(({ url }) => url !== '/favicon.ico'), [{ url: sent, user: phone.sub, email: `${handleOf(phone.sub)}@localhost.invalid` }], 'byte by byte')
    const tab = await newTab(address)
    t.equal(tab.url(), wanted)
  })
}

await t.test('forward auth: the visitor logs in and reads why they are not where they were, with a link to the app, when the address is too long or not allowed', async (t) => {
  for (const [address, locale, language] of [[`/search?q=${'a'.repeat(9000)}`, 'en-US', 'en'], ['//other.example/?a', 'zh-CN', 'zh'], ['/a%0Ab#/x', 'zh-TW', 'zh-Hant']] as const) {
    const { page, approve } = await openVisit(t, browser, service, { url: app, path: address, locale })
    await approve(await service.newPhone(), await shownTicket(page))
    const words = dictionaries[language]
    await page.getByText(words.returnRefused).waitFor()
    t.match(page.url(), `${service.url}/me?site=${app}/#return-refused`)
    t.strictSame(await accessibilityFaults(page), [])
    await page.getByRole('link', { name: `${words.goTo} ${new URL(app).host}`, exact: true }).click()
    await page.getByText('App', { exact: true }).waitFor()
    t.equal(page.url(), `${app}/`)
  }
})

await t.test('forward auth: somebody who may not come in reads so on the app\'s address, and gets there as somebody else', async (t) => {
  query = '?groups=staff'
  t.teardown(() => { query = '' })
  for (const [locale, colorScheme, words] of [['en-US', 'light', dictionaries.en], ['zh-CN', 'dark', dictionaries.zh], ['zh-TW', 'light', dictionaries['zh-Hant']]] as const) {
    const { page, approve } = await openVisit(t, browser, service, { url: app, path: '/orders?a=b&c', locale, colorScheme, viewport: { width: 360, height: 640 } })
    await approve(await service.newPhone(), await shownTicket(page))
    await page.waitForURL(({ href }) => href === `${app}/orders?a=b&c`)
    t.not(await page.locator('main').evaluate((main: any) => main.ownerDocument.defaultView.getComputedStyle(main).borderRadius), '0px', 'it has its looks')
    t.strictSame(await accessibilityFaults(page), [])
    await page.getByRole('link').click()
    const editor = await service.newPhone()
    const ticket = await shownTicket(page)
    await server.people.create(editor.sub, { state: 'active', isSeen: true })
    await server.people.setGroups(editor.sub, () => ['staff'])
    await approve(editor, ticket)
    await page.getByRole('button', { name: words.goOn, exact: true }).click() // somebody else was logged in here
    await page.getByText('App', { exact: true }).waitFor()
    t.equal(page.url(), `${app}/orders?a=b&c`)
  }
})
