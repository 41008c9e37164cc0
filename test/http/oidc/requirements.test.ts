/** The hard requirements of apps, H1 to H15, each under its number. H9 is in static/waiting-app, H12 in http/oidc/pages, H13 in http/forward-auth. */
import { execFile } from 'node:child_process'
import { createPublicKey, verify } from 'node:crypto'
import { promisify } from 'node:util'
import t from 'tap'
import { handleOf } from '../../../src/domain/person.ts'
import { presets } from '../../../src/oidc/presets/presets.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { logIn } from '../../support/login.ts'
import { authorizationPath, claimsIn, clientSecret, clientsOf, CookieJar, pkce, redeem, testClient, tokenCall, visit } from '../../support/oidc.ts'
import { withProviderKeys } from '../../support/provider-keys.ts'
import { openTestService, type Answer } from '../../support/test-service.ts'

const openLoggedIn = async (t: Parameters<typeof openTestService>[0], client = testClient()) => {
  const clients = clientsOf(client)
  const service = await openTestService(t, { clients, clock: createFakeClock(Date.now()), keys: withProviderKeys() })
  const jar = new CookieJar()
  const { phone, cookie } = await logIn(service)
  jar.set(...cookie.split('=') as [string, string])
  const authorize = async (more: Record<string, string> = {}) => (await visit(service, jar, authorizationPath(client, more))).address
  const tokens = async (more: Record<string, string> = {}) => (await redeem(service, client, await authorize(more))).json
  const userinfo = (token: string, call: { method?: 'GET' | 'POST', headers?: Record<string, string>, body?: string } = {}): Promise<Answer> =>
    service.call({ path: '/oidc/userinfo', ...call, headers: { authorization: `Bearer ${token}`, ...call.headers } })
  return { service, clients, jar, phone, authorize, tokens, userinfo, client }
}

const headerOf = (token: string): Record<string, unknown> => JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())

for (const [asked, alg] of [[undefined, 'RS256'], ['ES256', 'ES256']] as const) {
  await t.test(`H1: an ID token is signed by ${alg} where a client asks for ${asked ?? 'nothing'}, with a key that the JWKS names`, async (t) => {
    const { service, tokens } = await openLoggedIn(t, testClient(asked === undefined ? {} : { idTokenAlg: asked }))
    const { id_token: token } = await tokens()
    const { keys } = (await service.call({ path: '/oidc/jwks' })).json
    for (const key of keys) t.hasStrict(key, { use: 'sig', alg: key.kty === 'RSA' ? 'RS256' : 'ES256' })
    t.strictSame(headerOf(token).alg, alg)
    const jwk = keys.find(({ kid }: { kid: string }) => kid === headerOf(token).kid)
    const [head = '', body = '', signature = ''] = String(token).split('.')
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    t.ok(verify('sha256', Buffer.from(`${head}.${body}`), alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key, Buffer.from(signature, 'base64url')))
  })
}

await t.test('H2: an e-mail address is always there with its scope, made by us, and says it is verified only where the client says so', async (t) => {
  const { clients, phone, tokens, client } = await openLoggedIn(t)
  const claims = claimsIn((await tokens()).id_token)
  t.equal(claims.email, `${handleOf(phone.sub)}@login.example.com.invalid`)
  t.ok(claims.email.length <= 50)
  t.notOk('email_verified' in claims)
  for (const emailVerified of [true, false]) {
    clients.set({ ...client, emailVerified })
    t.equal(claimsIn((await tokens()).id_token).email_verified, emailVerified)
  }
  t.notOk('email' in claimsIn((await tokens({ scope: 'openid' })).id_token))
})

