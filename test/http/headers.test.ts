/** The security headers of every answer: pages, scripts, calls, refusals, and answers of the HTTP parser. */
import t from 'tap'
import { elementStyleSource } from '../../src/http/page-scripts.ts'
import { openBrowser } from '../support/clients.ts'
import { readAnswer, sendRaw, type RawAnswer } from '../support/fuzz/wire.ts'
import { openTestService, type TestService } from '../support/test-service.ts'
import { logIn } from '../support/login.ts'

const generous = { LIMIT_CREATE: '10000', LIMIT_GUESS: '10000' }

const listen = async (service: TestService): Promise<number> => Number(new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).port)

const ask = async (port: number, first: string, ...headers: string[]): Promise<RawAnswer> => {
  const answer = readAnswer(await sendRaw(port, Buffer.from([`${first} HTTP/1.1`, 'Host: login.example.com', 'Connection: close', ...headers, '', ''].join('\r\n'), 'latin1')))
  if (answer === undefined) throw new Error(`${first} is not answered`)
  return answer
}

const directives = (policy: string | undefined): Record<string, string> => Object.fromEntries((policy ?? '').split(';').map((directive) => {
  const [name = '', ...sources] = directive.trim().split(' ')
  return [name, sources.join(' ')]
}))

for (const [publicUrl, isSecure] of [['https://login.example.com', true], ['http://localhost:3000', false]] as const) {
  await t.test(`headers: every answer has all of them when PUBLIC_URL is ${publicUrl}`, async (t) => {
    const service = await openTestService(t, { env: { ...generous, PUBLIC_URL: publicUrl, LIMIT_GUESS: '14', WECHAT_URL_LINK: 'on' } })
    const port = await listen(service)
    const { cookie } = await logIn(service)
    const browser = await openBrowser(service)
    const rows: ReadonlyArray<readonly [status: number, cache: RegExp | undefined, first: string, ...headers: string[]]> = [
      [302, undefined, 'GET /'],
      [200, /^no-cache$/, 'GET /login'],
      [200, /^no-cache$/, 'HEAD /me'],
      [200, /^no-cache$/, 'GET /login.js'],
      [200, /^no-cache$/, 'GET /scan-login.js'],
      [200, /^no-cache$/, 'GET /style.css'],
      [200, /^public, max-age=300$/, 'GET /.well-known/jwks.json'],
      [200, /^no-cache$/, 'GET /openapi.json'],
      [200, undefined, 'GET /health/live'],
      [201, /^no-store$/, 'POST /api/tickets', 'Content-Length: 0'],
      [200, /^private, max-age=\d+$/, `GET /api/tickets/${browser.ticket}/code`],
      [302, /^no-store$/, `GET /api/tickets/${browser.ticket}/link`],
      [200, /^no-store$/, `GET /api/tickets/${browser.ticket}`, `Authorization: Ticket ${browser.secret}`],
      [200, /^no-store$/, 'GET /api/session', `Cookie: ${cookie}`],
      [204, /^no-store$/, 'DELETE /api/session', `Cookie: ${cookie}`, 'Sec-Fetch-Site: same-origin'],
      [400, /^no-store$/, 'POST /api/phone/login', 'Content-Length: 0'],
      [401, /^no-store$/, 'GET /api/session'],
      [403, /^no-store$/, 'DELETE /api/session'],
      [404, /^no-store$/, 'GET /nothing'],
      [404, /^no-store$/, 'GET /%zz'],
      [405, /^no-store$/, 'PATCH /login'],
      [405, /^no-store$/, 'TRACE /login'],
      [413, /^no-store$/, 'POST /api/tickets', 'Content-Type: application/json', 'Content-Length: 2000000'],
      [415, /^no-store$/, 'POST /api/tickets', 'Content-Type: text/plain', 'Content-Length: 2', '', '{}'],
      [431, /^no-store$/, `GET /${'a'.repeat(40_000)}`],
      [400, /^no-store$/, 'GET /a b'],
      [400, /^no-store$/, 'GET /login', 'Host: evil.example'],
      [400, /^no-store$/, 'CONNECT evil.example:443'],
    ]
    const check = ({ status, headers }: RawAnswer, expected: number, cache: RegExp | undefined, what: string): void => {
      t.equal(status, expected, what)
      const policy = directives(headers['content-security-policy'])
      t.hasStrict(policy, { 'default-src': "'none'", 'base-uri': "'none'", 'form-action': "'none'", 'frame-ancestors': "'none'" }, what)
      t.equal(policy['object-src'] ?? policy['default-src'], "'none'")
      t.notMatch(headers['content-security-policy'], /unsafe|\*|http/)
      t.hasStrict(headers, { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'x-frame-options': 'DENY' }, what)
      t.notMatch(Object.keys(headers).join(), /\bserver\b|x-powered-by/)
      if (cache !== undefined) t.match(headers['cache-control'], cache, what)
      const belowRoutes = headers['content-type'] === 'application/problem+json' // browsers don't send such requests, and the parser's answers don't depend on the configuration
      if (belowRoutes) return
      t.match(headers['permissions-policy'], /\bcamera=\(\).*\bgeolocation=\(\).*\bmicrophone=\(\)/, what)
      if (isSecure) t.match(headers['strict-transport-security'], /^max-age=31536000$/, what)
      else t.equal(headers['strict-transport-security'], undefined, what)
    }
    for (const [status, cache, first, ...headers] of rows) check(await ask(port, first, ...headers), status, cache, `${first.slice(0, 60)} ${headers.join()}`)
    let last: RawAnswer
    do last = await ask(port, 'GET /nothing'); while (last.status === 404)
    check(last, 429, /^no-store$/, 'too many')
    await service.store.close()
    check(await ask(port, 'GET /health/ready'), 503, /^no-store$/, 'without the store')
  })
}

