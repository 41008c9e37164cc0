/** What a proxy gets that asks who is logged in, and where it sends those who aren't. */
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { refusalWords } from '../../src/http/refusal-words.ts'
import { dictionaries } from '../../static/scan-login/words.js'
import { openBrowser } from '../support/clients.ts'
import { bytesOf, readAnswer, sendRaw } from '../support/fuzz/wire.ts'
import { cookieOf, confirmedBrowser, logIn, phoneOf, verdict } from '../support/login.ts'
import { block, ownerOf, peopleIn } from '../support/people.ts'
import { openTestService, type Answer, type TestService } from '../support/test-service.ts'

type Headers = Record<string, string>

const app = 'https://app.example.com'
const env = { COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: `${app},https://wiki.example.com:8443,http://old.example.com`, TRUST_PROXY: '127.0.0.1', LIMIT_CREATE: '10000' }
const openService = (t: Test, more: Headers = {}): Promise<TestService> => openTestService(t, { env: { ...env, ...more } })

/** How each kind of proxy says what was asked for. */
const proxies: Record<'caddy' | 'nginx', (url: string, method?: string) => Headers> = {
  caddy: (url, method = 'GET') => ({ 'x-forwarded-for': '203.0.113.9', 'x-forwarded-method': method, ...forwarded(url) }),
  nginx: (url, method = 'GET') => ({ 'x-forwarded-for': '203.0.113.9', 'x-original-method': method, 'x-original-url': url }),
}
const forwarded = (url: string): Headers => {
  const [, proto = '', host = '', uri = ''] = /^(\w+):\/\/([^/]*)(.*)$/s.exec(url) ?? []
  return { 'x-forwarded-proto': proto, 'x-forwarded-host': host, 'x-forwarded-uri': uri }
}

const navigation = { 'sec-fetch-mode': 'navigate', accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }
const ask = (service: TestService, headers: Headers, query = '', method: 'GET' | 'HEAD' = 'GET'): Promise<Answer> =>
  service.call({ method, path: `${service.config.basePath}/api/forward-auth${query}`, headers })

/** Where the visitor comes back to. Null where the answer sends nobody to the login. */
const wayBack = ({ headers }: Pick<Answer, 'headers'>, publicUrl = 'https://login.example.com'): string | null => {
  if (headers.location === undefined) return null
  const { origin, pathname, searchParams } = new URL(String(headers.location))
  return origin + pathname === `${publicUrl}/login` ? searchParams.get('return_to') : `not the login: ${headers.location}`
}
const lost = '/me#return-refused'
const lostAt = (origin: string): string => `/me?site=${origin}/#return-refused`

