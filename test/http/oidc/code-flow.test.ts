/** The authorization code flow, with and without a session, on one instance. */
import t from 'tap'
import { handleOf } from '../../../src/domain/person.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn, phoneOf, verdict } from '../../support/login.ts'
import { authorizationPath, claimsIn, clientsOf, CookieJar, pkce, redeem, testClient, tokenCall, visit } from '../../support/oidc.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService } from '../../support/test-service.ts'

const open = async (t: Parameters<typeof openTestService>[0], client = testClient()) => {
  const service = await openTestService(t, { clients: clientsOf(client), clock: createFakeClock(Date.now()), keys: withProviderKeys() })
  return { service, client, jar: new CookieJar() }
}

await t.test('code flow: a visitor who is not logged in is sent to the login page, and from there back to the app', async (t) => {
  const { service, client, jar } = await open(t)
  const start = await visit(service, jar, authorizationPath(client))
  const login = new URL(start.address)
  t.equal(login.pathname, '/login')
  const returnTo = login.searchParams.get('return_to') ?? ''
  t.match(returnTo, /^\/oidc\/interaction\/[\w-]{21,43}$/)
  const { cookie, phone } = await logIn(service, { body: { return_to: returnTo } })
  jar.set(...cookie.split('=') as [string, string])
  const end = await visit(service, jar, returnTo)
  t.equal(end.status, 303)
  const back = new URL(end.address)
  t.equal(back.origin + back.pathname, 'https://app.example.com/callback')
  t.equal(back.searchParams.get('method'), 'login')
  t.equal(back.searchParams.get('state'), 'the-state')
  t.equal(back.searchParams.get('iss'), 'https://login.example.com/oidc')
  const tokens = await redeem(service, client, end.address)
  t.equal(tokens.status, 200, tokens.text)
  const claims = claimsIn(tokens.json.id_token)
  const person = { sub: phone.sub, preferred_username: handleOf(phone.sub), email: `${handleOf(phone.sub)}@login.example.com.invalid`, groups: [], amr: ['wechat'] }
  t.hasStrict(claims, { ...person, iss: 'https://login.example.com/oidc', aud: 'app' })
  t.match(claims.name, /^微信用户 [A-Z2-7]{4}$/)
  t.ok(Number.isInteger(claims.auth_time))
  for (const method of ['GET', 'POST'] as const) {
    const userinfo = await service.call({ method, path: '/oidc/userinfo', headers: { authorization: `Bearer ${tokens.json.access_token}` } })
    t.hasStrict(userinfo.json, person)
  }
  t.equal(verdict(await redeem(service, client, end.address)), '400')
})

await t.test('code flow: whoever is logged in comes back at once, also with prompt=none', async (t) => {
  const { service, client, jar } = await open(t)
  const { cookie } = await logIn(service)
  jar.set(...cookie.split('=') as [string, string])
  for (const more of [{}, { prompt: 'none' }, { prompt: 'consent', scope: 'openid offline_access' }]) {
    const end = await visit(service, jar, authorizationPath(client, more))
    t.match(end.address, /^https:\/\/app\.example\.com\/callback\?method=login&code=/, JSON.stringify(more))
    const tokens = await redeem(service, client, end.address)
    t.equal(tokens.status, 200, tokens.text)
    t.equal(typeof tokens.json.refresh_token, 'prompt' in more && more.prompt === 'consent' ? 'string' : 'undefined')
  }
})

for (const prompt of ['login', 'select_account']) {
  await t.test(`code flow: prompt=none without a session, and with prompt=${prompt} a new login`, async (t) => {
    const { service, client, jar } = await open(t)
    const none = await visit(service, jar, authorizationPath(client, { prompt: 'none' }))
    t.equal(new URL(none.address).searchParams.get('error'), 'login_required')
    const first = await logIn(service)
    jar.set(...first.cookie.split('=') as [string, string])
    const again = await visit(service, jar, authorizationPath(client, { prompt }))
    t.equal(new URL(again.address).pathname, '/login')
    t.equal(new URL(again.address).searchParams.get('prompt'), 'login')
    const returnTo = new URL(again.address).searchParams.get('return_to') ?? ''
    t.equal(new URL((await visit(service, jar, returnTo)).address).pathname, '/login', 'the old session is not enough')
    const second = await logIn(service, { phone: first.phone })
    jar.set(...second.cookie.split('=') as [string, string])
    const end = await visit(service, jar, returnTo)
    t.match(end.address, /^https:\/\/app\.example\.com\/callback\?method=login&code=/)
    t.equal((await redeem(service, client, end.address)).status, 200)
  })
}