await t.test('headers: the security headers are exactly these, whether an answer is a success or a refusal', async (t) => {
  const service = await openTestService(t)
  const port = await listen(service)
  const expected = {
    'content-security-policy': `default-src 'none';script-src 'self';style-src 'self' ${elementStyleSource};img-src 'self' data:;connect-src 'self';base-uri 'none';form-action 'none';require-trusted-types-for 'script';frame-ancestors 'none'`,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'origin-agent-cluster': '?1',
    'permissions-policy': 'accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'DENY',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
  }
  const others = new Set(['cache-control', 'connection', 'content-length', 'content-type', 'date', 'vary', 'www-authenticate'])
  for (const path of ['/health/live', '/api/session']) {
    const { headers } = await ask(port, `GET ${path}`)
    t.strictSame(Object.fromEntries(Object.entries(headers).filter(([name]) => !others.has(name))), expected, path)
  }
})

await t.test('headers: an answer of the API varies by cookie and Authorization, by X-Ticket-Secret where the call has it, and has no ETag, whatever is called and however it is answered', async (t) => {
  for (const prefix of ['', '/auth']) {
    const service = await openTestService(t, { env: { ...generous, PUBLIC_URL: `https://login.example.com${prefix}`, ALLOWED_ORIGINS: 'https://shop.example', WECHAT_URL_LINK: 'on' } })
    const port = await listen(service)
    const { cookie, token } = await logIn(service)
    const browser = await openBrowser(service, { prefix })
    const api = `${prefix}/api`
    const ticket = `${api}/tickets/${browser.ticket}`
    const session = `Cookie: ${cookie}`
    const own = 'Sec-Fetch-Site: same-origin'
    const shop = 'Origin: https://shop.example'
    const rows: ReadonlyArray<readonly [status: number, vary: string, first: string, ...headers: string[]]> = [
      ...([
        [201, `POST ${api}/tickets`, 'Content-Length: 0'],
        [200, `GET ${ticket}/code`],
        [302, `GET ${ticket}/link`],
        [200, `GET ${ticket}`, `Authorization: Ticket ${browser.secret}`],
        [404, `GET ${ticket}`],
        [409, `POST ${ticket}/consume`, `Authorization: Ticket ${browser.secret}`],
        [204, `DELETE ${ticket}`, `Authorization: Ticket ${browser.secret}`],
        [201, `POST ${api}/tickets`, 'Content-Length: 0', shop],
        [404, `GET ${ticket}`, 'Origin: https://other.example'],
        [204, `OPTIONS ${api}/tickets`, shop, 'Access-Control-Request-Method: POST'],
        [415, `POST ${api}/tickets`, 'Content-Type: text/plain', 'Content-Length: 2', '', '{}'],
        [400, `POST ${api}/tickets`, 'Content-Type: application/json', 'Content-Length: 1', '', '{'],
        [413, `POST ${api}/tickets`, 'Content-Type: application/json', 'Content-Length: 2000000'],
      ] as const).map(([status, ...call]) => [status, 'Cookie, Authorization, Origin', ...call] as const),
      ...([
        [200, `GET ${ticket}`, `X-Ticket-Secret: ${browser.secret}`],
        [200, `HEAD ${ticket}`, `X-Ticket-Secret: ${browser.secret}`],
        [200, `GET ${ticket}?p=1`, `x-ticket-secret: ${browser.secret}`, `Authorization: Ticket ${browser.secret}`],
        [404, `GET ${ticket}`, 'X-Ticket-Secret:'],
        [404, `GET ${ticket}`, 'X-Ticket-Secret: x', shop],
      ] as const).map(([status, ...call]) => [status, 'Cookie, Authorization, X-Ticket-Secret, Origin', ...call] as const),
      ...([
        [200, `GET ${api}/session`, session],
        [200, `GET ${api}/session`, `Authorization: Bearer ${token}`],
        [200, `GET ${api.replace('api', '%61pi')}/session`, session],
        [200, `GET http://login.example.com${api}/session?a=1`, session],
        [200, `GET ${api}/session/verify`, session],
        [200, `POST ${api}/session/token`, session, own, 'Content-Length: 0'],
        [403, `DELETE ${api}/session`, session],
        [204, `DELETE ${api}/session`, session, own],
        [401, `GET ${api}/session`],
        [401, `GET ${api}/session/verify`],
        [400, `GET ${api}/session`, 'Host: evil.example'],
        [405, `PUT ${api}/session`],
        [405, `OPTIONS ${api}/session`, shop],
        [401, `GET ${api}/phone/sessions`],
        [400, `POST ${api}/phone/login`, 'Content-Length: 0'],
        [404, `GET ${api}`],
        [404, `GET ${api}/`],
        [404, `GET ${api}/nothing`],
        [404, `GET ${api}/%zz`],
        [501, `POST ${api}/session/token`, 'Transfer-Encoding: gzip, chunked', '', '0', ''],
        [400, `GET ${api}/session x`],
        [431, `GET ${api}/${'a'.repeat(40_000)}`],
      ] as const).map(([status, ...call]) => [status, 'Cookie, Authorization', ...call] as const),
    ]
    for (const [status, vary, first, ...headers] of rows) {
      const answer = await ask(port, first, ...headers)
      t.strictSame([answer.status, answer.headers.vary, answer.headers.etag], [status, vary, undefined], `${first.slice(0, 60)} ${headers.join()}`)
    }
    for (const path of ['/login', '/.well-known/jwks.json', '/health/live']) t.notMatch((await ask(port, `GET ${prefix}${path}`)).headers.vary ?? '', /cookie/i, path)
    await service.store.close()
    t.hasStrict(await ask(port, `GET ${api}/session`, session), { status: 503, headers: { vary: 'Cookie, Authorization' } }, 'without the store')
  }
})