await t.test('H13 forward auth: an app gets who is logged in, and others a way to the login or a refusal, by proxy, navigation, cookie, group and method', async (t) => {
  const service = await openService(t)
  const { cookie, phone } = await logIn(service)
  await peopleIn(service).setGroups(phone.sub, () => ['staff', 'editors'])
  const cookies = { good: cookie, none: 'a=b', forged: `__Secure-scan_login=${'A'.repeat(43)}` }
  const kinds: ReadonlyArray<readonly [name: string, headers: Headers, isNavigation: boolean]> = [
    ['navigation', navigation, true],
    ['old browser', { accept: 'text/html,*/*;q=0.8' }, true],
    ['fetch', { 'sec-fetch-mode': 'cors', accept: 'application/json' }, false],
    ['fetch of a page', { 'sec-fetch-mode': 'cors', accept: 'text/html' }, false],
    ['picture', { 'sec-fetch-mode': 'no-cors', accept: 'image/avif,*/*' }, false],
    ['WebSocket', { 'sec-fetch-mode': 'websocket' }, false],
    ['program', { accept: '*/*' }, false],
    ['program without Accept', {}, false],
    ['program that refuses pages', { accept: 'text/html;q=0, application/json' }, false],
  ]
  const url = `${app}/orders/7?page=2`
  for (const proxy of ['caddy', 'nginx'] as const) {
    for (const [kind, headers, isNavigation] of kinds) {
      for (const [which, cookie] of Object.entries(cookies)) {
        for (const [groups, isIn] of [['', true], ['groups=admins,editors', true], ['groups=admins', false]] as const) {
          for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE', 'get']) {
            for (const asking of ['GET', 'HEAD'] as const) {
              const query = [...proxy === 'nginx' ? ['proxy=nginx'] : [], ...groups === '' ? [] : [groups]].join('&')
              const answer = await ask(service, { ...proxies[proxy](url, method), ...headers, cookie }, query === '' ? '' : `?${query}`, asking)
              const isSent = which !== 'good' && isNavigation && /^(?:GET|HEAD|OPTIONS)$/.test(method)
              const expected = which === 'good' ? isIn ? 200 : 403 : isSent && proxy === 'caddy' ? 302 : 401
              const what = [proxy, kind, which, groups, method, asking].join(' ')
              const { 'remote-user': user, 'remote-groups': inGroups } = answer.headers
              t.strictSame([answer.status, wayBack(answer), user, inGroups], [expected, isSent ? url : null, ...expected === 200 ? [phone.sub, 'staff,editors'] : [undefined, undefined]], what)
              t.strictSame([answer.headers['cache-control'], answer.headers.vary?.toString().startsWith('Cookie, Authorization')], ['no-store', true], what)
            }
          }
        }
      }
    }
  }
  t.equal((await service.call({ method: 'POST', path: '/api/forward-auth', headers: { cookie } })).status, 405)
})

await t.test('forward auth: the app gets every header, even if empty, in ASCII, as verify gives them', async (t) => {
  const service = await openService(t)
  const { cookie, phone } = await logIn(service)
  const identity = async (path: string): Promise<Answer['headers']> => {
    const { status, text, headers } = await service.call({ path, headers: { cookie } })
    t.strictSame([status, text], [200, ''])
    return Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('remote-')))
  }
  const email = `${handleOf(phone.sub)}@login.example.com.invalid`
  for (const path of ['/api/forward-auth', '/api/session/verify']) {
    t.strictSame(await identity(path), { 'remote-user': phone.sub, 'remote-name': '', 'remote-email': email, 'remote-groups': '' })
  }
  await phone.rename('张三 & Co.')
  await peopleIn(service).setGroups(phone.sub, () => ['staff', 'night-shift'])
  for (const path of ['/api/forward-auth', '/api/session/verify']) {
    t.strictSame(await identity(path), { 'remote-user': phone.sub, 'remote-name': '%E5%BC%A0%E4%B8%89%20%26%20Co.', 'remote-email': email, 'remote-groups': 'staff,night-shift' })
  }
  const own = await openService(t, { OIDC_EMAIL_DOMAIN: 'people.example.com' })
  const theirs = await logIn(own)
  t.equal((await ask(own, { cookie: theirs.cookie })).headers['remote-email'], `${handleOf(theirs.phone.sub)}@people.example.com`)
})

/** As bytes on a socket: each character is one byte. */
const onWire = (service: TestService, port: number, headers: Headers, query = ''): Promise<{ status: number, headers: Record<string, string> }> =>
  sendRaw(port, bytesOf({ method: 'GET', target: `${service.config.basePath}/api/forward-auth${query}`, headers: Object.entries({ ...navigation, ...headers }), body: Buffer.alloc(0) }))
    .then((text) => readAnswer(text) ?? { status: 0, headers: {} })

