/** The recipes for an app that only people who are logged in may see: a real app behind each proxy, which asks the real service. */
import { createHash, randomBytes } from 'node:crypto'
import { Agent } from 'node:https'
import t from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { peopleIn } from '../support/people.ts'
import { identityIn, navigation, openSite, script, shownBy, wayBack } from '../support/protected-site.ts'
import { appHost, loginHost, recipeKinds } from '../support/recipes.ts'
import { valuesOf } from '../support/shown-app.ts'
import { openSocket } from '../support/site-caller.ts'

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

await t.test('protected app: nobody gets in when HAProxy\'s script fails, or asks something that names nobody', async (t) => {
  for (const edits of [{ scriptEdits: [['local sent =', 'error("failed")\n  local sent =']] }, { edits: [['lua.scan-login /api/forward-auth', 'lua.scan-login /health/live']] }] as const) {
    const { service, app, call } = await openSite(t, 'haproxy', edits)
    const { cookie } = await logIn(service)
    t.equal((await call({ path: '/', headers: { cookie } })).status, 503)
    t.strictSame(app.arrivals, [])
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
