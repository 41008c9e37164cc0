/** What pages of sibling hosts and of other sites can do to a login in a real browser, over TLS and under host names: plant cookies, show the code. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { BrowserContext, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { makeCertificate } from '../support/certificate.ts'
import { chromiumOptions, launchChromium, windowed } from '../support/chromium.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { confirmedBrowser, logIn, phoneOf } from '../support/login.ts'

const serviceOrigin = 'https://login.example.com'

/** A service at `login.example.com`; every other host name has one empty page. */
const openWorld = async (t: Test, env: Record<string, string>): Promise<{ service: TestService, context: BrowserContext }> => {
  const service = await openTestService(t, { env: { PUBLIC_URL: serviceOrigin, LIMIT_CREATE: '10000', ...env } })
  await service.app.ready()
  const pem = readFileSync(makeCertificate(t))
  const server = createServer({ key: pem, cert: pem }, (request, response) => {
    if (request.headers.host === 'login.example.com') return service.app.routing(request, response)
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Another host</title>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // an object for a server that listens on a port
  const browser = await launchChromium({ ...windowed, args: [...chromiumOptions().args ?? [], `--host-resolver-rules=MAP * 127.0.0.1:${port}`, '--ignore-certificate-errors'] })
  t.teardown(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const context = await browser.newContext({ ignoreHTTPSErrors: true })
  context.setDefaultTimeout(15_000)
  return { service, context }
}

const open = async (context: BrowserContext, url: string): Promise<Page> => {
  const page = await context.newPage()
  await page.goto(url)
  return page
}

await t.test('E17 browser: a sibling host can neither log a visitor in as somebody else nor lock them out when it sets the cookie for /api', async (t) => {
  const { service, context } = await openWorld(t, { COOKIE_DOMAIN: 'example.com' })
  const phone = await phoneOf(service)
  const attacker = await logIn(service, { phone: await phoneOf(service, 'hong') })
  const ours = await open(context, `${serviceOrigin}/me`)
  const sibling = await open(context, 'https://blog.example.com/')
  const logInHere = async (): Promise<unknown> => {
    const { browser } = await confirmedBrowser(service, { phone })
    return await ours.evaluate(async ({ ticket, secret }) => {
      const answer = await fetch(`/api/tickets/${ticket}/consume`, { method: 'POST', headers: { Authorization: `Ticket ${secret}` } })
      return answer.status
    }, { ticket: browser.ticket, secret: browser.secret })
  }
  const whoAmI = (): Promise<unknown> => ours.evaluate(async () => {
    const answer = await fetch('/api/session')
    return answer.ok ? (await answer.json() as { user: { sub: string } }).user.sub : answer.status
  })
  const plant = (cookie: string): Promise<unknown> => sibling.evaluate(`document.cookie = '${cookie}; Domain=example.com; Path=/api; Secure'`)
  const cookies = async (): Promise<string[]> => (await context.cookies()).filter(({ name }) => name.endsWith('scan_login')).map(({ path }) => path)

  t.equal(await logInHere(), 200)
  t.equal(await whoAmI(), phone.sub)
  await plant(`__Secure-scan_login=${'A'.repeat(43)}`)
  t.strictSame((await cookies()).sort(), ['/', '/api'])
  t.equal(await whoAmI(), phone.sub, 'a planted dead cookie, which the browser sends first')
  await plant(attacker.cookie)
  t.equal(await whoAmI(), 401, 'a planted live cookie of somebody else')
  t.strictSame(await cookies(), [], 'both are removed from the browser')
  t.equal(await logInHere(), 200)
  t.equal(await whoAmI(), phone.sub)

  await plant(attacker.cookie)
  t.equal(await logInHere(), 200)
  t.equal(await whoAmI(), phone.sub, 'a login ends the sessions that the browser had, the planted one as well')
  t.equal((await attacker.phone.sessions()).json.sessions.length, 0)
  t.equal(await ours.evaluate(async () => (await fetch('/api/session', { method: 'DELETE' })).status), 204)
  t.strictSame(await cookies(), [])
})

await t.test('browser: a page of an allowed sibling host reads the session, gets a token and logs out; pages of other hosts can\'t', async (t) => {
  const { service, context } = await openWorld(t, { COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: 'https://www.example.com,https://shop.example' })
  const { cookie, phone } = await logIn(service)
  const [name = '', value = ''] = cookie.split('=')
  await context.addCookies([{ name, value, domain: '.example.com', path: '/', secure: true, httpOnly: true, sameSite: 'Lax' }])
  /** The status and the person of an answer that the page can read, or null. */
  const ask = (page: Page, method: string, path: string, headers = {}): Promise<unknown> => page.evaluate(async ({ url, method, headers }) => {
    try {
      const answer = await fetch(url, { method, headers, credentials: 'include' })
      return [answer.status, answer.status === 200 ? (await answer.json() as { user: { sub: string } }).user.sub : null]
    } catch {
      return null
    }
  }, { url: `${serviceOrigin}${path}`, method, headers })

  for (const origin of ['https://shop.example', 'https://blog.example.com']) {
    const page = await open(context, `${origin}/`)
    for (const [method, path] of [['GET', '/api/session'], ['POST', '/api/session/token'], ['DELETE', '/api/session']] as const) t.equal(await ask(page, method, path), null, `${origin} ${method} ${path}`)
  }
  const sibling = await open(context, 'https://www.example.com/')
  t.strictSame(await ask(sibling, 'GET', '/api/session'), [200, phone.sub])
  t.strictSame(await ask(sibling, 'POST', '/api/session/token', { 'content-type': 'application/json' }), [200, phone.sub])
  t.strictSame(await ask(sibling, 'DELETE', '/api/session'), [204, null])
  t.strictSame(await ask(sibling, 'GET', '/api/session'), [401, null], 'the page can read the refusal')
  t.equal((await phone.sessions()).json.sessions.length, 0)
  t.strictSame((await context.cookies()).map(({ name }) => name), [], 'the cookie is gone, too')
})

/** Script for a page: whether it can show the code as an image. */
const canShow = (ticket: string, referrerPolicy = ''): string => `new Promise((resolve) => {
  const image = Object.assign(new Image(), { referrerPolicy: '${referrerPolicy}' })
  image.onload = () => { resolve(true) }
  image.onerror = () => { resolve(false) }
  image.src = '${serviceOrigin}/api/tickets/${ticket}/code'
})`

await t.test('E13 browser: the code is shown on pages of allowed origins, and on no others', async (t) => {
  const cases: Array<[env: Record<string, string>, shown: string[]]> = [
    [{}, []],
    [{ COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: 'https://www.example.com' }, ['https://www.example.com']],
    [{ ALLOWED_ORIGINS: 'https://shop.example' }, ['https://shop.example']],
  ]
  for (const [env, allowed] of cases) {
    const { service, context } = await openWorld(t, env)
    const { ticket } = (await service.call({ method: 'POST', path: '/api/tickets' })).json
    const shown: string[] = []
    for (const origin of [serviceOrigin, 'https://www.example.com', 'https://shop.example', 'https://evil.example']) {
      const page = await open(context, origin === serviceOrigin ? `${serviceOrigin}/me` : `${origin}/`)
      const isShown = await page.evaluate(canShow(ticket))
      if (isShown) shown.push(origin)
    }
    t.strictSame(shown, [serviceOrigin, ...allowed], JSON.stringify(env))
    if (env.ALLOWED_ORIGINS?.includes('shop') === true) continue
    const hiding = await open(context, 'https://evil.example/')
    t.equal(await hiding.evaluate(canShow(ticket, 'no-referrer')), false, 'nor where it hides the referrer')
  }
})