/** As a browser writes a byte that no URL has. */
const encodeByte = (byte: string): string => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`
const latin1 = (text: string): string => Buffer.from(text).toString('latin1')

await t.test('forward auth: every character of the address comes back, and the login keeps it', async (t) => {
  const service = await openService(t)
  const port = Number(new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).port)
  const phone = await phoneOf(service)
  const targets: ReadonlyArray<readonly [sent: string, kept?: string]> = [
    ['/'], ['/a/b/'], ['/?'], ['/?a=b&c=d&&e'], ['/a+b?c+d=+'], ['/a%20b?c%20d'], ['/?text=one%0Atwo%0D%0Athree'], ['/?x=%00%1f%7F%C2%85'], ['/a%2Fb?path=%2Fetc%2f'], ['/%E4%B8%AD%E6%96%87?q=%E5%BE%AE%E4%BF%A1'],
    ['/?q=%D6%D0%CE%C4'], ['/?back=https://other.example/?a=b&c=%26'], ['/?a;b=c:d,e@f!g*h(i)j\'k~l'], ['/?q=a\\b'], ['/?q="<>`{|}^'], ['/?q=[1]'], ['/?q=100%'], ['/?q=%zz%'], ['/a?b?c/../d//e'], ['/a//b'], ['/a%5Cb'], ['/?return_to=/x&site=y'], ['/$&/$1'],
    [latin1('/中文/页?q=微信'), '/%E4%B8%AD%E6%96%87/%E9%A1%B5?q=%E5%BE%AE%E4%BF%A1'], ['/?q=\xd6\xd0\xce\xc4', '/?q=%D6%D0%CE%C4'], ['/?q=a b\tc', '/?q=a%20b%09c'], ['/?a#b', '/?a%23b'],
    [`/?${'a=b&'.repeat(2000)}`], [`/?${'%20'.repeat(2700)}`], [`/${'a'.repeat(8191)}`], [`/?${'&'.repeat(8190)}`], [latin1(`/${'微'.repeat(900)}`), `/${'%E5%BE%AE'.repeat(900)}`],
  ]
  for (const [sent, kept = sent] of targets) {
    for (const origin of [app, 'https://wiki.example.com:8443', 'http://old.example.com', 'https://login.example.com']) {
      for (const proxy of ['caddy', 'nginx'] as const) {
        const answer = await onWire(service, port, proxies[proxy](origin + sent), proxy === 'nginx' ? '?proxy=nginx' : '')
        const what = `${proxy} ${encodeURI(sent.slice(0, 60).toWellFormed())}`
        t.strictSame([answer.status, wayBack(answer)], [proxy === 'nginx' ? 401 : 302, origin + kept], what)
        t.match(answer.headers.location, /^[\x21-\x7e]+$/)
        t.ok(String(answer.headers.location).length < 25_000)
      }
    }
    const { browser } = await confirmedBrowser(service, { phone, body: { return_to: app + kept } })
    t.equal((await browser.consume()).json.return_to, app + kept)
    const page = readAnswer(await sendRaw(port, bytesOf({ method: 'GET', target: String((await onWire(service, port, proxies.caddy(app + sent))).headers.location).replace('https://login.example.com', ''), headers: [], body: Buffer.alloc(0) })))
    t.equal(page?.status, 200, 'the login page takes so long an address')
  }
})