await t.test('H3: the claims of profile, email and groups are in the ID token and in userinfo, and the parameter claims works', async (t) => {
  const { tokens, userinfo } = await openLoggedIn(t)
  const full = await tokens()
  const expected = ['name', 'preferred_username', 'email', 'groups', 'auth_time', 'amr', 'sub']
  const missing = (claims: object) => expected.filter((name) => !(name in claims))
  t.strictSame(missing(claimsIn(full.id_token)), [])
  t.strictSame(missing((await userinfo(full.access_token)).json), [])
  const asked = await tokens({ scope: 'openid', claims: JSON.stringify({ id_token: { email: null }, userinfo: { name: { essential: true } } }) })
  t.ok('email' in claimsIn(asked.id_token))
  t.notOk('name' in claimsIn(asked.id_token))
  t.ok('name' in (await userinfo(asked.access_token)).json)
})

await t.test('H4, H5: preferred_username is our handle, name is never empty, and no preset takes a typed name for an account', async (t) => {
  const { phone, tokens } = await openLoggedIn(t)
  const before = claimsIn((await tokens()).id_token)
  t.match(before.preferred_username, /^wx-[a-z2-7]{16}$/)
  t.match(before.name, /^微信用户 [A-Z2-7]{4}$/)
  t.ok(before.name.length <= 20)
  t.equal((await phone.signed({ method: 'PUT', path: '/api/phone/profile', body: { name: '小雨' } })).status, 200)
  const after = claimsIn((await tokens()).id_token)
  t.hasStrict(after, { name: '小雨', preferred_username: before.preferred_username, sub: before.sub })
  const { tokens: ofOpenlist, phone: other } = await openLoggedIn(t, testClient({ claims: presets.openlist.claims ?? {} }))
  await other.signed({ method: 'PUT', path: '/api/phone/profile', body: { name: 'admin1' } })
  t.equal(claimsIn((await ofOpenlist()).id_token).name, handleOf(other.sub))
})

await t.test('H6: a client sends its secret either way, and a public one proves itself by PKCE', async (t) => {
  const { service, authorize, client } = await openLoggedIn(t)
  const code = async () => new URL(await authorize()).searchParams.get('code') ?? ''
  const post = (body: Record<string, string>, headers: Record<string, string> = {}) => service.call({ method: 'POST', path: '/oidc/token', headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(body).toString() })
  const order = async () => ({ grant_type: 'authorization_code', code: await code(), redirect_uri: client.redirectUris[0] ?? '' })
  t.equal((await post({ ...await order(), client_id: 'app', client_secret: clientSecret })).status, 200)
  t.equal((await tokenCall(service, client, await order())).status, 200)
  for (const refused of [
    await post({ ...await order(), client_id: 'app', client_secret: `${clientSecret}x` }),
    await tokenCall(service, client, await order(), 'wrong'),
    await post({ ...await order(), client_id: 'app' }),
    await post({ ...await order(), client_id: 'nobody', client_secret: clientSecret }),
  ]) t.strictSame([refused.status, refused.json.error], [401, 'invalid_client'])
})

await t.test('H7: redirect URIs are compared exactly, with their query', async (t) => {
  const redirectUris = ['https://app.example.com/sso?method=sso_get_token', 'https://app.example.com/sso?method=get_sso_id']
  const { service, jar, client } = await openLoggedIn(t, testClient({ redirectUris }))
  for (const uri of redirectUris) {
    const { address } = await visit(service, jar, authorizationPath(client, { redirect_uri: uri }))
    t.ok(address.startsWith(`${uri}&code=`))
    t.equal((await redeem(service, client, address, { redirect_uri: uri })).status, 200)
  }
  for (const uri of ['https://app.example.com/sso', 'https://app.example.com/sso?method=other', `${redirectUris[0]}&x=1`, 'https://app.example.com/SSO?method=get_sso_id', 'https://app.example.com.evil.example/sso?method=get_sso_id', 'https://app.example.com/sso/../sso?method=get_sso_id', `${redirectUris[0]}#x`, '']) {
    const answer = await visit(service, jar, authorizationPath(client, { redirect_uri: uri }))
    t.equal(answer.status, 400, uri)
    t.equal(answer.headers['location'], undefined)
  }
})