await t.test('refresh: the token rotates, and ends with the session', async (t) => {
  const { service, client, jar } = await open(t)
  const { cookie } = await logIn(service)
  jar.set(...cookie.split('=') as [string, string])
  const end = await visit(service, jar, authorizationPath(client, { prompt: 'consent', scope: 'openid offline_access' }))
  const first = await redeem(service, client, end.address)
  const second = await tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: first.json.refresh_token })
  t.equal(second.status, 200, second.text)
  t.not(second.json.refresh_token, first.json.refresh_token)
  await service.call({ method: 'DELETE', path: '/api/session', headers: { cookie, 'sec-fetch-site': 'same-origin' } })
  t.equal((await tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: second.json.refresh_token })).json.error, 'invalid_grant')
  t.equal((await service.call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${second.json.access_token}` } })).status, 401)
})

await t.test('code flow: the page and the phone hear which app asks, and how long it waits', async (t) => {
  const { service, jar } = await open(t, testClient({ loginSeconds: 180 }))
  const start = await visit(service, jar, authorizationPath(testClient()))
  const returnTo = new URL(start.address).searchParams.get('return_to') ?? ''
  const made = await service.call({ method: 'POST', path: '/api/tickets', body: { return_to: returnTo } })
  const { expires_in: left, ...app } = made.json.app
  t.strictSame(app, { name: 'The app', origin: 'https://app.example.com', start_url: 'https://app.example.com/login' })
  t.ok(left > 100 && left < 1000, 'by two clocks: the provider has the machine\'s')
  const phone = await phoneOf(service)
  t.strictSame((await phone.scan(made.json.ticket)).json.site, { name: 'The app', origin: 'https://login.example.com', service: 'https://login.example.com', app: 'https://app.example.com' })
  const { cookie } = await logIn(service)
  jar.set(...cookie.split('=') as [string, string])
  service.clock.advance(1_200_000)
  t.equal((await visit(service, jar, returnTo)).status, 410)
  t.equal((await service.call({ method: 'POST', path: '/api/tickets', body: { return_to: returnTo } })).json.app.expires_in, 0)
})

await t.test('code flow: nobody logs somebody else in with a link to a login that they have begun', async (t) => {
  const { service, client, jar } = await open(t)
  const start = await visit(service, jar, authorizationPath(client))
  const returnTo = new URL(start.address).searchParams.get('return_to') ?? ''
  const { cookie } = await logIn(service)
  const victim = new CookieJar()
  victim.set(...cookie.split('=') as [string, string])
  t.equal((await visit(service, victim, returnTo)).status, 400)
  const end = await visit(service, jar, returnTo)
  t.equal(new URL(end.address).pathname, '/login')
})

for (const [kind, client] of [['confidential', testClient()], ['public', testClient({ isPublic: true, secretHashes: [], isPkceRequired: true })]] as const) {
  await t.test(`code flow: PKCE with a ${kind} client`, async (t) => {
    const { service, jar } = await open(t, client)
    const { cookie } = await logIn(service)
    jar.set(...cookie.split('=') as [string, string])
    const { verifier, challenge } = pkce()
    const bare = new URL((await visit(service, jar, authorizationPath(client))).address).searchParams
    t.equal(bare.get('error'), kind === 'public' ? 'invalid_request' : null)
    const call = (body: Record<string, string>) => kind === 'public'
      ? service.call({ method: 'POST', path: '/oidc/token', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: new URLSearchParams({ ...body, client_id: client.clientId }).toString() })
      : tokenCall(service, client, body)
    for (const [given, status] of [[verifier, 200], ['x'.repeat(43), 400]] as const) {
      const end = await visit(service, jar, authorizationPath(client, { code_challenge: challenge, code_challenge_method: 'S256' }))
      const answer = await call({ grant_type: 'authorization_code', code: new URL(end.address).searchParams.get('code') ?? '', redirect_uri: client.redirectUris[0] ?? '', code_verifier: given })
      t.equal(answer.status, status, answer.text)
    }
  })
}

await t.test('code flow: only people in the groups of a client may log in to it', async (t) => {
  const client = testClient({ allow: { groups: ['staff'] } })
  const clients = clientsOf(client)
  const service = await openTestService(t, { clients, clock: createFakeClock(Date.now()), keys: withProviderKeys() })
  const jar = new CookieJar()
  const { cookie } = await logIn(service)
  jar.set(...cookie.split('=') as [string, string])
  const refused = new URL((await visit(service, jar, authorizationPath(client))).address)
  t.equal(refused.searchParams.get('error'), 'access_denied')
  clients.set(testClient())
  const tokens = await redeem(service, client, (await visit(service, jar, authorizationPath(client))).address)
  t.equal(tokens.status, 200)
  const userinfo = () => service.call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${tokens.json.access_token}` } })
  t.equal((await userinfo()).status, 200)
  clients.set(client)
  t.equal((await userinfo()).status, 401)
})