await t.test('forward auth: an address comes back as it is, or the visitor is told that it can\'t, when it is any text', async (t) => {
  const service = await openService(t)
  const parts = ['a', '/', '//', '..', '.', '%2e', '%2F', '%5C', '\\', '?', '&', '=', '+', '%20', '%0A', '%00', ' ', '#', ':', '@', '%', 'évil.example', 'https://evil.example/', '\x7f', 'a'.repeat(3000)]
  await fc.assert(fc.asyncProperty(fc.array(fc.constantFrom(...parts), { maxLength: 12 }), fc.constantFrom('caddy' as const, 'nginx' as const), async (made, proxy) => {
    const target = `/${made.join('')}`
    const kept = app + target.replace(/[^\x21-\x7e]|#/g, encodeByte)
    const answer = await ask(service, { ...navigation, ...proxies[proxy](app + target) }, proxy === 'nginx' ? '?proxy=nginx' : '')
    const back = wayBack(answer)
    if (back !== kept && back !== lostAt(app)) return false
    const created = await openBrowser(service, { body: { return_to: back } })
    return created.created.status === 201 && new URL(back, 'https://login.example.com').origin === (back === kept ? app : 'https://login.example.com')
  }), { numRuns: 300 })
})

await t.test('forward auth: the login leads to the signed-in page, which says why and links to the site\'s root, when the address is too long or not allowed', async (t) => {
  const service = await openService(t)
  const allowed = ['//evil.example/', '/.//evil.example', '/a/..//evil.example', '/%5Cevil.example', '/a%0Ab', '/a%00', '/a\\b', `/${'a'.repeat(8192)}`, `/?${'%20'.repeat(3000)}`, '*', 'evil', 'https://evil.example/', '@evil.example', ':8443/', '.evil.example/', '']
  for (const uri of allowed) t.equal(wayBack(await ask(service, { ...navigation, ...forwarded(app), 'x-forwarded-uri': uri })), lostAt(app), uri.slice(0, 40))
  t.equal(wayBack(await ask(service, { ...navigation, ...forwarded('https://login.example.com/a%0Ab') })), lost, 'our own root leads there by itself')
  const foreign = ['https://evil.example/', 'http://app.example.com/', 'https://app.example.com:444/', 'https://app.example.com.evil.example/', 'https://evil-app.example.com/', 'https://user@app.example.com/', 'ftp://app.example.com/', 'javascript://app.example.com/', 'https://app.example.com\\.evil.example/']
  for (const url of foreign) {
    for (const proxy of ['caddy', 'nginx'] as const) t.equal(wayBack(await ask(service, { ...navigation, ...proxies[proxy](url) }, proxy === 'nginx' ? '?proxy=nginx' : '')), lost, `${proxy} ${url}`)
  }
  for (const headers of [{}, { 'x-original-url': '/orders' }, { 'x-original-url': 'app.example.com/orders' }, { 'x-forwarded-uri': '/orders' }, { 'x-forwarded-host': 'app.example.com' }] as Headers[]) {
    t.equal(wayBack(await ask(service, { ...navigation, ...headers })), lost, JSON.stringify(headers))
  }
  for (const url of ['https://APP.example.com/x', 'https://app.example.com:443/x', 'wss://app.example.com/x']) t.equal(wayBack(await ask(service, { ...navigation, ...proxies.caddy(url) })), `${app}/x`, url)
  const { location } = (await ask(service, { ...navigation, ...proxies.caddy(`${app}/a%0Ab`) })).headers
  t.equal(location, 'https://login.example.com/login?return_to=/me?site=https://app.example.com/%23return-refused')
  t.equal((await openBrowser(service, { body: { return_to: lostAt(app) } })).created.status, 201)
})

await t.test('forward auth: an app under a path of the service\'s own origin, or beside a service under a path, is come back to', async (t) => {
  const service = await openTestService(t, { env: { PUBLIC_URL: 'https://example.com/sign/in', TRUST_PROXY: '127.0.0.1' } })
  const { cookie } = await logIn(service)
  t.equal((await ask(service, { cookie })).status, 200)
  const back = async (url: string): Promise<string | null> => wayBack(await ask(service, { ...navigation, ...proxies.caddy(url) }), 'https://example.com/sign/in')
  t.equal(await back('https://example.com/app/x?y'), 'https://example.com/app/x?y')
  t.equal(await back('https://other.example.com/app'), '/sign/in/me#return-refused')
})

await t.test('forward auth: what an untrusted peer says counts for nothing, and the log tells what to set', async (t) => {
  const service = await openService(t)
  for (const proxy of ['caddy', 'nginx'] as const) {
    const { 'x-forwarded-for': _, ...headers } = proxies[proxy](`${app}/orders`, 'POST')
    for (const from of ['203.0.113.9', '10.0.0.1', '::ffff:203.0.113.9']) {
      const answer = await service.call({ path: '/api/forward-auth', from, headers: { ...navigation, ...headers } })
      t.strictSame([answer.status, wayBack(answer)], [302, lost], `${proxy} ${from}`)
    }
  }
  t.match(service.logged(), /set TRUST_PROXY=203\.0\.113\.9;/)
  const none = await openTestService(t, { env: { ...env, TRUST_PROXY: '' } })
  t.equal(wayBack(await ask(none, { ...navigation, ...proxies.caddy(`${app}/orders`) })), lost)
  t.match(none.logged(), /set TRUST_PROXY=127\.0\.0\.1;/)
})

await t.test('forward auth: a visitor who sends the proxy\'s headers changes nothing', async (t) => {
  const service = await openService(t)
  const wiki = 'https://wiki.example.com:8443/forged'
  t.equal(wayBack(await ask(service, { ...navigation, ...proxies.caddy(`${app}/x`), 'x-original-url': wiki, 'x-original-method': 'POST' })), `${app}/x`)
  t.equal(wayBack(await ask(service, { ...navigation, ...forwarded(wiki), 'x-forwarded-method': 'POST', ...proxies.nginx(`${app}/x`) }, '?proxy=nginx')), `${app}/x`)
  t.equal(wayBack(await ask(service, { ...navigation, ...proxies.caddy(`${app}/x`), 'x-forwarded-host': 'wiki.example.com:8443, app.example.com' })), `${app}/x`, 'a proxy appends its own')
  t.equal(wayBack(await ask(service, { ...navigation, ...proxies.caddy(`${app}/x`), 'x-forwarded-host': 'app.example.com, inner.internal:8080' })), `${app}/x`, 'behind another proxy')
  t.equal(wayBack(await ask(service, { ...navigation, ...proxies.caddy(`${app}/x`), 'x-forwarded-proto': 'https, http' })), `${app}/x`)
  const twice = async (headers: Record<string, string | string[]>, query = ''): Promise<string | null> => {
    const { headers: sent } = await service.app.inject({ url: `/api/forward-auth${query}`, headers: { ...navigation, ...headers } as never }) // its types allow one header of a name
    return wayBack({ headers: sent as Answer['headers'] })
  }
  t.equal(await twice({ ...proxies.caddy(`${app}/x`), 'x-forwarded-uri': ['/forged', '/x'] }), lost, 'nobody knows which one is the proxy\'s')
  t.equal(await twice({ 'x-original-url': [wiki, `${app}/x`] }, '?proxy=nginx'), lost)
  const { cookie, phone } = await logIn(service)
  const answer = await ask(service, { cookie, 'remote-user': 'admin', 'remote-groups': 'admins', remote_user: 'admin' })
  t.strictSame([answer.headers['remote-user'], answer.headers['remote-groups']], [phone.sub, ''])
  t.equal((await ask(service, { cookie, 'remote-groups': 'admins' }, '?groups=admins')).status, 403)
})

await t.test('forward auth: the cookie alone decides, whatever Authorization an app has, unless bearer=on', async (t) => {
  const service = await openService(t, { ALLOWED_ORIGINS: `${env.ALLOWED_ORIGINS},https://shop.example.org` })
  const { cookie, token, phone } = await logIn(service)
  const status = async (authorization: string | string[] | undefined, query: string, cookies?: string): Promise<number> => (await service.app.inject({
    url: `/api/forward-auth${query}`, headers: { ...authorization !== undefined && { authorization }, ...cookies !== undefined && { cookie: cookies } } as never,
  })).statusCode
  const two = [[`Bearer ${token}`, `Bearer ${token}`], ['Basic YTpi', `Bearer ${token}`], ['Basic YTpi', 'Basic YTpi']]
  for (const authorization of ['Basic YTpi', 'Bearer x', 'Bearer', `Bearer ${token}`, 'Digest username="a"', '', ...two]) {
    t.equal(await status(authorization, '', cookie), 200, String(authorization).slice(0, 12))
    t.equal(await status(authorization, ''), 401, String(authorization).slice(0, 12))
  }
  for (const [authorization, alone, withCookie] of [[`Bearer ${token}`, 200, 200], [`bearer ${token}`, 200, 200], ['Bearer x', 401, 401], ['Bearer', 401, 401], ['Basic YTpi', 401, 200], [undefined, 401, 200], ...two.map((each) => [each, 401, 401] as const)] as const) {
    t.strictSame([await status(authorization as string, '?bearer=on'), await status(authorization as string, '?bearer=on', cookie)], [alone, withCookie], String(authorization).slice(0, 12))
  }
  t.equal((await ask(service, { authorization: `Bearer ${token}` }, '?bearer=on')).headers['remote-user'], phone.sub)
  t.equal((await ask(service, { authorization: `Bearer ${token}` }, '?bearer=on&groups=staff')).status, 403)

  const site: TestService = { ...service, call: (call) => service.call({ ...call, headers: { ...call.headers, origin: 'https://shop.example.org', 'sec-fetch-site': 'cross-site' } }) }
  const { browser } = await confirmedBrowser(site, { phone })
  t.equal(await status(`Bearer ${(await browser.consume()).json.access_token}`, '?bearer=on'), 401, 'another site\'s token')
})

await t.test('forward auth: a query that isn\'t understood is refused, so that no mistake opens a door', async (t) => {
  const service = await openService(t)
  const { cookie, phone } = await logIn(service)
  await peopleIn(service).setGroups(phone.sub, () => ['staff'])
  const fifty = Array.from({ length: 50 }, (_, i) => `g${i}`).join(',')
  for (const query of ['', '?', '?proxy=nginx', '?bearer=on', '?groups=staff', `?groups=staff,${fifty.slice(0, -4)}`, '?groups=a%2Cstaff']) t.equal((await ask(service, { cookie }, query)).status, 200, query)
  for (const query of ['?proxy=apache', '?proxy=', '?proxy=NGINX', '?proxy=nginx&proxy=nginx', '?bearer=yes', '?bearer=', '?groups=', '?groups=Staff', '?groups=staff,', '?groups=staff,,a', '?groups=a%20staff', '?groups=staff&groups=admins', `?groups=staff,${fifty}`, `?groups=${'a'.repeat(33)}`, '?group=staff', '?Groups=admins', '?proxy=nginx?groups=staff', '?x']) {
    for (const headers of [{ cookie }, {}] as Headers[]) t.equal(verdict(await ask(service, headers, query)), '400 bad-request', query)
    const page = await ask(service, { ...navigation, cookie, 'accept-language': 'en' }, query)
    t.strictSame([page.status, page.headers['content-type'], page.headers['remote-user']], [400, 'text/html; charset=utf-8', undefined])
  }
})

await t.test('forward auth: a person who isn\'t let in reads a page that is whole without anything of ours, and a program gets a problem', async (t) => {
  const service = await openService(t)
  const { cookie } = await logIn(service)
  const url = `${app}/orders?a=b&c="d`
  const program = await ask(service, { cookie, ...proxies.caddy(url) }, '?groups=staff')
  t.strictSame([verdict(program), program.headers['content-type'], program.headers.location], ['403 person-unknown', 'application/problem+json; charset=utf-8', undefined])
  for (const [accepted, language] of [['zh-CN', 'zh'], ['zh-TW', 'zh-Hant'], ['en', 'en']] as const) {
    for (const [query, headers, status, kind, label, prompt] of [
      ['?groups=staff', { cookie }, 403, 'no-access', 'logInAs', 'login'],
      ['', { 'x-forwarded-method': 'POST' }, 401, 'logged-out', 'logIn', null],
    ] as const) {
      const page = await ask(service, { ...navigation, ...proxies.caddy(url), ...headers, 'accept-language': accepted }, query)
      const { line, help } = refusalWords[language][kind]
      t.strictSame([page.status, page.headers['content-type'], page.headers['content-language']], [status, 'text/html; charset=utf-8', dictionaries[language].lang])
      const text = page.text.replaceAll('&quot;', '"').replaceAll('&amp;', '&')
      for (const words of [line, help, dictionaries[language][label], 'login.example.com']) t.ok(text.includes(words), words)
      const [, link = ''] = /<a [^>]*href="([^"]*)"/.exec(page.text) ?? []
      const { origin, pathname, searchParams } = new URL(link.replaceAll('&quot;', '"').replaceAll('&amp;', '&'))
      t.strictSame([origin + pathname, searchParams.get('return_to'), searchParams.get('prompt')], ['https://login.example.com/login', url, prompt])
      t.notMatch(page.text, /<link rel="stylesheet|<script|src=/, 'the app\'s origin has none of our files')
      const [, style = ''] = /<style>([^]*)<\/style>/.exec(page.text) ?? []
      const hash = Buffer.from(await crypto.subtle.digest('SHA-256', Buffer.from(style))).toString('base64')
      t.ok(style.length > 1000 && String(page.headers['content-security-policy']).includes(`style-src 'sha256-${hash}'`))
      t.match(page.headers['content-security-policy'], /^default-src 'none';.*frame-ancestors 'none'/)
    }
  }
})

