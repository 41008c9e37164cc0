/** The recipes for an app that only people who are logged in may see: a real app behind each proxy, which asks the real service. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { Agent } from 'node:https'
import t, { type Test } from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { peopleIn } from '../support/people.ts'
import { appHost, loginHost, openProtectedApp, recipeKinds, type Edits, type RecipeKind, type RecipeOptions } from '../support/recipes.ts'
import { valuesOf, type ShownRequest } from '../support/shown-app.ts'
import { callSite, openSocket, type SiteCall } from '../support/site-caller.ts'
import { openTestService, type Answer } from '../support/test-service.ts'

const navigation = { 'sec-fetch-mode': 'navigate', accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }
const script = { 'sec-fetch-mode': 'cors', accept: 'application/json' }

/** Opens a service, and an app behind a proxy with the recipe. The app answers with what it was sent. */
const openSite = async (t: Test, kind: RecipeKind, options: RecipeOptions & { readonly env?: Record<string, string> } = {}) => {
  const env = options.isSameOrigin === true
    ? { PUBLIC_URL: `https://${appHost}/auth` }
    : { PUBLIC_URL: `https://${loginHost}`, COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: `https://${appHost}` }
  const service = await openTestService(t, { env: { ...env, TRUST_PROXY: '127.0.0.1', ...options.env } })
  const upstream = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).host
  const { address, app } = await openProtectedApp(t, kind, upstream, options)
  const call = (call: Omit<SiteCall, 'host'> & { readonly host?: string }): Promise<Answer> => callSite(address, { host: appHost, ...call })
  return { service, app, address, call }
}

const shownBy = (answer: Answer): ShownRequest => answer.json as ShownRequest // the app's answer
const identityIn = (shown: Pick<ShownRequest, 'rawHeaders'>): unknown =>
  Object.fromEntries(['user', 'name', 'email', 'groups'].map((part) => [part, valuesOf(shown, `remote-${part}`).join('|')]))

/** Where an answer leads back to after the login. */
const wayBack = ({ headers: { location = '' } }: Answer): string | null => URL.parse(String(location))?.searchParams.get('return_to') ?? null

