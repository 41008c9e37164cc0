/** A page of another site that creates tickets in its visitors' browsers: recognised by the browser's headers and refused, without using up the visitors' limits. */
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { launchChromium } from '../../support/chromium.ts'
import { listen } from '../../support/listen.ts'
import { openTestService, type TestService } from '../../support/test-service.ts'
import { verdict } from '../../support/login.ts'
import { freePort } from '../../support/redis.ts'
import type { Store } from '../../../src/login/store-port.ts'

const shop = 'https://shop.example'

/** Records a store's changes. */
const noteChanges = (changes: string[]) => (store: Store): Store => new Proxy(store, {
  get: (target, name: keyof Store) => (...args: unknown[]) => {
    if (name !== 'now' && !name.startsWith('on') && !name.startsWith('read')) changes.push(`${name} ${String(args[0])}`)
    return (target[name] as (...args: unknown[]) => unknown)(...args)
  },
})

const make = (service: TestService, headers: Record<string, string>, body?: unknown) =>
  service.call({ method: 'POST', path: '/api/tickets', headers, body })

await t.test('E6 create: a ticket is refused with cross-site, and nothing is counted or written, when the browser\'s headers name another page', async (t) => {
  const changes: string[] = []
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: shop, LIMIT_CREATE: '1' }, wrapStore: noteChanges(changes) })
  changes.length = 0
  const foreign: Array<Record<string, string>> = [
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
    { origin: 'https://evil.example' },
    { origin: 'https://www.example.com', 'sec-fetch-site': 'same-site' },
    { origin: 'http://login.example.com', 'sec-fetch-site': 'same-site' },
    { origin: 'https://login.example.com:8443', 'sec-fetch-site': 'same-site' },
    { origin: 'https://login.example.com.evil.example' },
    { origin: 'http://another-name.example', host: 'another-name.example' },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', host: 'evil.example' },
    { origin: `${shop}.evil.example` },
    { origin: `https://login.example.com, ${shop}` },
    { origin: 'null' },
    { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { origin: 'null', 'sec-fetch-site': 'same-site' },
    { origin: 'null', 'sec-fetch-site': 'none' },
    { origin: '' },
    { origin: 'https://login.example.com', 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'anything' },
    { 'sec-fetch-site': 'same-origin, cross-site' },
  ]
  for (const headers of foreign) {
    for (const body of [undefined, {}, '{', { return_to: '//evil.example' }]) t.equal(verdict(await make(service, headers, body)), '403 cross-site', JSON.stringify(headers))
    t.equal(verdict(await make(service, { ...headers, 'content-type': 'text/plain' }, 'a=1')), '403 cross-site', 'of any type')
    t.equal(verdict(await make(service, { ...headers, 'content-type': 'application/x-www-form-urlencoded' }, 'x'.repeat(100_000))), '403 cross-site', 'of any length')
  }
  t.strictSame(changes, [])
  t.equal((await make(service, {})).status, 201, 'the limit of this address is still unused')
})

await t.test('E6 create: a page of the same site is refused, too, although it shares the cookie', async (t) => {
  const service = await openTestService(t, { env: { COOKIE_DOMAIN: 'example.com' } })
  for (const headers of [{ origin: 'https://www.example.com', 'sec-fetch-site': 'same-site' }, { origin: 'https://www.example.com' }, { 'sec-fetch-site': 'same-site' }]) {
    t.equal(verdict(await make(service, headers)), '403 cross-site', JSON.stringify(headers))
  }
  t.equal((await make(service, { origin: 'https://login.example.com' })).status, 201)
})