await t.test('forward auth: a session that ended, or whose person was blocked, is none at the next request', async (t) => {
  const service = await openService(t)
  const owner = await ownerOf(service)
  const { cookie, phone } = await logIn(service)
  t.equal((await ask(service, { cookie })).status, 200)
  await block(owner, phone.sub)
  t.equal((await ask(service, { cookie })).status, 401)
  const other = await logIn(service, { phone: await phoneOf(service, 'hong') })
  await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: other.cookie, 'sec-fetch-site': 'same-origin' } })
  t.equal((await ask(service, { cookie: other.cookie })).status, 401)
})

await t.test('E17 forward auth: nobody is logged in by the cookies of two people, and the one for the app\'s path is cleared, too', async (t) => {
  const service = await openService(t)
  const [one, two] = [await logIn(service), await logIn(service, { phone: await phoneOf(service, 'hong') })]
  const answer = await ask(service, { ...navigation, ...proxies.caddy(`${app}/orders/7?a`), cookie: `${one.cookie}; ${two.cookie}` })
  t.strictSame([answer.status, wayBack(answer)], [302, `${app}/orders/7?a`])
  const cleared = [answer.headers['set-cookie']].flat().map(String)
  for (const where of ['Domain=example.com; Path=/', 'Path=/orders', 'Domain=app.example.com; Path=/', 'Domain=example.com; Path=/orders/7']) {
    t.ok(cleared.some((form) => form.startsWith('__Secure-scan_login=;') && form.includes('Max-Age=0') && where.split('; ').every((part) => form.split('; ').includes(part))), where)
  }
})

