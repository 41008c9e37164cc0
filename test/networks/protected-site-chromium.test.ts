/** The recipes for an app that only people who are logged in may see, in Chromium: with a login by the demo's phone, over TLS and under host names. */
import { randomBytes, createHash } from 'node:crypto'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { chromiumOptions, launchChromium } from '../support/chromium.ts'
import { phoneIn, serveDemo, type Phone } from '../support/demo-window.ts'
import { appHost, loginHost, openProtectedApp, recipeKinds, type RecipeKind, type RecipeOptions } from '../support/recipes.ts'
import { valuesOf, type ShownApp } from '../support/shown-app.ts'

interface World {
  readonly app: ShownApp
  readonly loginUrl: string
  readonly page: Page
  /** Opens a phone that logs people in at this service. */
  phone (person: string): Promise<Phone>
}

/** The demo and an app behind one proxy, under their names, and a visitor in a browser of their own. */
const openWorld = async (t: Test, kind: RecipeKind, options: RecipeOptions = {}): Promise<World> => {
  const loginUrl = options.isSameOrigin === true ? `https://${appHost}/auth` : `https://${loginHost}`
  const server = await serveDemo(t, {
    PUBLIC_URL: loginUrl,
    TRUST_PROXY: '127.0.0.1',
    ...options.isSameOrigin !== true && { COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: `https://${appHost}` },
  })
  const { port } = server.server.address() as { port: number } // it listens on a port
  const { address, app } = await openProtectedApp(t, kind, `127.0.0.1:${port}`, options)
  const browser: Browser = await launchChromium({ args: [...chromiumOptions().args ?? [], `--host-resolver-rules=MAP * ${address}`, '--ignore-certificate-errors'] })
  t.teardown(() => browser.close())
  const open = async (): Promise<BrowserContext> => {
    const context = await browser.newContext({ locale: 'en-US', reducedMotion: 'reduce', ignoreHTTPSErrors: true })
    context.setDefaultTimeout(25_000)
    context.on('weberror', (error) => { t.fail(`a page threw: ${error.error().message}`) })
    return context
  }
  const [visitors, phones] = [await open(), await open()]
  return {
    app,
    loginUrl,
    page: await visitors.newPage(),
    phone: async (person) => {
      const tab = await phones.newPage()
      await tab.goto(`${loginUrl}/demo/phone?person=${person}`)
      return phoneIn(tab)
    },
  }
}

/** Logs in on the login page that is shown: scans its code, and taps its number. */
const logIn = async (page: Page, phone: Phone): Promise<void> => {
  const code = page.locator('.layer:not(.leaving) .code-image')
  await code.waitFor()
  await phone.scanPicture(await code.screenshot())
  await phone.button("It's me").click() // a picture may have come from anybody
  await phone.button(await page.locator('.layer:not(.leaving) .number').innerText()).click()
}

/** What a page gets by a script. */
const fetchFrom = (page: Page, path: string): Promise<{ status: number, wasRedirected: boolean }> => page.evaluate(async (path) => {
  const { status, redirected } = await fetch(path, { cache: 'no-store' })
  return { status, wasRedirected: redirected }
}, path)

const address = '/订单/a%2Fb/7?q=1&c=+%20%0A%0D%2F%2f&d=你好&e=%E4%BD%A0&f=%25%26%3D%23&g=\'"<>|&h=https://example.org/?x=1;y=2#section/2?a=b&c=%20d'

for (const kind of recipeKinds) {
  await t.test(`protected app in Chromium: a visitor comes back to the very address after the login, and is out once signed out on the phone, when ${kind} asks the service`, async (t) => {
    const { app, page, phone, loginUrl } = await openWorld(t, kind)
    const wanted = new URL(address, `https://${appHost}`).href
    await page.goto(wanted)
    t.match(page.url(), `${loginUrl}/login?return_to=`)
    t.strictSame(app.arrivals, [])
    const [ming, started] = [await phone('ming'), page.waitForURL((url) => url.host === appHost)]
    await logIn(page, ming)
    await started
    t.equal(page.url(), wanted)
    t.equal(await page.title(), 'The app')
    const { rawHeaders, url } = app.arrivals.at(-1) ?? { rawHeaders: [], url: '' }
    t.equal(url, wanted.replace(/^https:\/\/[^/]*/, '').replace(/#.*/, ''))
    t.match(valuesOf({ rawHeaders }, 'remote-user').join(), /^[\w-]{43}$/)

    t.strictSame(await fetchFrom(page, '/api/things?x=1&y'), { status: 200, wasRedirected: false })
    const seed = randomBytes(1024)
    const uploaded = await page.evaluate(async (seed) => {
      const body = new Uint8Array(10 * 1024 * 1024).map((_, index) => seed[index % 1024] ?? 0)
      const answer = await fetch('/upload', { method: 'POST', body })
      return (await answer.json() as { sha256: string }).sha256
    }, [...seed])
    t.equal(uploaded, createHash('sha256').update(Buffer.alloc(10 * 1024 * 1024, seed)).digest('hex'), 'an upload of 10 MB')
    const echoed = await page.evaluate(() => new Promise((resolve, reject) => {
      const socket = new WebSocket('/socket?room=1')
      const heard: string[] = []
      socket.onmessage = ({ data }) => {
        if (heard.push(String(data)) === 1) socket.send('你好')
        else resolve(heard[1])
      }
      socket.onerror = reject
    }))
    t.equal(echoed, '你好', 'a WebSocket')

    await ming.button('My logins').click()
    await ming.app.getByRole('button', { name: /^Log out Chrome/ }).click()
    await ming.app.getByRole('dialog').getByRole('button', { name: 'Yes' }).click()
    await ming.says('Not logged in anywhere')
    const before = app.arrivals.length
    t.strictSame(await fetchFrom(page, '/api/things?x=1&y'), { status: 401, wasRedirected: false }, 'a script is told')
    await page.reload()
    t.equal(page.url(), `${loginUrl}/login${new URL(page.url()).search}#section/2?a=b&c=%20d`, 'the next page is the login')
    t.equal(new URL(page.url()).searchParams.get('return_to'), wanted.replace(/#.*/, ''))
    t.equal(app.arrivals.length, before)

    const long = `https://${appHost}/?q=${'%E4%BD%A0'.repeat(880)}&z=${'&+'.repeat(100)}`
    await page.goto(long)
    await Promise.all([page.waitForURL((url) => url.host === appHost), logIn(page, await phone('ming'))])
    t.equal(page.url(), long, 'and they come back to an address of 8 kB')
  })

  await t.test(`protected app in Chromium: a visitor logs in and comes back when ${kind} has the service below a path of the app's origin`, async (t) => {
    const { app, page, phone, loginUrl } = await openWorld(t, kind, { isSameOrigin: true })
    const wanted = new URL('/订单?a=1&b=%2F+%0A#c', `https://${appHost}`).href
    await page.goto(wanted)
    t.match(page.url(), `${loginUrl}/login?return_to=`)
    await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/auth/')), logIn(page, await phone('ming'))])
    t.equal(page.url(), wanted)
    t.equal(app.arrivals.length, 1)
    await page.goto(`${loginUrl}/me`)
    await page.locator('#log-out').click()
    await page.locator('#log-in').waitFor()
    await page.goto(wanted)
    t.match(page.url(), `${loginUrl}/login?return_to=`)
  })
}
