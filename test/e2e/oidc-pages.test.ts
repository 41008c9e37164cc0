/** The provider's pages in Chromium, whose rules decide whether a form leads on: logout, `response_mode=form_post`, the device flow, and how they look. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Browser, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { pageWords } from '../../src/oidc/page-words.ts'
import { launchChromium } from '../support/chromium.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { logIn } from '../support/login.ts'
import { authorizationPath, clientsOf, testClient } from '../support/oidc.ts'
import { accessibilityFaults } from '../support/open-page.ts'
import { withProviderKeys } from '../support/provider-keys.ts'
import { openTestService } from '../support/test-service.ts'

const browser: Browser = await launchChromium()
t.teardown(() => browser.close())

/** An app on an origin of its own, which says what it was called with. */
const startApp = async (t: Test): Promise<string> => {
  const answer = async (request: IncomingMessage): Promise<string> => `${request.method} ${request.url} ${await text(request)}`
  const server = createServer((request, response) => {
    answer(request).then((said) => { response.setHeader('content-type', 'text/html').end(`<title>${said}</title>`) }, () => { response.destroy() })
  })
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => { server.closeAllConnections(); server.close() })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
}

const freePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo // it listens on a port
  await new Promise((resolve) => { server.close(resolve) })
  return port
}

const open = async (t: Test, { isLoggedIn = true } = {}) => {
  const [app, port] = await Promise.all([startApp(t), freePort()])
  const url = `http://localhost:${port}`
  const client = testClient({ name: 'The <b>app</b>', url: app, loginUrl: `${app}/login`, redirectUris: [`${app}/callback`], postLogoutRedirectUris: [`${app}/bye`] })
  const tv = testClient({ clientId: 'tv', name: 'The telly', isPublic: true, secretHashes: [], redirectUris: [] })
  const service = await openTestService(t, { clients: clientsOf(client, tv), clock: createFakeClock(Date.now()), keys: withProviderKeys(), env: { PUBLIC_URL: url } })
  await service.app.listen({ host: '127.0.0.1', port })
  const openTab = async (options: Parameters<Browser['newContext']>[0] = {}): Promise<{ readonly page: Page, readonly complaints: string[] }> => {
    const context = await browser.newContext({ locale: 'en-US', ...options })
    t.teardown(() => context.close())
    const [name = '', value = ''] = isLoggedIn ? (await logIn(service)).cookie.split('=') : []
    if (isLoggedIn) await context.addCookies([{ name, value, url }])
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => { if (!message.text().startsWith('Failed to load resource')) complaints.push(message.text()) })
    page.on('pageerror', (error) => { complaints.push(error.message) })
    return { page, complaints }
  }
  const askForCode = async (): Promise<any> => (await fetch(`http://127.0.0.1:${port}/oidc/device/auth`, { method: 'POST', body: new URLSearchParams({ client_id: 'tv', scope: 'openid' }) })).json()
  return { url, app, client, service, openTab, askForCode }
}

await t.test('pages in Chromium: "Log out" leads back to the app on its own origin, and so does a logout that nobody need confirm', async (t) => {
  const { url, app, openTab } = await open(t)
  const { page, complaints } = await openTab()
  const address = `${url}/oidc/session/end?client_id=app&state=s&post_logout_redirect_uri=${encodeURIComponent(`${app}/bye`)}`
  await page.goto(address)
  t.ok((await page.innerText('main')).includes('The <b>app</b> asks for it'))
  await page.getByRole('button', { name: pageWords.en.logout.logOut }).click()
  await page.waitForURL(`${app}/bye?state=s`)
  t.equal((await page.request.get(`${url}/api/session`)).status(), 401)
  await page.goto(address)
  await page.waitForURL(`${app}/bye?state=s`)
  t.strictSame(complaints, [])
})

await t.test('pages in Chromium: a login by form_post reaches the app with its code', async (t) => {
  const { url, app, client, openTab } = await open(t)
  const { page, complaints } = await openTab()
  await page.goto(`${url}${authorizationPath(client, { response_mode: 'form_post' })}`)
  await page.waitForURL(`${app}/callback`)
  t.match(await page.title(), /^POST \/callback code=[\w-]+&state=the-state&/)
  t.strictSame(complaints, [])
})

await t.test('pages in Chromium: of two browsers that let one device in at once, one does, and the other is told', async (t) => {
  const { openTab, askForCode } = await open(t)
  const code = await askForCode()
  const tabs = await Promise.all([openTab(), openTab({ viewport: { width: 320, height: 568 } })])
  await Promise.all(tabs.map(async ({ page }) => {
    await page.goto(code.verification_uri)
    await page.getByLabel(pageWords.en.code.help).fill(code.user_code)
    await page.keyboard.press('Enter')
    await page.getByText(pageWords.en.device.compare).waitFor()
  }))
  await Promise.all(tabs.map(async ({ page }) => {
    await page.getByRole('button', { name: pageWords.en.device.allow }).click()
    await page.getByText(/The device is logged in|has been used/).waitFor()
  }))
  const ends = await Promise.all(tabs.map(({ page }) => page.innerText('main')))
  t.equal(ends.filter((end) => end.includes(pageWords.en.deviceDone.line)).length, 1)
  t.equal(ends.filter((end) => end.includes(pageWords.en.codeFaults.used)).length, 1)
  t.strictSame(tabs.flatMap(({ complaints }) => complaints), [])
})

await t.test('pages in Chromium: a link with the code leads to the question, also without scripts, and "Not me" refuses', async (t) => {
  for (const javaScriptEnabled of [true, false]) {
    const { openTab, askForCode } = await open(t)
    const code = await askForCode()
    const { page, complaints } = await openTab({ javaScriptEnabled })
    await page.goto(code.verification_uri_complete)
    if (!javaScriptEnabled) await page.getByRole('button').click()
    await page.getByRole('button', { name: pageWords.en.device.notMe }).click()
    await page.getByText(pageWords.en.deviceRefused.line).waitFor()
    t.strictSame(complaints, [])
  }
})

await t.test('pages in Chromium: every page is free of what axe finds, and no wider than a small phone or with large text', async (t) => {
  const { url, client, openTab, askForCode } = await open(t)
  for (const locale of ['zh-CN', 'zh-TW', 'en-US']) {
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, complaints } = await openTab({ locale, colorScheme, viewport: { width: 320, height: 568 } })
      const check = async (name: string): Promise<void> => {
        for (const size of ['100%', '200%']) {
          await page.evaluate(`document.documentElement.style.fontSize = '${size}'`)
          t.strictSame(await accessibilityFaults(page), [], `${name} ${locale} ${colorScheme} ${size}`)
        }
      }
      for (const path of ['/oidc/session/end?client_id=app', '/oidc/session/end/success', '/oidc/session/end/success?client_id=app', authorizationPath(client, { redirect_uri: 'x' }), `/oidc/interaction/${'A'.repeat(43)}`, '/oidc/device']) {
        await page.goto(url + path)
        await check(path)
      }
      await page.fill('input[name=user_code]', (await askForCode()).user_code)
      await page.click('button.main')
      await page.waitForSelector('button[name=confirm]')
      await check('confirm')
      t.strictSame(complaints, [])
    }
  }
})