await t.test('E6 create: a ticket is created for our own page, for an allowed one, and without a browser', async (t) => {
  const service = await openTestService(t, { env: { ALLOWED_ORIGINS: shop } })
  const own: Array<Record<string, string>> = [
    {},
    { 'sec-fetch-site': 'same-origin' },
    { 'sec-fetch-site': 'none' },
    { origin: 'https://login.example.com', 'sec-fetch-site': 'same-origin' },
    { origin: 'https://login.example.com' },
    { origin: 'null', 'sec-fetch-site': 'same-origin' },
    { origin: 'https://another-name.example', 'sec-fetch-site': 'same-origin' },
    { origin: 'https://another-name.example', host: 'another-name.example' },
    { origin: shop, 'sec-fetch-site': 'cross-site' },
    { origin: shop, 'sec-fetch-site': 'same-site' },
    { origin: shop },
  ]
  for (const headers of own) {
    const made = await make(service, headers)
    t.equal(made.status, 201, JSON.stringify(headers))
    const code = await service.call({ path: `/api/tickets/${made.json.ticket}/code`, headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'image' } })
    t.equal(code.status, 200, 'an <img> on an allowed site has no Origin')
  }
})

/** Serves a third party's page, on another site than the service's. */
const openForeignPage = async (t: Test, serviceOrigin: string): Promise<string> => {
  const tickets = `${serviceOrigin}/api/tickets`
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html')
    response.end(request.url === '/form'
      ? `<!doctype html><form method="post" action="${tickets}"><input name="a" value="1"></form><script>document.forms[0].submit()</script>`
      : `<!doctype html><title>An ad</title><body>
        <img src="${tickets}"><link rel="stylesheet" href="${tickets}">
        <iframe src="/form"></iframe>
        <iframe sandbox="allow-forms allow-scripts" srcdoc='<form method="post" action="${tickets}" enctype="text/plain"><input name="{&quot;a" value="1&quot;}"></form><script>document.forms[0].submit()</script>'></iframe>`)
  })
  return await listen(t, server)
}

await t.test('E6 create: no fetch, form, frame or picture of an ad in Chromium creates a ticket or uses the limit up', async (t) => {
  const port = await freePort()
  const serviceOrigin = `http://localhost:${port}`
  const changes: string[] = []
  const service = await openTestService(t, { env: { PUBLIC_URL: serviceOrigin, LIMIT_CREATE: '3' }, wrapStore: noteChanges(changes) })
  const answers: string[] = []
  service.app.server.on('request', (request, response) => {
    if (request.url === '/api/tickets') response.once('finish', () => { answers.push(`${request.method} ${response.statusCode}`) })
  })
  await service.app.listen({ host: '127.0.0.1', port })
  const ad = await openForeignPage(t, serviceOrigin)
  const chromium = await launchChromium()
  t.teardown(() => chromium.close())
  const page = await chromium.newPage()
  await page.goto(ad, { waitUntil: 'networkidle' })
  await page.evaluate(async (url) => {
    const ask = (options: RequestInit) => fetch(url, { method: 'POST', ...options }).catch(() => {}) // the page may not see the answer
    for (let i = 0; i < 50; i++) await ask({ mode: 'no-cors' })
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) await ask({ mode: 'no-cors', body: new Blob(['{}'], { type }) })
    await ask({ mode: 'no-cors', referrerPolicy: 'no-referrer', keepalive: true })
    await ask({})
    await ask({ mode: 'no-cors', body: '' }) // as navigator.sendBeacon does
  }, `${serviceOrigin}/api/tickets`)
  await page.goto(`${ad}/form`, { waitUntil: 'networkidle' })
  const posts = answers.filter((answer) => answer.startsWith('POST'))
  t.ok(posts.length >= 56, `${posts.length} requests`)
  t.strictSame([...new Set(posts)], ['POST 403'])
  t.notOk(changes.some((change) => /ticket|create/.test(change)), 'nothing is created')
  t.notMatch(service.logged(), /ticket\.created/)

  const login = await chromium.newPage()
  const ownTicket = login.waitForResponse((response) => response.url() === `${serviceOrigin}/api/tickets` && response.request().method() === 'POST')
  await login.goto(`${serviceOrigin}/login`)
  t.equal((await ownTicket).status(), 201, 'the login page gets its ticket')
  const made = await login.evaluate(async () => {
    const statuses = []
    for (const options of [{}, { referrerPolicy: 'no-referrer' }, { mode: 'same-origin', referrerPolicy: 'no-referrer' }] as const) {
      statuses.push((await fetch('/api/tickets', { method: 'POST', ...options })).status)
    }
    return statuses
  })
  t.strictSame(made, [201, 201, 429], 'the visitor has three tickets a minute, of which the login page created one')
})