for (const kind of recipeKinds) {
  for (const isSameOrigin of [false, true]) {
    await t.test(`protected app: it is reached by people who are logged in, and others go to the login, when ${kind} asks the service ${isSameOrigin ? 'below a path of the app\'s origin' : 'on another subdomain'}`, async (t) => {
      const { service, app, address, call } = await openSite(t, kind, { isSameOrigin })
      const path = '/orders/7?page=2&sort=-date'
      const stranger = await call({ path, headers: navigation })
      t.equal(stranger.status, 302)
      t.equal(String(stranger.headers.location).replace(/\?.*/, ''), `${service.config.PUBLIC_URL}/login`)
      t.equal(wayBack(stranger), `https://${appHost}${path}`)
      t.equal((await call({ path: `${service.config.basePath}/login`, host: new URL(service.config.PUBLIC_URL).host, headers: navigation })).status, 200, 'the login page is there')
      for (const headers of [script, { accept: '*/*' }]) {
        const refused = await call({ path, headers })
        t.strictSame([refused.status, refused.headers.location], [401, undefined], 'a script is told, and not sent away')
      }
      const form = { method: 'POST', path, body: 'a=1' }
      t.equal((await call({ ...form, headers: navigation })).status, 401, 'nobody comes back to a form')
      t.equal((await call({ path, headers: { ...navigation, cookie: `__Secure-scan_login=${'A'.repeat(43)}` } })).status, 302)
      t.equal((await call({ path: '/scan-login-auth', headers: script })).status, kind === 'nginx' ? 404 : 401, 'the question is the proxy\'s alone')
      const foreign = await openSocket(address, { host: appHost, path: '/socket', headers: { origin: `https://${appHost}`, 'sec-fetch-mode': 'websocket' } })
      t.equal(foreign.status, 401, 'no WebSocket either')
      t.strictSame(app.arrivals, [], 'nothing of all that has reached the app')

      const { cookie, phone } = await logIn(service)
      await phone.rename('小雨')
      await peopleIn(service).setGroups(phone.sub, () => ['staff', 'night-shift'])
      const person = { user: phone.sub, name: encodeURIComponent('小雨'), email: `${handleOf(phone.sub)}@${new URL(service.config.PUBLIC_URL).hostname}.invalid`, groups: 'staff,night-shift' }
      const headers = { cookie: `theme=dark; ${cookie}; lang=zh` }
      const shown = shownBy(await call({ path, headers: { ...navigation, ...headers, accept: '*/*', 'sec-fetch-mode': 'cors' } }))
      t.strictSame([shown.method, shown.url, identityIn(shown)], ['GET', path, person])
      t.strictSame([valuesOf(shown, 'host'), valuesOf(shown, 'x-forwarded-proto'), valuesOf(shown, 'x-forwarded-for')], [[appHost], ['https'], ['127.0.0.1']])
      t.match(valuesOf(shown, 'cookie').join(), /^theme=dark; .*; lang=zh$/, 'the app has its own cookies')
      for (const authorization of ['Bearer of-the-app', 'Basic dXNlcjpwYXNz', 'Token x, y=z']) {
        const passed = shownBy(await call({ path, headers: { ...script, ...headers, authorization } }))
        t.strictSame([identityIn(passed), valuesOf(passed, 'authorization')], [person, [authorization]])
        t.equal((await call({ path, headers: { ...script, authorization } })).status, 401, 'which opens nothing by itself')
      }
      const own = await call({ path: '/own-401', headers: { ...navigation, ...headers } })
      t.strictSame([own.status, own.headers['www-authenticate'], own.headers.location], [401, 'Basic realm="app"', undefined], 'the app\'s own refusals stay')

      const upload = randomBytes(10 * 1024 * 1024)
      const kept = shownBy(await call({ method: 'PUT', path, headers: { ...script, ...headers }, body: upload }))
      t.strictSame([kept.method, kept.bytes, kept.sha256, identityIn(kept)], ['PUT', upload.length, createHash('sha256').update(upload).digest('hex'), person])
      const socket = await openSocket(address, { host: appHost, path: '/socket?room=1', headers })
      t.strictSame([socket.status, identityIn(socket), await socket.echo('你好')], [101, person, '你好'])
      socket.close()

      const [session] = (await phone.sessions()).json.sessions
      t.equal((await phone.signOut(session.id)).status, 204)
      t.strictSame([(await call({ path, headers: { ...navigation, ...headers } })).status, (await call({ path, headers: { ...script, ...headers } })).status], [302, 401], 'once signed out on the phone')
      const again = await logIn(service, { phone })
      t.equal((await call({ path, headers: { ...script, cookie: again.cookie } })).status, 200)
      await peopleIn(service).setState(phone.sub, ['active'], 'blocked')
      t.equal((await call({ path, headers: { ...navigation, cookie: again.cookie } })).status, 302, 'once blocked')
    })
  }

  await t.test(`protected app: nothing that a visitor sends names a person, in any spelling and however often, when ${kind} asks the service`, async (t) => {
    const { service, app, address, call } = await openSite(t, kind)
    const { cookie, phone } = await logIn(service) // without a name and without groups: headers that are empty hide nothing either
    const person = { user: phone.sub, name: '', email: `${handleOf(phone.sub)}@${new URL(service.config.PUBLIC_URL).hostname}.invalid`, groups: '' }
    const known = ['Remote-User', 'Remote-Name', 'Remote-Email', 'Remote-Groups', 'X-Forwarded-User', 'X-Forwarded-Email', 'X-Forwarded-Groups', 'X-Forwarded-Preferred-Username', 'X-Forwarded-Prefix', 'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Forwarded-Host', 'Forwarded']
    const others = kind === 'nginx' ? [] : ['Remote-Anything', 'X-Forwarded-Anything'] // nginx knows no pattern
    const spellings = (name: string): readonly string[] => [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll('-', '_'), name.toLowerCase().replaceAll('-', '_'), name.replace('-', '_')]
    const forged = [...known, ...others].flatMap(spellings)
    const ofForgery = ({ rawHeaders }: Pick<ShownRequest, 'rawHeaders'>): readonly string[] => rawHeaders.filter((text) => /forged/.test(text))
    for (const name of [...known, ...others]) {
      for (const [what, sent] of [
        ...spellings(name).map((spelling) => [spelling, [spelling, 'forged']] as const),
        ['all spellings, twice', spellings(name).flatMap((spelling) => [spelling, 'forged', spelling, 'forged-2'])],
        ['with the proxy\'s own taken back', ['Connection', `close, ${name}, ${name.replaceAll('-', '_')}`, name, 'forged']],
      ] as const) {
        const shown = shownBy(await call({ path: '/', headers: [...sent, 'Cookie', cookie] }))
        t.strictSame([identityIn(shown), ofForgery(shown), valuesOf(shown, 'x-forwarded-for'), valuesOf(shown, 'x-forwarded-proto')], [person, [], ['127.0.0.1'], ['https']], `${name}: ${what}`)
        t.notMatch(valuesOf(shown, 'connection').join(), /[-_]/, 'nor is the app told to take one back')
      }
    }
    const socket = await openSocket(address, { host: appHost, path: '/', headers: { ...Object.fromEntries(forged.map((name) => [name, 'forged'])), cookie } })
    t.strictSame([socket.status, identityIn(socket), ofForgery(socket)], [101, person, []])
    socket.close()
    const before = app.arrivals.length
    t.equal((await call({ path: '/', headers: [...forged.flatMap((name) => [name, phone.sub]), 'Sec-Fetch-Mode', 'navigate'] })).status, 302, 'and nobody is let in by it')
    t.equal(app.arrivals.length, before)
  })

  if (kind !== 'traefik') {
    await t.test(`protected app: the same holds over HTTP/2, with each cookie in a header of its own, when ${kind} asks the service`, async (t) => {
      const { service, address } = await openSite(t, kind)
      const { cookie, phone } = await logIn(service)
      const client = connectHttp2(`https://${appHost}`, { host: address.replace(/:.*/, ''), port: Number(address.replace(/.*:/, '')), servername: appHost, rejectUnauthorized: false })
      t.teardown(() => { client.destroy() })
      const forged = Object.fromEntries(['remote-user', 'remote_user', 'remote-groups', 'remote_groups', 'x-forwarded-user', 'x_forwarded_user', 'x-forwarded-for', 'x-forwarded-proto'].map((name) => [name, ['forged', 'forged']]))
      for (const [cookies, status] of [[['a=b', cookie, 'c=d'], 200], [['a=b', 'c=d'], 401]] as const) {
        const stream = client.request({ ...forged, ':path': '/?a=1&b', ':authority': appHost, cookie: [...cookies], accept: 'application/json' })
        const [headers] = await once(stream, 'response') as [Record<string, unknown>]
        const body = (await stream.setEncoding('utf8').toArray()).join('')
        t.equal(headers[':status'], status)
        if (status !== 200) continue
        const shown = JSON.parse(body) as ShownRequest
        t.strictSame([valuesOf(shown, 'remote-user'), shown.rawHeaders.filter((text) => /forged/.test(text)), valuesOf(shown, 'x-forwarded-for'), shown.url], [[phone.sub], [], ['127.0.0.1'], '/?a=1&b'])
      }
    })
  }

  await t.test(`protected app: an access token lets a program in as well when ${kind} asks for that, and no token does otherwise`, async (t) => {
    const query = ({ nginx: '?proxy=nginx', caddy: '?', haproxy: '', traefik: '' } as const)[kind]
    const edits: Edits = [
      [`/api/forward-auth${query}`, `/api/forward-auth${kind === 'nginx' ? `${query}&` : '?'}bearer=on`],
      ...kind === 'nginx' ? [['proxy_set_header Accept $http_accept;', 'proxy_set_header Accept $http_accept;\n        proxy_set_header Authorization $http_authorization;']] as const : [],
    ]
    const scriptEdits: Edits = [['["accept"] = first("accept"),', '["accept"] = first("accept"),\n    ["authorization"] = first("authorization"),']]
    for (const [isOn, expected] of [[true, 200], [false, 401]] as const) {
      const { service, call } = await openSite(t, kind, isOn ? { edits, scriptEdits } : {})
      const { token, cookie } = await logIn(service)
      t.equal((await call({ path: '/', headers: { ...script, authorization: `Bearer ${token}` } })).status, expected)
      t.equal((await call({ path: '/', headers: { ...script, authorization: 'Basic dXNlcjpwYXNz', cookie } })).status, 200, 'another scheme is the app\'s own')
      t.equal((await call({ path: '/', headers: script })).status, 401)
    }
  })

  await t.test(`protected app: every character of the address comes back, up to 8 kB, when ${kind} asks the service`, async (t) => {
    const { call, service } = await openSite(t, kind)
    const own = `https://${appHost}`
    for (const path of [
      '/', '/?', '/a?b=1&c=2&d', '/a+b?c=+%20+&d=%2B', '/%E8%AE%A2%E5%8D%95/7?q=%E4%BD%A0%E5%A5%BD', '/a%2Fb/c?d=%2Fe%2f&f=/g', '/?text=1%0A2%0D%0A3', '/?next=https%3A%2F%2Fexample.org%2F%3Fx%3D1%26y%3D2%23z',
      '/?a=;b=\'"<>|^`{}[]()*!~$,:@', '/?return_to=/elsewhere&groups=staff&proxy=nginx&bearer=on', '/?%', '/?a=%25%26%3D%23', `/?q=${'%E4%BD%A0'.repeat(900)}`, `/?q=${'&'.repeat(3000)}${'x'.repeat(5100)}`,
    ]) {
      const sent = await call({ path, headers: navigation })
      t.equal(sent.status, 302, path.slice(0, 40))
      t.equal(wayBack(sent), own + path)
      const page = URL.parse(String(sent.headers.location))
      t.equal((await call({ host: loginHost, path: `${page?.pathname}${page?.search}`, headers: { ...navigation, referer: own + path } })).status, 200, 'and gets to the login page')
    }
    const { cookie } = await logIn(service)
    const longest = `/?q=${'%E4%BD%A0'.repeat(900)}`
    t.equal(shownBy(await call({ path: longest, headers: { cookie, referer: own + longest } })).url, longest, 'and to the app')
    const tooLong = await call({ path: `/?q=${'x'.repeat(9000)}`, headers: navigation })
    t.strictSame([tooLong.status, wayBack(tooLong)], [302, `/me?site=${own}/#return-refused`], 'a longer one: to the root of the site')
  })

  await t.test(`protected app: it is for people in a group, whatever the visitor's own query says, when ${kind} names the group`, async (t) => {
    const { service, app, call } = await openSite(t, kind, {
      edits: [({
        nginx: ['?proxy=nginx;', '?proxy=nginx&groups=staff,family;'],
        caddy: ['/api/forward-auth?', '/api/forward-auth?groups=staff,family'],
        haproxy: ['/api/forward-auth', '/api/forward-auth?groups=staff,family'],
        traefik: ['/api/forward-auth', '/api/forward-auth?groups=staff,family'],
      } as const)[kind]],
    })
    const { cookie, phone } = await logIn(service)
    const people = peopleIn(service)
    await people.setGroups(phone.sub, () => ['guests'])
    for (const path of ['/', '/?groups=guests', '/?proxy=nginx&groups=guests', '/?bearer=on']) {
      for (const headers of [navigation, script]) {
        const refused = await call({ path, headers: { ...headers, cookie } })
        t.strictSame([refused.status, refused.headers.location], [403, undefined], path)
        t.equal((await call({ path, headers })).status, headers === navigation ? 302 : 401)
      }
    }
    t.strictSame(app.arrivals, [])
    await people.setGroups(phone.sub, () => ['guests', 'family'])
    t.equal(shownBy(await call({ path: '/?groups=guests', headers: { ...script, cookie } })).url, '/?groups=guests', 'at once, when they have joined one')
  })

  await t.test(`protected app: nobody gets what is another person's, over kept connections and at once, when ${kind} asks the service`, async (t) => {
    const { service, app, call } = await openSite(t, kind)
    const people = [await logIn(service), await logIn(service, { phone: await phoneOf(service, 'hong') }), null]
    const agent = new Agent({ keepAlive: true, maxSockets: 3 })
    t.teardown(() => { agent.destroy() })
    const answers = await Promise.all(Array.from({ length: 60 }, async (_, index) => {
      const person = people[index % 3] ?? null
      const form = index % 2 === 0 ? {} : { method: 'POST', body: 'x'.repeat(index * 100) }
      const answer = await call({ path: '/orders', agent, ...form, headers: { ...script, ...person !== null && { cookie: person.cookie } } })
      return [answer.status, answer.status === 200 ? valuesOf(shownBy(answer), 'remote-user').join() : null, person === null ? null : person.phone.sub]
    }))
    for (const [status, shown, expected] of answers) t.strictSame([status, shown], [expected === null ? 401 : 200, expected])
    t.equal(app.arrivals.length, 40)
    const refused = await call({ path: '/', headers: navigation })
    t.match([refused.headers['cache-control'], refused.headers.vary].join(), /no-store|Cookie/, 'no cache gives the way to the login to somebody who is logged in')
    if (kind !== 'traefik') t.match((await call({ path: '/', headers: { ...script, cookie: people[0]?.cookie ?? '' } })).headers.vary, /\bCookie\b/, 'a cache in front keeps people apart')
  })

  await t.test(`protected app: nobody gets in, and everybody gets an error, while the service is away, when ${kind} asks it`, async (t) => {
    const { service, app, call } = await openSite(t, kind)
    const { cookie } = await logIn(service)
    t.equal((await call({ path: '/', headers: { cookie } })).status, 200)
    service.app.server.closeAllConnections()
    await service.app.close()
    for (const headers of [{ ...navigation, cookie }, { ...script, cookie }, navigation]) t.match((await call({ path: '/', headers })).status, /^50[0234]$/)
    t.equal(app.arrivals.length, 1)
  })
}

