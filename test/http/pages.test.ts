/** What is served beside the calls: pages and their headers, the code's picture, health, the API's description; and where `return_to` may lead. */
import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { decode as decodePng, encode } from 'fast-png'
import jpeg from 'jpeg-js'
import decodeQR from 'qr/decode.js'
import t from 'tap'
import { elementStyleSource } from '../../src/http/page-scripts.ts'
import { readLogo } from '../../src/http/site-logo.ts'
import { openBrowser } from '../support/clients.ts'
import { openTestService } from '../support/test-service.ts'
import { confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'

const generous = { LIMIT_CREATE: '10000', LIMIT_GUESS: '10000' }

/** Returns the sources of each directive of a policy. */
const policyOf = (csp: unknown): Record<string, string> =>
  Object.fromEntries(String(csp).split(';').map((directive) => {
    const [name = '', ...sources] = directive.trim().split(/\s+/)
    return [name, sources.join(' ')]
  }))

/** Returns the relative addresses that a page loads. */
const loadedBy = (html: string): string[] =>
  [...html.matchAll(/<(?:script|link|img)\b[^>]*?\s(?:src|href)="([^"]+)"/g)].map(([, address = '']) => address).filter((address) => !address.startsWith('data:'))

for (const prefix of ['', '/sign/in']) {
  await t.test(`pages: they and what they load are served when the prefix is "${prefix}"`, async (t) => {
    const service = await openTestService(t, { env: { ...generous, PUBLIC_URL: `https://login.example.com${prefix}` } })
    const root = await service.call({ path: `${prefix}/` })
    t.strictSame([root.status, root.headers.location], [302, `${prefix}/login`])
    for (const page of ['/login', '/me']) {
      const { status, headers, text } = await service.call({ path: `${prefix}${page}` })
      t.equal(status, 200)
      t.equal(headers['content-type'], 'text/html; charset=utf-8')
      t.equal((await service.call({ method: 'HEAD', path: `${prefix}${page}` })).text, '')
      const addresses = loadedBy(text)
      t.ok(addresses.length > 1)
      for (const address of addresses) {
        const { pathname, host, search } = new URL(address, `https://login.example.com${prefix}${page}`)
        t.equal(host, 'login.example.com', 'nothing comes from another host')
        const file = await service.call({ path: `${pathname}${search}` })
        t.equal(file.status, 200, pathname)
        t.match(file.headers['content-type'], pathname.endsWith('.css') ? /^text\/css/ : /^(?:text|application)\/javascript/)
        t.equal(file.headers['x-content-type-options'], 'nosniff')
        for (const [, imported = ''] of file.text.matchAll(/^import [^'\n]*'([^']+)'/gm)) {
          const { pathname: path } = new URL(imported, `https://login.example.com${pathname}`)
          t.equal((await service.call({ path })).status, 200, `${path} for ${pathname}`)
        }
      }
      t.notMatch(text, /<script(?![^>]*\ssrc=)|<style|\son[a-z]+="|style="|javascript:/i, 'nothing inline that the policy would block')
      const policy = policyOf(headers['content-security-policy'])
      t.hasStrict(policy, { 'default-src': "'none'", 'script-src': "'self'", 'style-src': `'self' ${elementStyleSource}`, 'connect-src': "'self'", 'base-uri': "'none'", 'frame-ancestors': "'none'" })
      t.notMatch(headers['content-security-policy'], /unsafe|\*|https?:/)
      t.hasStrict(headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' })
      t.match(headers['strict-transport-security'], /^max-age=\d{7,}$/)
      t.equal(headers['set-cookie'], undefined)
    }
    const elsewhere = prefix === '' ? '/sign/in/login' : '/login'
    t.equal(verdict(await service.call({ path: elsewhere })), '404 not-found')
  })
}

await t.test('pages: the site\'s name is text when it contains markup', async (t) => {
  const service = await openTestService(t, { env: { SITE_NAME: '<b>"A&B\'$&</b>' } })
  for (const path of ['/login', '/me']) {
    const { text } = await service.call({ path })
    t.notMatch(text, /<b>|\{\{/)
    t.match(text, /&lt;b&gt;(?:"|&quot;)A&amp;B(?:'|&#39;)\$&amp;&lt;\/b&gt;/)
  }
})

await t.test('pages: they show the logo, the color and the links of the site when it has them, and nothing in their place when it has none', async (t) => {
  const folder = t.testdir()
  const png = encode({ width: 1, height: 1, data: Uint8Array.of(0), channels: 1, depth: 8 })
  await writeFile(`${folder}/logo`, png)
  const env = { SITE_LOGO: `${folder}/logo`, SITE_COLOR: '#1a3d7c', SITE_PRIVACY_URL: 'https://example.com/privacy?a=1&b=2', SITE_TERMS_URL: 'https://example.com/terms', OTHER_LOGIN_URL: 'https://example.com/password' }
  const service = await openTestService(t, { env })
  for (const path of ['/login', '/me', '/login/']) {
    const { text } = await service.call({ path })
    t.notMatch(text, /\{\{|data:,/)
    const [logo] = /(?:\.\.\/)?site-logo\?v=[\w-]{22}/.exec(text) ?? []
    const answer = await service.app.inject(new URL(String(logo), `http://any${path}`).pathname)
    t.strictSame([answer.headers['content-type'], answer.rawPayload], ['image/png', Buffer.from(png)])
    t.match((await service.call({ path: '/site-color.css' })).text, '--scan-login-accent: #1a3d7c')
    t.match(text, '<link rel="stylesheet" href="')
    t.equal(text.includes('https://example.com/privacy?a=1&amp;b=2'), path !== '/me')
    t.equal(text.includes('https://example.com/password'), path !== '/me')
  }
  const plain = await openTestService(t)
  for (const path of ['/login', '/me']) t.notMatch((await plain.call({ path })).text, /\{\{|site-|<nav|otherLogin/)
  t.equal(verdict(await plain.call({ path: '/site-logo' })), '404 not-found')
  await writeFile(`${folder}/logo`, '<svg xmlns="http://www.w3.org/2000/svg"/>')
  t.throws(() => readLogo(`${folder}/logo`), /is no PNG, JPEG or WebP/)
  await writeFile(`${folder}/logo`, Buffer.concat([png, Buffer.alloc(256 * 1024)]))
  t.throws(() => readLogo(`${folder}/logo`), /larger than 256 KiB/)
  t.throws(() => readLogo(`${folder}/none`), /SITE_LOGO can't be read/)
})

await t.test('pages: they demand no https when PUBLIC_URL is plain http', async (t) => {
  const service = await openTestService(t, { env: { PUBLIC_URL: 'http://localhost:3000' } })
  const { headers } = await service.call({ path: '/login' })
  t.equal(headers['strict-transport-security'], undefined)
  t.notMatch(headers['content-security-policy'], /upgrade-insecure-requests/)
})

const staticPaths = ['/login', '/me', '/login.js', '/scan-login.js', '/me.js', '/style.css', '/scan-login.d.ts', '/openapi.json']

await t.test('pages: static files are compressed by Accept-Encoding, with an ETag for each encoding that makes a 304; calls are never compressed', async (t) => {
  const service = await openTestService(t, { env: generous })
  const ask = (path: string, headers: Record<string, string>, method: 'GET' | 'HEAD' = 'GET') => service.app.inject({ url: path, headers, method })
  for (const path of staticPaths) {
    const plain = await ask(path, {})
    t.equal(plain.headers['content-encoding'], undefined)
    t.match(plain.headers.vary, /accept-encoding/i, path)
    const tags = new Set([plain.headers.etag])
    for (const encoding of ['br', 'gzip']) {
      const { headers, rawPayload } = await ask(path, { 'accept-encoding': encoding })
      t.equal(headers['content-encoding'], encoding, path)
      t.match(headers.vary, /accept-encoding/i)
      t.equal((encoding === 'br' ? brotliDecompressSync : gunzipSync)(rawPayload).toString(), plain.body)
      const { etag = '' } = headers
      tags.add(etag)
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`, `"other" , W/${etag},"more"`, '*']) {
        const answer = await ask(path, { 'accept-encoding': encoding, 'if-none-match': known })
        t.strictSame([answer.statusCode, answer.body, answer.headers.etag], [304, '', etag], `${path} ${known}`)
        t.match(answer.headers.vary, /accept-encoding/i)
      }
      for (const other of ['"other"', String(plain.headers.etag), `${etag.slice(0, -1)}x"`]) {
        t.equal((await ask(path, { 'accept-encoding': encoding, 'if-none-match': other })).statusCode, 200, `${path} ${other}`)
      }
      const head = await ask(path, { 'accept-encoding': encoding }, 'HEAD')
      t.hasStrict(head.headers, { etag, 'content-encoding': encoding, 'content-length': String(rawPayload.length) })
      t.equal(head.body, '')
    }
    t.equal(tags.size, 3, `${path}: three tags`)
  }
  for (const [accepted, encoding] of [
    ['gzip, deflate, br, zstd', 'br'], ['*', 'br'], ['br;q=0.5, gzip', 'gzip'], ['br;q=0, *', 'gzip'], ['gzip;q=0, br;q=0, *', undefined], ['identity', undefined],
    ['identity, br;q=0.1', undefined], ['BR', 'br'], ['gzip;q=0.5, *;q=0.7', 'br'], ['br;q=0', undefined], ['', undefined], ['zstd', undefined], ['identity;q=0, *;q=0', undefined], ['br;q=nonsense', undefined],
  ] as const) t.equal((await ask('/login.js', { 'accept-encoding': accepted })).headers['content-encoding'], encoding, accepted)
  t.equal((await ask('/login.js', { 'if-match': '"other"' })).statusCode, 412)
  t.equal((await ask('/login.js', { 'if-match': '*' })).statusCode, 200)
  for (const path of ['/.well-known/jwks.json', '/api/session', '/nothing']) t.equal((await ask(path, { 'accept-encoding': 'br, gzip' })).headers['content-encoding'], undefined, path)
})

await t.test('pages: what they load is immutable in caches under its version, and revalidated under any other', async (t) => {
  const service = await openTestService(t, { env: { PUBLIC_URL: 'https://login.example.com/sign/in' } })
  for (const page of ['login', 'me']) {
    const { text } = await service.call({ path: `/sign/in/${page}` })
    const addresses = loadedBy(text)
    t.strictSame(addresses.map((address) => address.replace(/=.*/, '')).sort(), [`${page}.js?v`, 'style.css?v'])
    for (const address of addresses) {
      const cache = async (path: string) => (await service.call({ path: `/sign/in/${path}`, headers: { 'accept-encoding': 'br' } })).headers['cache-control']
      t.equal(await cache(address), 'public, max-age=31536000, immutable')
      const { headers, text: sent } = await service.call({ path: `/sign/in/${address}` })
      const version = createHash('sha256').update(sent).digest('base64url').slice(0, 22)
      t.strictSame([address.replace(/.*=/, ''), headers.etag, headers['last-modified']], [version, `"${version}"`, undefined], 'the version is that of the bytes served')
      const [path = ''] = address.split('?')
      for (const other of [path, `${path}?v=`, `${path}?v=other`, `${address}x`, `${address}&v=other`, `${path}?w=1`]) t.equal(await cache(other), 'no-cache', other)
    }
  }
})

await t.test('pages: only the element\'s files may be loaded by any site', async (t) => {
  const service = await openTestService(t)
  const shared = async (path: string) => {
    const { headers } = await service.call({ path, headers: { origin: 'https://shop.example' } })
    return [headers['access-control-allow-origin'], headers['cross-origin-resource-policy']]
  }
  t.strictSame(await shared('/scan-login.js'), ['*', 'cross-origin'])
  for (const path of ['/login.js', '/me.js', '/style.css', '/login', '/me', '/api/session']) t.strictSame(await shared(path), [undefined, 'same-origin'], path)
  t.equal((await service.call({ path: '/scan-login.d.ts' })).headers['content-type'], 'text/plain; charset=utf-8')
})

await t.test('pages: no other file is served, however its path is spelled', async (t) => {
  const service = await openTestService(t, { env: generous })
  const { port } = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 }))
  const statusOf = (path: string) => new Promise<number | undefined>((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, headers: { connection: 'close' } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    }).on('error', reject).end() // sends the path as it is
  })
  t.equal(await statusOf('/login.js'), 200)
  for (const path of ['/login.html', '/me.html', '/index.html', '/static', '/static/', '/static/login.js', '/.env', '/.git/config', '/.ci/eslint.config.js', '/.well-known/', '/.well-known/security.txt',
    '/package.json', '/src/server.ts', '/node_modules/fastify/package.json', '/data/keys.json', '/../package.json', '/../../../../../../etc/passwd', '/%2e%2e/package.json', '/..%2fpackage.json', '/%2e%2e%2fpackage.json',
    '/..%5cpackage.json', '/login.js/../../package.json', '/login.js/', '/login.js%00', '/login.js%00.css', '/login.js.map', '/LOGIN', '/Login.js', '//login.js', '/./login.js/..', '/login//', '/me/x', '/login;x', '/metrics', '/server-status',
    '/*', '/:file', '/~root', '/login.js~', '/login.js.bak', '/api', '/api/', '/documentation', '/documentation/json', '/swagger.json', '/favicon.ico']) {
    t.equal(await statusOf(path), 404, path)
  }
})

await t.test('code: the picture leads to the page with the ticket, and needs no secret', async (t) => {
  for (const format of ['jpeg', 'png'] as const) {
    const service = await openTestService(t, { env: { PUBLIC_URL: 'https://login.example.com/auth' } })
    service.simulator.settings.imageFormat = format
    service.simulator.settings.label = 'text/plain'
    const browser = await openBrowser(service, { prefix: '/auth' })
    t.equal(browser.created.json.code_url, `/auth/api/tickets/${browser.ticket}/code`)
    service.clock.advance(80_000)
    const { statusCode, headers, rawPayload } = await service.app.inject(browser.created.json.code_url)
    t.equal(statusCode, 200)
    t.equal(headers['content-type'], `image/${format}`, 'by its bytes, not by WeChat\'s label')
    t.equal(headers['cache-control'], 'private, max-age=100', 'until the ticket ends')
    t.equal(headers.etag, undefined)
    const { width, height, data } = format === 'jpeg' ? jpeg.decode(rawPayload) : decodePng(rawPayload)
    t.equal(decodeQR({ width, height, data: Uint8Array.from(data) }), `pages/login/login?scene=${browser.ticket}`)
    const head = await service.call({ method: 'HEAD', path: browser.created.json.code_url })
    t.strictSame([head.status, head.headers['content-type'], head.text], [200, `image/${format}`, ''])
  }
})

await t.test('code: it is served until the ticket is final', async (t) => {
  const service = await openTestService(t, { env: generous })
  const code = async (ticket: string): Promise<string> => verdict(await service.call({ path: `/api/tickets/${ticket}/code` }))
  const { browser: confirmed, phone } = await confirmedBrowser(service)
  const [scanned, cancelled, expired] = [await openBrowser(service), await openBrowser(service), await openBrowser(service)]
  await phone.scan(scanned.ticket)
  t.equal(await code(scanned.ticket), '200')
  t.equal(await code(confirmed.ticket), '200')
  t.equal(await code(cancelled.ticket), '200')
  await cancelled.giveUp()
  await confirmed.consume()
  for (const ticket of [cancelled.ticket, confirmed.ticket, (await logIn(service)).browser.ticket, 'A'.repeat(22)]) t.equal(await code(ticket), '404 ticket-not-found')
  t.equal(await code(expired.ticket), '200')
  service.clock.advance(180_000)
  t.equal(await code(expired.ticket), '404 ticket-not-found')
})

await t.test('code: the answer is wechat-unavailable with Retry-After while WeChat can\'t make one, and the login goes on afterwards', async (t) => {
  const service = await openTestService(t, { env: generous })
  const browser = await openBrowser(service)
  const ask = () => service.call({ path: `/api/tickets/${browser.ticket}/code` })
  for (const [endpoint, fault] of [['stable_token', 40125], ['getwxacodeunlimit', 'html'], ['getwxacodeunlimit', 'cut'], ['getwxacodeunlimit', 41030], ['getwxacodeunlimit', 45009], ['stable_token', 'http-500']] as const) {
    service.simulator.fail(endpoint, fault)
    const answer = await ask()
    t.equal(verdict(answer), '503 wechat-unavailable', `${endpoint} ${fault}`)
    t.match(answer.headers['retry-after'], /^[1-9]\d*$/)
    t.equal(answer.headers['cache-control'], 'no-store')
    service.simulator.clearFaults()
    service.clock.advance(2000)
    const phone = await phoneOf(service)
    t.type(phone.sub, 'string', 'phones can still log in')
  }
  service.clock.advance(150_000)
  t.equal((await ask()).status, 200)
})

await t.test('health: a running service is live and ready', async (t) => {
  const service = await openTestService(t)
  for (const path of ['/health/live', '/health/ready', '/healthz']) t.strictSame((await service.call({ path })).json, { status: 'ok' })
})

/** Each call that doesn't depend on a setting, and its success status. */
const usualCalls: Record<string, string> = {
  'post /api/tickets': '201',
  'get /api/tickets/{ticket}/code': '200',
  'get /api/tickets/{ticket}': '200',
  'post /api/tickets/{ticket}/consume': '200',
  'delete /api/tickets/{ticket}': '204',
  'get /api/session': '200',
  'post /api/session/token': '200',
  'delete /api/session': '204',
  'get /api/session/verify': '200',
  'get /api/forward-auth': '200',
  'get /.well-known/jwks.json': '200',
  'post /api/phone/login': '200',
  'post /api/phone/tickets/{ticket}/scan': '200',
  'post /api/phone/tickets/{ticket}/confirm': '200',
  'post /api/phone/tickets/{ticket}/cancel': '200',
  'get /api/phone/sessions': '200',
  'delete /api/phone/sessions': '204',
  'delete /api/phone/sessions/{id}': '204',
  'put /api/phone/profile': '200',
  'delete /api/phone/person': '204',
  'get /api/phone/people': '200',
  'post /api/phone/people/{id}/allow': '200',
  'post /api/phone/people/{id}/block': '200',
  'post /api/phone/people/{id}/sign-out': '200',
  'get /health/live': '200',
  'get /health/ready': '200',
  'get /healthz': '200',
}

const ticketSchemes = 'Ticket|X-Ticket-Secret'
const authorisedBy = {
  'get /api/tickets/{ticket}': ticketSchemes,
  'delete /api/tickets/{ticket}': ticketSchemes,
  'post /api/tickets/{ticket}/consume': ticketSchemes,
  'get /api/session': '__Host-scan_login|bearer',
  'delete /api/session': '__Host-scan_login',
  'post /api/session/token': '__Host-scan_login|bearer',
  'get /api/session/verify': '__Host-scan_login|bearer',
  'get /api/forward-auth': '__Host-scan_login|bearer',
  'post /api/phone/tickets/{ticket}/scan': 'Signature',
  'post /api/phone/tickets/{ticket}/confirm': 'Signature',
  'post /api/phone/tickets/{ticket}/cancel': 'Signature',
  'get /api/phone/sessions': 'Signature',
  'delete /api/phone/sessions': 'Signature',
  'delete /api/phone/sessions/{id}': 'Signature',
  'put /api/phone/profile': 'Signature',
  'delete /api/phone/person': 'Signature',
  'get /api/phone/people': 'Signature',
  'post /api/phone/people/{id}/allow': 'Signature',
  'post /api/phone/people/{id}/block': 'Signature',
  'post /api/phone/people/{id}/sign-out': 'Signature',
}

/** What authorises each call that needs it: HTTP schemes, and names of headers and cookies. */
const securityIn = ({ paths, components }: any): Record<string, string> => Object.fromEntries(Object.entries(paths).flatMap(([path, item]) =>
  Object.entries(item as Record<string, { security?: object[] }>).flatMap(([method, { security }]) => security === undefined
    ? []
    : [[`${method} ${path}`, security.flatMap(Object.keys).map((name) => components.securitySchemes[name]).map(({ scheme, name }) => scheme ?? name).join('|')]])))

await t.test('openapi: it is OpenAPI 3.1 and describes every call with its answers', async (t) => {
  for (const [prefix, links] of [['', 'off'], ['/sign/in', 'on']] as const) {
    const contractCalls = links === 'on' ? { ...usualCalls, 'get /api/tickets/{ticket}/link': '302' } : usualCalls
    const service = await openTestService(t, { env: { PUBLIC_URL: `https://login.example.com${prefix}`, WECHAT_URL_LINK: links } })
    const { json, headers } = await service.call({ path: `${prefix}/openapi.json` })
    t.match(headers['content-type'], /^application\/json/)
    t.match(json.openapi, /^3\.1\.\d$/)
    t.type(json.info.title, 'string')
    t.type(json.info.version, 'string')
    t.strictSame(json.servers, [{ url: `https://login.example.com${prefix}` }])
    const listed = Object.entries(json.paths as Record<string, object>).flatMap(([path, item]) => Object.keys(item).map((method) => `${method} ${path}`))
    t.strictSame(listed.sort(), Object.keys(contractCalls).sort())
    for (const [call, success] of Object.entries(contractCalls)) {
      const [method = '', path = ''] = call.split(' ')
      const { responses, parameters = [], requestBody } = json.paths[path][method]
      t.ok(responses[success], `${call} answers ${success}`)
      for (const [status, response] of Object.entries(responses as Record<string, { description: unknown, content?: object }>)) {
        t.match(status, /^(?:[1-5]\d\d|[1-5]XX|default)$/)
        t.type(response.description, 'string')
        if (/^(?:204|302)$/.test(status)) t.equal(response.content, undefined, `a ${status} has no content`)
        if (/^[45]/.test(status)) t.strictSame(Object.keys(response.content ?? {}), /\/(?:code|link|forward-auth)$/.test(path) ? ['application/problem+json', 'text/html'] : ['application/problem+json'], call)
      }
      t.ok(responses['4XX'] && responses['5XX'], `${call} may fail`)
      const inPath = parameters.filter((parameter: { in: string }) => parameter.in === 'path')
      t.strictSame(inPath.map(({ name, required }: { name: string, required: boolean }) => `${name} ${required}`), [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `${name} true`), call)
      const takesBody = ['post /api/tickets', 'post /api/phone/login', 'put /api/phone/profile', 'post /api/phone/tickets/{ticket}/confirm'].includes(call)
      t.equal(requestBody !== undefined, takesBody, call)
      if (takesBody) t.strictSame(Object.keys(requestBody.content), ['application/json'])
    }
    t.strictSame(securityIn(json), authorisedBy)
    if (links === 'on') t.strictSame(Object.keys(json.paths['/api/tickets/{ticket}/link'].get.responses['302'].headers), ['location'])
    t.equal(json.paths['/api/tickets'].post.requestBody.required ?? false, false, 'its body is optional')
  }
})

await t.test('return_to: a path on the site and a URL of an allowed origin are kept unchanged', async (t) => {
  const service = await openTestService(t, { env: { ...generous, ALLOWED_ORIGINS: 'https://www.example.com,http://localhost:8080' } })
  for (const returnTo of ['/', '/me', '/inbox?folder=1&x=%20#top', '/a//b', '/%E5%BE%AE%E4%BF%A1', '/微信', '/a?next=//evil.example', '/a?next=https://evil.example', '/@evil.example', '/:80', '/.well-known', '/%2e%2e', '/?%2f%2f',
    'https://login.example.com', 'https://login.example.com/', 'https://login.example.com:443/a', 'HTTPS://LOGIN.EXAMPLE.COM/a', 'https://www.example.com/a?b#c', 'http://localhost:8080/x']) {
    const { created } = await openBrowser(service, { body: { return_to: returnTo } })
    t.equal(created.status, 201, encodeURI(returnTo))
  }
  for (const [body, returned] of [[{ return_to: '/inbox?a=%20#b' }, '/inbox?a=%20#b'], [{ return_to: 'https://www.example.com/a' }, 'https://www.example.com/a'], [{ return_to: null }, null], [{}, null], [undefined, null]] as const) {
    t.equal((await logIn(service, { body })).consumed.json.return_to, returned)
  }
})

await t.test('return_to: it is refused with return-to-not-allowed when it could lead elsewhere', async (t) => {
  const service = await openTestService(t, { env: { ...generous, ALLOWED_ORIGINS: 'https://www.example.com' } })
  const control = ['\0', '\t', '\n', '\r', '\u001f', '\u007f', '\u0085', '\u009f']
  for (const returnTo of ['', 'me', './me', '../me', '?a', '#a', '//evil.example', '///evil.example', '////', '/\\evil.example', '\\evil.example', '\\\\evil.example', '/\\/evil.example', '\\/evil.example',
    '/%2fevil.example', '/%2Fevil.example', '/%5cevil.example', '/%5Cevil.example', '/a%5c..%5c', '/a\\b', 'https://evil.example', 'http://login.example.com', 'https://login.example.com.evil.example', 'https://evil.example/login.example.com',
    'https://login.example.com@evil.example', 'https://evil.example#@login.example.com', 'https://user@login.example.com/', 'https://user:pass@www.example.com/', 'https://login.example.com:8443', 'https://sub.www.example.com', 'https://example.com',
    'https:/login.example.com', 'https:login.example.com', 'https:///login.example.com', 'https:\\\\login.example.com', 'javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x', 'vbscript:x', 'blob:https://login.example.com/x', 'file:///etc/passwd',
    'wss://login.example.com', 'null', ' /me', '/me ', 'https://login.example.com /', `/${'a'.repeat(8192)}`,
    ...control.flatMap((character) => [`/${character}/evil.example`, `${character}/me`, `/me${character}`, `/a${encodeURIComponent(character)}b`, `/a?b=${encodeURIComponent(character).toLowerCase()}`])]) {
    t.equal(verdict((await openBrowser(service, { body: { return_to: returnTo } })).created), '400 return-to-not-allowed', encodeURI(returnTo).slice(0, 60))
  }
})