await t.test('forward auth: a thousand calls with forged cookies shut out nobody', async (t) => {
  const service = await openService(t, { LIMIT_GUESS: '10' })
  const { cookie } = await logIn(service)
  const forged = (n: number): string => `__Secure-scan_login=${String(n).padStart(42, 'x')}A`
  const answers = new Set<number>()
  for (let n = 0; n < 1000; n++) answers.add((await ask(service, { cookie: forged(n), 'x-forwarded-for': '203.0.113.9' })).status)
  t.strictSame([...answers], [401])
  t.equal((await ask(service, { cookie, 'x-forwarded-for': '203.0.113.9' })).status, 200)
  t.equal((await service.call({ path: '/nothing', headers: { 'x-forwarded-for': '203.0.113.9' } })).status, 404, 'nor are they counted as guesses')
  t.equal(cookieOf(await (await confirmedBrowser(service, { from: '203.0.113.9' })).browser.consume()).startsWith('__Secure-scan_login='), true)
})

await t.test('forward auth: the answer is 503, and nobody is let in or sent to the login, when the store is away', async (t) => {
  let isAway = false
  const service = await openTestService(t, {
    env,
    wrapStore: (store) => new Proxy(store, { get: (target, name, receiver) => isAway ? async () => { throw new Error('away') } : Reflect.get(target, name, receiver) }),
  })
  const { cookie } = await logIn(service)
  isAway = true
  for (const headers of [{ cookie }, { ...navigation, cookie }] as Headers[]) {
    const answer = await ask(service, { ...headers, ...proxies.caddy(`${app}/x`) })
    t.strictSame([answer.status >= 500, answer.headers.location, answer.headers['remote-user']], [true, undefined, undefined])
  }
  t.equal((await ask(service, { ...navigation, ...proxies.caddy(`${app}/x`) })).status, 302, 'without a cookie nothing is read')
})