const manyCookies = (kib: number): string => Array.from({ length: kib }, (_, i) => `big${i}=${'x'.repeat(1024)}`).join('; ')

for (const kind of ['nginx', 'caddy', 'haproxy'] as const) {
  await t.test(`protected app: visitors with large cookies of the app, or with a cookie that another subdomain planted, are told apart when ${kind} leaves out the app's cookies`, async (t) => {
    const { service, call } = await openSite(t, kind, { edits: kind === 'nginx' ? [['large_client_header_buffers 4 32k', 'large_client_header_buffers 4 128k']] : [] })
    const [own, planted] = [await logIn(service), await logIn(service, { phone: await phoneOf(service, 'mallory') })]
    const large = manyCookies(kind === 'haproxy' ? 30 : 60)
    for (const [cookie, status] of [
      [large, 401],
      ['a=b', 401],
      [own.cookie, 200],
      [`${large}; ${own.cookie}`, 200],
      [`${own.cookie}; ${large}`, 200],
      [`a=b; ${planted.cookie}; c=d; ${own.cookie}; e=f`, 401],
      [`${own.cookie}; ${planted.cookie}`, 401],
    ] as const) t.equal((await call({ path: '/', headers: { ...script, cookie } })).status, status, cookie.slice(0, 20))
    t.notMatch(service.logged(), /KiB of headers/)
  })
}

