/** The README's blocks, for nginx and Caddy, of a site that only people who are logged in may see, in front of a real site and the real service. */
import { createServer } from 'node:http'
import t, { type Test } from 'tap'
import { createPeople } from '../../src/people/people.ts'
import { listen } from '../support/listen.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { runProxy } from '../support/proxies.ts'
import { readCaddyCookiesLine, caddySiteConfig, readSiteCookiesBlock, siteConfig, type Hostility, type SiteProxyKind } from '../support/proxy-files.ts'
import { freePort } from '../support/redis.ts'
import { remote } from '../support/remote.ts'
import { openTestService } from '../support/test-service.ts'

/** Opens a service, and a site behind a proxy with the README's block, whose parts `edits` replaces. The site answers with what it was sent. */
const openSite = async (t: Test, edits?: Hostility['edits'], kind: SiteProxyKind = 'nginx') => {
  const service = await openTestService(t, { env: { COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: 'https://www.example.com' } })
  const login = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).host
  const site = new URL(await listen(t, createServer({ maxHeaderSize: 128 * 1024 }, (request, response) => {
    const { 'remote-user': user, 'remote-name': name, 'remote-groups': groups, 'remote-email': email, host } = request.headers
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => { body += text }).once('end', () => {
      response.writeHead(request.url === '/own-401' ? 401 : 200, { 'content-type': 'application/json' }).end(JSON.stringify({ method: request.method, url: request.url, body, user, name, groups, email, host }))
    })
  }))).host
  const addresses = { listen: `127.0.0.1:${await freePort()}`, upstream: login }
  await runProxy(t, kind, addresses, (folder) => kind === 'caddy' ? caddySiteConfig(folder, addresses, site) : siteConfig(folder, addresses, site, edits))
  const visitor = remote(`http://${addresses.listen}`)
  t.teardown(visitor.close)
  return { service, visitor, host: addresses.listen.replace(/:.*/, '') }
}

for (const kind of ['nginx', 'caddy'] as const) {
  await t.test(`protected site: it is reached by people who are logged in, and others go to the login page, when ${kind} asks the service`, async (t) => {
    const { service, visitor, host } = await openSite(t, [], kind)
    const path = '/orders/7?page=2'
    const forged = { 'remote-user': 'somebody-else', 'remote-name': 'Somebody', 'remote-groups': 'admins', 'remote-email': 'admin@example.com' }
    const stranger = await visitor.call({ path, headers: forged })
    t.strictSame([stranger.status, stranger.headers.location], [302, `https://login.example.com/login?return_to=http://${host}${path}`])
    if (kind === 'nginx') t.equal((await visitor.call({ path: '/scan-login-verify' })).status, 404, 'the sub-request is nobody else\'s')

    const { cookie, phone } = await logIn(service)
    await phone.rename('小雨')
    const headers = { cookie, ...forged }
    const shown = await visitor.call({ path, headers })
    const { user, name, groups, email, ...rest } = shown.json
    t.strictSame([shown.status, { ...rest, host: rest.host.replace(/:.*/, '') }], [200, { method: 'GET', url: path, body: '', host }])
    t.strictSame([user, name, groups || undefined, email], [phone.sub, encodeURIComponent('小雨'), undefined, undefined], 'nothing that the visitor sent')
    await createPeople(service.store, service.clock).setGroups(phone.sub, () => ['staff', 'night-shift'])
    t.equal((await visitor.call({ path, headers })).json.groups, 'staff,night-shift', 'groups take effect at once')
    const form = await visitor.call({ method: 'POST', path, headers, body: { a: 1 } })
    t.strictSame([form.status, form.json.body, form.json.user], [200, '{"a":1}', phone.sub], 'the body goes to the site, whole')
    t.equal((await visitor.call({ path: '/own-401', headers })).status, 401, 'the site\'s own refusals stay')

    await createPeople(service.store, service.clock).setState(phone.sub, ['active'], 'blocked')
    t.equal((await visitor.call({ path, headers })).status, 302, 'once blocked')
    const other = await logIn(service, { phone: await phoneOf(service, 'hong') })
    t.equal((await visitor.call({ path, headers: { cookie: other.cookie } })).json.user, other.phone.sub)
    await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie: other.cookie, origin: 'https://login.example.com' } })
    t.equal((await visitor.call({ path, headers: { cookie: other.cookie } })).status, 302, 'after the logout')
  })
}