await t.test('files: only what pages load is served, however a path is spelled on a socket', async (t) => {
  const service = await openTestService(t, { env: generous })
  const port = await listen(service)
  t.equal((await ask(port, 'GET /style.css')).status, 200)
  for (const target of ['/..%2fpackage.json', '/%2e%2e/package.json', '/%2e%2e%2fpackage.json', '/.%2e/package.json', '/../package.json', '/../../etc/passwd', '/\\..\\package.json', '/..\\package.json', '/..%5cpackage.json', '/%5c..%5cpackage.json',
    '/..%252fpackage.json', '/%252e%252e/package.json', '/..%c0%afpackage.json', '/%c0%ae%c0%ae/package.json', '/..;/package.json', '//', '//package.json', '//etc/passwd', '///style.css', '/./style.css', '/style.css/', '/style.css/.', '/style.css%00', '/style.css%00.js', '/style.css%20', '/style.css.', '/style.css::$DATA', '/STYLE.CSS',
    '/.git/config', '/.git/HEAD', '/.env', '/.ci/run', '/.npmrc', '/package.json', '/package-lock.json', '/node_modules/fastify/package.json', '/src/server.ts', '/data/keys.json', '/static/', '/static/login.html', '/login.html', '/me.html',
    '/scan-login', '/scan-login/', '/scan-login/../login.html', '/scan-login/../../package.json', '/scan-login/%2e%2e/login.html', '/scan-login/element.js', '/scan-login.js/../me.html', '/scan-login.js/..%2f..%2fpackage.json', '/login/../style.css', '/api/../style.css', '/api/tickets/../../style.css']) {
    const { status, headers, text } = await ask(port, `GET ${target}`)
    t.ok(status === 404 || status === 400, `${target}: ${status}`)
    t.equal(headers['content-type']?.replace(/;.*/, ''), 'application/problem+json', target)
    t.notMatch(text, /"dependencies"|root:|import |<html/, target)
  }
  for (const target of ['/style.css\0', '/\0', '/style.css\t', '/\xff']) t.equal((await ask(port, `GET ${target}`)).status, 400, encodeURI(target))
})

await t.test('files: a range, condition or encoding is refused or ignored when it makes no sense', async (t) => {
  const service = await openTestService(t, { env: generous })
  const port = await listen(service)
  for (const header of ['Range: bytes=9999999-', 'Range: bytes=a-b', 'If-Match: "x"', 'If-Unmodified-Since: Thu, 01 Jan 1970 00:00:00 GMT']) {
    const { status, headers } = await ask(port, 'GET /style.css', header)
    t.strictSame([status, headers['content-type']?.replace(/;.*/, '')], [400, 'application/problem+json'], header)
  }
  for (const header of ['Range: nonsense', 'Accept-Encoding: identity;q=0, *;q=0', 'Accept-Encoding: nonsense', 'If-None-Match: nonsense', 'If-Modified-Since: nonsense', 'Accept: nonsense']) {
    t.equal((await ask(port, 'GET /style.css', header)).status, 200, header)
  }
})

await t.test('pages: they are unchanged when a query is added to their address', async (t) => {
  const service = await openTestService(t, { env: generous })
  const port = await listen(service)
  for (const page of ['/login', '/me']) {
    const { body } = await ask(port, `GET ${page}`)
    for (const query of ['?ticket=AAAAAAAAAAAAAAAAAAAAAA', '?ticket=A&secret=B', '?return_to=//evil.example', '?return_to=javascript:alert(1)', '?site_name=%3Cscript%3E', '?__proto__[a]=b']) {
      const answer = await ask(port, `GET ${page}${query}`)
      t.equal(answer.body, body, `${page}${query}`)
      t.equal(answer.headers['set-cookie'], undefined)
    }
  }
})