await t.test('protected app: a visitor with more than 32 KiB of cookies is refused, and the log says so, when Traefik passes all of them on', async (t) => {
  const { service, app, call } = await openSite(t, 'traefik')
  const { cookie } = await logIn(service)
  t.equal((await call({ path: '/', headers: { cookie: `${manyCookies(24)}; ${cookie}` } })).status, 200)
  t.equal((await call({ path: '/', headers: { cookie: `${manyCookies(60)}; ${cookie}` } })).status, 431)
  t.match(service.logged(), /sent more than 32 KiB of headers/)
  t.equal(app.arrivals.length, 1)
})

await t.test('protected app: nobody gets in when HAProxy\'s script fails, or asks something that names nobody', async (t) => {
  for (const edits of [{ scriptEdits: [['local sent =', 'error("failed")\n  local sent =']] }, { edits: [['lua.scan-login /api/forward-auth', 'lua.scan-login /health/live']] }] as const) {
    const { service, app, call } = await openSite(t, 'haproxy', edits)
    const { cookie } = await logIn(service)
    t.equal((await call({ path: '/', headers: { cookie } })).status, 503)
    t.strictSame(app.arrivals, [])
  }
})

await t.test('protected app: nobody is named by headers with _ when nginx is told to take them, also by a visitor who names another site at first', async (t) => {
  const { service, call } = await openSite(t, 'nginx', { edits: [['map $http_upgrade', 'underscores_in_headers on;\n\nmap $http_upgrade']] })
  const { cookie, phone } = await logIn(service)
  const headers = ['User', 'Name', 'Email', 'Groups'].flatMap((part) => [`Remote_${part}`, 'forged', `REMOTE_${part}`, 'forged'])
  for (const [servername, more] of [[appHost, ['X_Forwarded_User', 'forged', 'X-Forwarded_Email', 'forged']], [loginHost, []]] as const) {
    const shown = shownBy(await call({ path: '/', servername, headers: [...headers, ...more, 'Cookie', cookie] }))
    t.strictSame([valuesOf(shown, 'remote-user'), shown.rawHeaders.filter((text) => text === 'forged')], [[phone.sub], []], servername)
  }
})