await t.test('discovery: addresses come from PUBLIC_URL, whatever a visitor sends', async (t) => {
  const { service } = await open(t)
  const { json } = await service.call({ path: '/oidc/.well-known/openid-configuration', headers: { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' } })
  t.equal(json.issuer, 'https://login.example.com/oidc')
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri', 'userinfo_endpoint', 'end_session_endpoint', 'device_authorization_endpoint', 'revocation_endpoint']) t.match(json[name], /^https:\/\/login\.example\.com\/oidc\//, name)
  t.strictSame([...json.id_token_signing_alg_values_supported].sort(), ['ES256', 'RS256'])
  t.strictSame(json.code_challenge_methods_supported, ['S256'])
  const { json: { keys } } = await service.call({ path: '/oidc/jwks' })
  for (const key of keys) t.strictSame(Object.keys(key).filter((name) => ['d', 'p', 'q', 'dp', 'dq', 'qi'].includes(name)), [])
})

await t.test('code flow: visitors whom apps send are counted by their address, apart from tickets, and nobody who is logged in', async (t) => {
  const client = testClient()
  const service = await openTestService(t, { clients: clientsOf(client), clock: createFakeClock(Date.now()), keys: withProviderKeys(), env: { LIMIT_CREATE: '3' } })
  const { cookie } = await logIn(service, { from: '203.0.113.9' })
  const call = (path: string, headers: Record<string, string> = {}) => service.call({ path, headers: { accept: 'text/html', ...headers }, from: '198.51.100.7' })
  for (const path of [authorizationPath(client), '/oidc/device', '/oidc/session/end']) t.ok((await call(path)).status < 400)
  for (const path of [authorizationPath(client), '/oidc/device', '/oidc/session/end']) t.equal((await call(path)).status, 429)
  t.equal((await call(authorizationPath(client), { cookie })).status, 303)
  t.equal((await call('/oidc/jwks')).status, 200)
  t.equal((await service.call({ method: 'POST', path: '/api/tickets', from: '198.51.100.7' })).status, 201)
  t.equal((await service.call({ path: authorizationPath(client), from: '198.51.100.8' })).status, 303)
})

await t.test('code flow: a login that has begun ends at no address that the owner has taken out of the file since', async (t) => {
  const clients = clientsOf(testClient())
  const service = await openTestService(t, { clients, clock: createFakeClock(Date.now()), keys: withProviderKeys() })
  const begin = async () => {
    const jar = new CookieJar()
    const returnTo = new URL((await visit(service, jar, authorizationPath(testClient()))).address).searchParams.get('return_to') ?? ''
    jar.set(...(await logIn(service)).cookie.split('=') as [string, string])
    return { jar, returnTo }
  }
  const [first, second, kept] = [await begin(), await begin(), await begin()]
  clients.set(testClient({ redirectUris: ['https://app.example.com/new'] }))
  const resumed = await visit(service, first.jar, first.returnTo)
  t.strictSame([resumed.status, resumed.headers['location']], [400, undefined])
  const straight = await visit(service, second.jar, second.returnTo.replace('/interaction/', '/auth/'))
  t.strictSame([straight.status, straight.headers['location']], [400, undefined], 'without the page between')
  clients.set(testClient())
  t.match((await visit(service, kept.jar, kept.returnTo)).address, /^https:\/\/app\.example\.com\/callback\?method=login&code=/)
})