await t.test('H8: PKCE is optional for a client with a secret, unknown scopes are dropped, userinfo takes GET and POST', async (t) => {
  const { service, authorize, client, tokens, userinfo } = await openLoggedIn(t)
  const { verifier, challenge } = pkce()
  t.equal((await redeem(service, client, await authorize({ code_challenge: challenge, code_challenge_method: 'S256' }), { code_verifier: verifier })).status, 200)
  t.equal((await redeem(service, client, await authorize({ code_challenge: challenge, code_challenge_method: 'S256' }))).json.error, 'invalid_grant')
  const odd = await tokens({ scope: 'openid groups phone address made_up' })
  t.strictSame(String(odd.scope).split(' ').sort(), ['groups', 'openid'])
  for (const answer of [
    await userinfo(odd.access_token),
    await userinfo(odd.access_token, { method: 'POST' }),
    await service.call({ method: 'POST', path: '/oidc/userinfo', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `access_token=${odd.access_token}` }),
  ]) {
    t.strictSame([answer.status, answer.json?.groups], [200, []])
    t.match(answer.headers['content-type'], /^application\/json/)
  }
})

await t.test('H10: addresses come from PUBLIC_URL, whatever Host and forwarded headers say, and cookies are for https', async (t) => {
  const { service, client } = await openLoggedIn(t)
  const forged = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', 'x-forwarded-for': '203.0.113.9', forwarded: 'host=evil.example;proto=http' }
  const discovery = await service.call({ path: '/oidc/.well-known/openid-configuration', headers: forged })
  t.notMatch(discovery.text, /evil|http:/)
  const start = await service.call({ path: authorizationPath(client), headers: { ...forged, accept: 'text/html' } })
  t.match(start.headers.location, /^\/oidc\/interaction\//)
  const cookies = [start.headers['set-cookie'] ?? []].flat().map(String)
  t.ok(cookies.length >= 2)
  for (const cookie of cookies) t.match(cookie, /^__(?:Secure|Host)-.*; secure.*; httponly/i)
})

await t.test('H11: a code is good once, and every other use is invalid_grant', async (t) => {
  const { service, client, authorize } = await openLoggedIn(t)
  const address = await authorize()
  const answers = await Promise.all(Array.from({ length: 8 }, () => redeem(service, client, address)))
  t.strictSame(answers.map(({ status, json }) => status === 200 ? 'tokens' : json.error).sort(), [...Array(7).fill('invalid_grant'), 'tokens'])
})

await t.test('H14: whoever is in none of a client\'s groups is refused, with a grant as without one', async (t) => {
  const { clients, client, authorize, tokens, userinfo, service } = await openLoggedIn(t)
  const before = await tokens({ scope: 'openid offline_access', prompt: 'consent' })
  clients.set({ ...client, allow: { groups: ['staff'] } })
  t.equal(new URL(await authorize()).searchParams.get('error'), 'access_denied')
  t.equal((await userinfo(before.access_token)).status, 401)
  t.equal((await tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: before.refresh_token })).json.error, 'invalid_grant')
  clients.set()
  t.equal((await tokenCall(service, client, { grant_type: 'refresh_token', refresh_token: before.refresh_token })).json.error, 'invalid_client', 'a client that was removed')
})

await t.test('H15: oidc-provider is loaded only where clients are configured', async (t) => {
  const script = `
    import { registerHooks } from 'node:module'
    const loaded = []
    registerHooks({ load: (url, context, next) => { loaded.push(url); return next(url, context) } })
    await import(${JSON.stringify(new URL('../../../src/server.ts', import.meta.url).pathname.replace('server.ts', 'app.ts'))})
    await import(${JSON.stringify(new URL('../../../src/runtime.ts', import.meta.url).pathname)})
    console.log(JSON.stringify([loaded.length > 100, loaded.filter((url) => /node_modules\\/(?:oidc-provider|koa|jose)\\//.test(url)).length]))`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script])
  t.strictSame(JSON.parse(stdout), [true, 0])
})
