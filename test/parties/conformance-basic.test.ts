/** The plan "Basic OP" of the OpenID Foundation's conformance suite, module by module: what the suite does there, and what it expects of a certified provider. */
import t from 'tap'
import { claimsIn, pkce, tokenCall } from '../support/oidc.ts'
import { clientSecret, openTested, runModules, suiteState, type Ending } from '../support/parties/conformance.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }

/** A request object without a signature. */
const unsigned = (claims: object): string => `${[{ alg: 'none' }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')}.`

const errorOf = ({ address }: Ending): unknown => [address.searchParams.get('error'), address.searchParams.get('state')]

await runModules(t, {
  'oidcc-server': ['a login ends with a code, tokens and claims, all of them valid', async (t) => {
    const { flow, userinfo, phone } = await openTested(t)
    const { tokens, claims, ending } = await flow()
    t.ok(ending.wasAsked)
    t.equal(claims.sub, phone.sub)
    t.ok(claims.sub.length <= 255)
    t.equal((await userinfo(tokens.json.access_token)).json.sub, claims.sub)
  }],
  'oidcc-response-type-missing': ['the answer is invalid_request when the request has no response_type', async (t) => {
    const { authorize } = await openTested(t)
    t.strictSame(errorOf(await authorize({ response_type: undefined })), ['invalid_request', suiteState])
  }],
  'oidcc-idtoken-signature': ['the ID token is signed with RS256 and a key of the JWKS, which its kid names', async (t) => {
    const { flow, service } = await openTested(t)
    const { tokens } = await flow()
    const { alg, kid } = JSON.parse(Buffer.from(tokens.json.id_token.split('.')[0], 'base64url').toString())
    t.equal(alg, 'RS256')
    const { keys } = (await service.call({ path: '/oidc/jwks' })).json
    t.hasStrict(keys.filter((key: { kid: string }) => key.kid === kid), [{ kty: 'RSA', alg: 'RS256', use: 'sig' }])
  }],
  'oidcc-userinfo-get': ['userinfo answers a GET with the header', async (t) => {
    const { flow, userinfo } = await openTested(t)
    const { tokens, claims } = await flow()
    t.hasStrict(await userinfo(tokens.json.access_token), { status: 200, json: { sub: claims.sub } })
  }],
  'oidcc-userinfo-post-header': ['userinfo answers a POST with the header', async (t) => {
    const { flow, service } = await openTested(t)
    const { tokens, claims } = await flow()
    t.hasStrict(await service.call({ method: 'POST', path: '/oidc/userinfo', headers: { authorization: `Bearer ${tokens.json.access_token}` } }), { status: 200, json: { sub: claims.sub } })
  }],
  'oidcc-userinfo-post-body': ['userinfo answers a POST with the token in a form', async (t) => {
    const { flow, service } = await openTested(t)
    const { tokens, claims } = await flow()
    t.hasStrict(await service.call({ method: 'POST', path: '/oidc/userinfo', headers: form, body: `access_token=${tokens.json.access_token}` }), { status: 200, json: { sub: claims.sub } })
  }],
  'oidcc-ensure-request-without-nonce-succeeds-for-code-flow': ['the ID token has no nonce when the request has none', async (t) => {
    const { flow } = await openTested(t)
    await flow({ nonce: undefined })
  }],
  'oidcc-scope-profile': ['ID token and userinfo have the claims of the scope, and not those of another', async (t) => {
    const { flow, userinfo } = await openTested(t)
    const { tokens } = await flow({ scope: 'openid profile' })
    for (const claims of [claimsIn(tokens.json.id_token), (await userinfo(tokens.json.access_token)).json]) {
      t.strictSame([typeof claims.name, typeof claims.preferred_username, claims.email], ['string', 'string', undefined])
    }
  }],
  'oidcc-scope-email': ['ID token and userinfo have the claims of the scope, and not those of another', async (t) => {
    const { flow, userinfo } = await openTested(t)
    const { tokens } = await flow({ scope: 'openid email' })
    for (const claims of [claimsIn(tokens.json.id_token), (await userinfo(tokens.json.access_token)).json]) {
      t.strictSame([claims.name, /^[^@]+@[^@]+$/.test(claims.email)], [undefined, true])
    }
  }],
  'oidcc-scope-address': ['discovery doesn\'t list the scope, so the suite skips this; a request with it succeeds without it', async (t) => {
    const { flow, discovery } = await openTested(t)
    t.equal((await discovery()).scopes_supported.includes('address'), false)
    await flow({ scope: 'openid address' })
  }],
  'oidcc-scope-phone': ['discovery doesn\'t list the scope, so the suite skips this; a request with it succeeds without it', async (t) => {
    const { flow, discovery } = await openTested(t)
    t.equal((await discovery()).scopes_supported.includes('phone'), false)
    await flow({ scope: 'openid phone' })
  }],
  'oidcc-scope-all': ['a request with the scopes of the four above has the claims of those that there are', async (t) => {
    const { flow, userinfo } = await openTested(t)
    const { tokens } = await flow({ scope: 'openid profile email address phone' })
    const { json } = await userinfo(tokens.json.access_token)
    t.strictSame(Object.keys(json).sort(), ['amr', 'auth_time', 'email', 'name', 'preferred_username', 'sub'])
  }],
  'oidcc-ensure-other-scope-order-succeeds': ['openid may be the last scope', async (t) => {
    const { flow } = await openTested(t)
    const { tokens } = await flow({ scope: 'email openid' })
    t.type(claimsIn(tokens.json.id_token).email, 'string')
  }],
  'oidcc-display-page': ['display=page succeeds', async (t) => { await (await openTested(t)).flow({ display: 'page' }) }],
  'oidcc-display-popup': ['display=popup succeeds', async (t) => { await (await openTested(t)).flow({ display: 'popup' }) }],
  'oidcc-prompt-login': ['the person logs in again, as who they are, with a later auth_time', async (t) => {
    const { flow, service } = await openTested(t, {}, { startedAgoMs: 10_000 })
    const first = await flow()
    service.clock.advance(10_000)
    const second = await flow({ prompt: 'login' })
    t.ok(second.ending.wasAsked)
    t.equal(second.claims.sub, first.claims.sub)
    t.ok((second.claims.auth_time ?? 0) > (first.claims.auth_time ?? Infinity))
  }],
  'oidcc-prompt-none-not-logged-in': ['the answer is login_required', async (t) => {
    const { authorize } = await openTested(t)
    t.strictSame(errorOf(await authorize({ prompt: 'none' })), ['login_required', suiteState])
  }],
  'oidcc-prompt-none-logged-in': ['the person is known without a page, with the auth_time of before', async (t) => {
    const { flow } = await openTested(t)
    const first = await flow()
    const second = await flow({ prompt: 'none' })
    t.strictSame([second.ending.wasAsked, second.claims.sub, second.claims.auth_time], [false, first.claims.sub, first.claims.auth_time])
  }],
  'oidcc-max-age-1': ['the person logs in again when that was more than a second ago', async (t) => {
    const { flow, service } = await openTested(t, {}, { startedAgoMs: 10_000 })
    const first = await flow()
    service.clock.advance(10_000)
    const second = await flow({ max_age: '1' })
    t.ok(second.ending.wasAsked)
    t.equal(second.claims.sub, first.claims.sub)
    t.ok((second.claims.auth_time ?? 0) > (first.claims.auth_time ?? Infinity))
  }],
  'oidcc-max-age-10000': ['the person is known without a page when they have logged in just now', async (t) => {
    const { flow } = await openTested(t)
    const first = await flow()
    const second = await flow({ max_age: '10000' })
    t.strictSame([second.ending.wasAsked, second.claims.sub, second.claims.auth_time], [false, first.claims.sub, first.claims.auth_time])
  }],
  'oidcc-ensure-request-with-unknown-parameter-succeeds': ['the parameter is ignored', async (t) => { await (await openTested(t)).flow({ extra: 'foobar' }) }],
  'oidcc-id-token-hint': ['the person of the ID token is known without a page', async (t) => {
    const { flow } = await openTested(t)
    const first = await flow()
    const second = await flow({ prompt: 'none', id_token_hint: first.tokens.json.id_token })
    t.strictSame([second.claims.sub, second.claims.auth_time], [first.claims.sub, first.claims.auth_time])
  }],
  'oidcc-login-hint': ['login_hint succeeds', async (t) => { await (await openTested(t)).flow({ login_hint: 'buffy@login.example.com' }) }],
  'oidcc-ui-locales': ['ui_locales succeeds, also with a language that we lack', async (t) => { await (await openTested(t)).flow({ ui_locales: 'se' }) }],
  'oidcc-claims-locales': ['claims_locales succeeds', async (t) => { await (await openTested(t)).flow({ claims_locales: 'se' }) }],
  'oidcc-ensure-request-with-acr-values-succeeds': ['acr_values succeeds', async (t) => { await (await openTested(t)).flow({ acr_values: '1 2' }) }],
  'oidcc-codereuse': ['the second redemption of a code is invalid_grant', async (t) => {
    const { flow, redeem } = await openTested(t)
    const { ending } = await flow()
    t.hasStrict(await redeem(ending), { status: 400, json: { error: 'invalid_grant' } })
  }],
  'oidcc-codereuse-30seconds': ['it is also after 30 seconds, and the access token of the first is void then', async (t) => {
    const { flow, redeem, service, userinfo } = await openTested(t)
    const { ending, tokens } = await flow()
    service.clock.advance(30_000)
    t.hasStrict(await redeem(ending), { status: 400, json: { error: 'invalid_grant' } })
    t.equal((await userinfo(tokens.json.access_token)).status, 401)
  }],
  'oidcc-ensure-registered-redirect-uri': ['an error is shown, and nobody redirected, when the redirect URI isn\'t the client\'s', async (t) => {
    const { authorize } = await openTested(t)
    for (const uri of ['https://evil.example/callback', 'https://app.example.com/callback?more=1', 'https://app.example.com/callback/', 'http://app.example.com/callback']) {
      const { answer } = await authorize({ redirect_uri: uri })
      t.strictSame([answer.status, answer.headers['location']], [400, undefined], uri)
      t.match(answer.headers['content-type'], /^text\/html/)
    }
  }],
  'oidcc-ensure-post-request-succeeds': ['a request may be a form that is posted', async (t) => {
    const { service, redirectUri } = await openTested(t)
    const body = new URLSearchParams({ client_id: 'app', response_type: 'code', redirect_uri: redirectUri, scope: 'openid', state: suiteState }).toString()
    const { status, headers } = await service.call({ method: 'POST', path: '/oidc/auth', headers: { ...form, origin: 'https://app.example.com', 'sec-fetch-site': 'cross-site' }, body })
    t.equal(status, 303)
    t.match(headers['location'], /\/oidc\/(?:auth\?|interaction\/)/)
  }],
  'oidcc-server-client-secret-post': ['the secret may be in the form, and a wrong one is invalid_client', async (t) => {
    const { authorize, service, redirectUri } = await openTested(t)
    const ending = await authorize()
    const call = (secret: string) => service.call({
      method: 'POST',
      path: '/oidc/token',
      headers: form,
      body: new URLSearchParams({ grant_type: 'authorization_code', code: ending.address.searchParams.get('code') ?? '', redirect_uri: redirectUri, client_id: 'app', client_secret: secret }).toString(),
    })
    t.hasStrict(await call('wrong'), { status: 401, json: { error: 'invalid_client' } })
    t.hasStrict(await call(clientSecret), { status: 200, json: { token_type: 'Bearer' } })
  }],
  'oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported': ['discovery says that there are no request objects, and the answer is request_not_supported', async (t) => {
    const { authorize, discovery, redirectUri } = await openTested(t)
    t.not((await discovery()).request_parameter_supported, true)
    const request = unsigned({ client_id: 'app', response_type: 'code', redirect_uri: redirectUri, scope: 'openid', state: suiteState })
    t.strictSame(errorOf(await authorize({ request })), ['request_not_supported', suiteState])
  }],
  'oidcc-claims-essential': ['a claim that the request names is in userinfo, without its scope', async (t) => {
    const { flow, userinfo } = await openTested(t)
    const { tokens } = await flow({ claims: JSON.stringify({ userinfo: { name: { essential: true } } }) })
    const { json } = await userinfo(tokens.json.access_token)
    t.strictSame([typeof json.name, json.email], ['string', undefined])
  }],
  'oidcc-ensure-request-object-with-redirect-uri': ['a redirect URI in a request object leads nowhere', async (t) => {
    const { authorize } = await openTested(t)
    const request = unsigned({ client_id: 'app', response_type: 'code', redirect_uri: 'https://evil.example/callback', scope: 'openid' })
    const { address } = await authorize({ request })
    t.strictSame([address.origin, address.searchParams.get('error')], ['https://app.example.com', 'request_not_supported'])
  }],
  'oidcc-refresh-token': ['a refresh brings new tokens for the same person and client, and is refused to another client', async (t) => {
    const { flow, service, client, other, verify } = await openTested(t)
    const { tokens, claims } = await flow({ scope: 'openid offline_access', prompt: 'consent' })
    const refresh = { grant_type: 'refresh_token', refresh_token: tokens.json.refresh_token }
    t.hasStrict(await tokenCall(service, other, refresh), { status: 400, json: { error: 'invalid_grant' } })
    const second = await tokenCall(service, client, refresh)
    t.equal(second.status, 200, second.text)
    t.not(second.json.access_token, tokens.json.access_token)
    const { iss, sub, aud, auth_time: at } = await verify(second.json.id_token, { nonce: claims.nonce as string | undefined })
    t.strictSame({ iss, sub, aud, at }, { iss: claims.iss, sub: claims.sub, aud: claims.aud, at: claims.auth_time })
  }],
  'oidcc-ensure-request-with-valid-pkce-succeeds': ['S256 succeeds with its verifier, and with no other', async (t) => {
    const { authorize, redeem } = await openTested(t)
    const { verifier, challenge } = pkce()
    for (const [given, status] of [[pkce().verifier, 400], [verifier, 200]] as const) {
      const ending = await authorize({ code_challenge: challenge, code_challenge_method: 'S256' })
      t.equal((await redeem(ending, { code_verifier: given })).status, status)
    }
  }],
})
