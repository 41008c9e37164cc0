/** What the recipes make of a visitor's headers: forged ones, access tokens, large and planted cookies. */
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import t from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { logIn, phoneOf } from '../support/login.ts'
import { identityIn, openSite, script, shownBy } from '../support/protected-site.ts'
import { appHost, loginHost, recipeKinds, type Edits } from '../support/recipes.ts'
import { valuesOf, type ShownRequest } from '../support/shown-app.ts'
import { openSocket } from '../support/site-caller.ts'

for (const kind of recipeKinds) {
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

await t.test('protected app: nobody is named by headers with _ when nginx is told to take them, also by a visitor who names another site at first', async (t) => {
  const { service, call } = await openSite(t, 'nginx', { edits: [['map $http_upgrade', 'underscores_in_headers on;\n\nmap $http_upgrade']] })
  const { cookie, phone } = await logIn(service)
  const headers = ['User', 'Name', 'Email', 'Groups'].flatMap((part) => [`Remote_${part}`, 'forged', `REMOTE_${part}`, 'forged'])
  for (const [servername, more] of [[appHost, ['X_Forwarded_User', 'forged', 'X-Forwarded_Email', 'forged']], [loginHost, []]] as const) {
    const shown = shownBy(await call({ path: '/', servername, headers: [...headers, ...more, 'Cookie', cookie] }))
    t.strictSame([valuesOf(shown, 'remote-user'), shown.rawHeaders.filter((text) => text === 'forged')], [[phone.sub], []], servername)
  }
})