await t.test('protected app: each person gets their own page when nginx caches everything for the sites it has', async (t) => {
  const { service, call } = await openSite(t, 'nginx', {
    edits: [['map $http_upgrade', 'proxy_cache_path cache keys_zone=everything:1m;\nproxy_cache everything;\nproxy_cache_valid any 10m;\nproxy_ignore_headers Cache-Control Expires Set-Cookie Vary;\n\nmap $http_upgrade']],
  })
  const people = [await logIn(service), await logIn(service, { phone: await phoneOf(service, 'hong') })]
  for (const { cookie, phone } of [...people, ...people]) t.strictSame(valuesOf(shownBy(await call({ path: '/', headers: { cookie } })), 'remote-user'), [phone.sub])
  t.equal((await call({ path: '/', headers: script })).status, 401)
})

await t.test('protected app: every call is answered, and to the right person, when nginx announces bodies to the service that it doesn\'t send, over a kept connection', async (t) => {
  const { service, call } = await openSite(t, 'nginx', {
    edits: [
      ['map $http_upgrade', 'upstream scan_login_kept {\n    server 127.0.0.1:3000;\n    keepalive 1;\n}\n\nmap $http_upgrade'],
      ['        proxy_pass_request_body off;\n', '        proxy_http_version 1.1;\n        proxy_set_header Connection "";\n'],
      ['proxy_set_header Content-Length "";', 'proxy_set_header Content-Length $http_content_length;'],
      ['http://127.0.0.1:3000/', 'http://scan_login_kept/'],
    ],
  })
  const people = [await logIn(service), await logIn(service, { phone: await phoneOf(service, 'hong') })]
  for (let i = 0; i < 10; i++) {
    for (const { cookie, phone } of people) {
      const form = await call({ method: 'POST', path: '/orders', headers: { cookie }, body: 'x'.repeat(i * 1000 + 1) })
      t.strictSame([form.status, valuesOf(shownBy(form), 'remote-user'), shownBy(form).bytes], [200, [phone.sub], i * 1000 + 1])
    }
    t.equal((await call({ method: 'POST', path: '/orders', body: 'x' })).status, 401, 'a stranger')
  }
})