await t.test('protected site: every call is answered, and to the right person, when nginx announces bodies to the service that it doesn\'t send, over a kept connection', async (t) => {
  const { service, visitor } = await openSite(t, [
    ['server {', 'upstream scan_login {\n    server 127.0.0.1:3000;\n    keepalive 1;\n}\n\nserver {'],
    ['        proxy_pass_request_body off;\n        proxy_set_header Content-Length "";\n', '        proxy_http_version 1.1;\n        proxy_set_header Connection "";\n'],
    ['http://127.0.0.1:3000/', 'http://scan_login/'],
  ])
  const { cookie, phone } = await logIn(service)
  const other = await logIn(service, { phone: await phoneOf(service, 'hong') })
  for (let i = 0; i < 10; i++) {
    const form = await visitor.call({ method: 'POST', path: '/orders', headers: { cookie }, body: { order: i, text: 'x'.repeat(i * 1000) } })
    t.strictSame([form.status, form.json?.user, form.json?.body.length > i * 1000], [200, phone.sub, true])
    const shown = await visitor.call({ path: '/orders', headers: { cookie: other.cookie } })
    t.strictSame([shown.status, shown.json?.user], [200, other.phone.sub], 'the next person')
    t.equal((await visitor.call({ method: 'POST', path: '/orders', body: { order: i } })).status, 302, 'a stranger')
  }
})

const manyCookies = (kib: number): string => Array.from({ length: kib }, (_, i) => `big${i}=${'x'.repeat(1024)}`).join('; ')

await t.test('protected site: a visitor with large cookies of the site stays logged in when they are below the limit, or nginx leaves them out', async (t) => {
  const largeLines: Hostility['edits'] = [['    location / {', '    large_client_header_buffers 4 128k;\n\n    location / {']]
  const leavesOut: Hostility['edits'] = [['server {', `${readSiteCookiesBlock()}server {`], ['Content-Length "";', 'Content-Length "";\n        proxy_set_header Cookie $scan_login_cookies;']]
  for (const [kib, edits, status] of [[24, largeLines, 200], [60, largeLines, 500], [60, [...largeLines, ...leavesOut], 200]] as const) {
    const { service, visitor } = await openSite(t, edits)
    const { cookie } = await logIn(service)
    for (const cookies of [`${manyCookies(kib)}; ${cookie}`, `${cookie}; ${manyCookies(kib)}`]) {
      t.equal((await visitor.call({ path: '/', headers: { cookie: cookies } })).status, status, `${kib} KiB`)
    }
    t.equal(/sent more than 32 KiB of headers/.test(service.logged()), status === 500)
    t.equal((await visitor.call({ path: '/', headers: { cookie: manyCookies(20) } })).status, 302, 'others are still sent to the login page')
  }
})

await t.test('protected site: visitors with large cookies of the site, logged in or not, are told apart when Caddy leaves them out', async (t) => {
  const service = await openTestService(t, { env: { COOKIE_DOMAIN: 'example.com' } })
  const login = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).host
  const listenAt = `127.0.0.1:${await freePort()}`
  await runProxy(t, 'caddy', { listen: listenAt, upstream: login }, () => [
    '{\n\tadmin off\n\tauto_https off\n}',
    `http://${listenAt} {`,
    `forward_auth ${login} {\nuri /api/session/verify\nheader_up Host login.example.com\n${readCaddyCookiesLine()}}`,
    'respond 200\n}',
  ].join('\n'))
  const visitor = remote(`http://${listenAt}`)
  t.teardown(visitor.close)
  const [own, other] = [await logIn(service), await logIn(service, { phone: await phoneOf(service, 'hong') })]
  const large = manyCookies(60)
  for (const [cookie, status] of [
    [large, 401],
    ['a=b', 401],
    [own.cookie, 200],
    [`${large}; ${own.cookie}`, 200],
    [`${own.cookie}; ${large}`, 200],
    [`a=b; ${other.cookie}; c=d; ${own.cookie}; e=f`, 401],
  ] as const) t.equal((await visitor.call({ path: '/', headers: { cookie } })).status, status, cookie.slice(0, 20))
  t.notMatch(service.logged(), /KiB of headers/)
})

await t.test('protected site: a cookie that another subdomain planted is told from the visitor\'s own when nginx leaves out the site\'s', async (t) => {
  const { service, visitor } = await openSite(t, [['server {', `${readSiteCookiesBlock()}server {`], ['Content-Length "";', 'Content-Length "";\n        proxy_set_header Cookie $scan_login_cookies;']])
  const [own, planted] = [await logIn(service), await logIn(service, { phone: await phoneOf(service, 'mallory') })]
  t.equal((await visitor.call({ path: '/', headers: { cookie: `a=b; ${planted.cookie}; c=d; ${own.cookie}; e=f` } })).status, 302, 'as without that line: nobody is logged in')
})
