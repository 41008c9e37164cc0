/** The plans "RP-Initiated OP" and "Back-Channel OP" of the OpenID Foundation's conformance suite, module by module. */
import { createServer } from 'node:http'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import t, { type Test } from 'tap'
import { listen } from '../support/listen.ts'
import { openTested, runModules, type Tested } from '../support/parties/conformance.ts'
import { visit } from '../support/oidc.ts'
import type { Answer } from '../support/test-service.ts'
import { waitUntil } from '../support/waiting.ts'

const bye = 'https://app.example.com/bye'

type Params = Readonly<Record<string, string>>

/** Sends the browser to the end of its session; confirms where a page asks. Resolves with where it is then. */
const logOut = async ({ service, jar }: Tested, params: Params): Promise<Answer & { readonly address: string }> => {
  const asked = await visit(service, jar, `/oidc/session/end?${new URLSearchParams(params).toString()}`)
  const [, xsrf] = /name="xsrf" value="([^"]+)"/.exec(asked.text) ?? []
  if (xsrf === undefined) return asked
  const path = '/oidc/session/end/confirm'
  const confirmed = await service.call({
    method: 'POST',
    path,
    headers: { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://login.example.com', 'sec-fetch-site': 'same-origin', cookie: jar.headerFor(path) },
    body: `xsrf=${xsrf}&logout=yes`,
  })
  jar.take(confirmed)
  const location = String(confirmed.headers['location'])
  return location.startsWith('https://login.example.com/') ? await visit(service, jar, location) : { ...confirmed, address: location }
}

const isLoggedOut = async ({ authorize }: Tested): Promise<boolean> => (await authorize({ prompt: 'none' })).address.searchParams.get('error') === 'login_required'

/** A page of ours, and not the site. */
const assertPage = (t: Test, { headers, address }: Awaited<ReturnType<typeof logOut>>): void => {
  t.equal(new URL(address, 'https://login.example.com').origin, 'https://login.example.com')
  t.match(headers['content-type'], /^text\/html/)
}

/** A token of this login's header and payload, changed. */
const changed = (token: string, header: object, signature: string): string => [JSON.stringify(header), undefined, undefined].map((text, index) => index === 2 ? signature : text === undefined ? token.split('.')[index] : Buffer.from(text).toString('base64url')).join('.')

const refusedWith = (what: string, params: (idToken: string) => Params): readonly [string, (t: Test) => Promise<void>] => [`an error is shown, nobody is redirected, and the session stays, when ${what}`, async (t) => {
  const tested = await openTested(t)
  const { tokens } = await tested.flow()
  const answer = await logOut(tested, params(tokens.json.id_token))
  assertPage(t, answer)
  t.equal(answer.status, 400)
  t.equal(await isLoggedOut(tested), false)
}]

const confirmedWith = (what: string, params: (idToken: string) => Params): readonly [string, (t: Test) => Promise<void>] => [`a page asks, and then says that the person is logged out, when ${what}`, async (t) => {
  const tested = await openTested(t)
  const { tokens } = await tested.flow()
  const answer = await logOut(tested, params(tokens.json.id_token))
  assertPage(t, answer)
  t.equal(answer.status, 200)
  t.equal(await isLoggedOut(tested), true)
}]

/** A site that records the logout tokens that it gets. */
const openReceiver = async (t: Test) => {
  const bodies: { readonly type: string | undefined, readonly token: string }[] = []
  const origin = await listen(t, createServer((request, response) => {
    let text = ''
    request.setEncoding('utf8').on('data', (part: string) => { text += part }).once('end', () => {
      bodies.push({ type: request.headers['content-type'], token: new URLSearchParams(text).get('logout_token') ?? '' })
      response.writeHead(200, { 'cache-control': 'no-store' }).end()
    })
  }))
  return { bodies, uri: `${origin}/backchannel` }
}

await runModules(t, {
  'oidcc-rp-initiated-logout-discovery-endpoint-verification': ['discovery has the endpoint, on https', async (t) => {
    const { discovery } = await openTested(t)
    t.equal((await discovery()).end_session_endpoint, 'https://login.example.com/oidc/session/end')
  }],
  'oidcc-rp-initiated-logout': ['the person is logged out, and back at the site with its state', async (t) => {
    const tested = await openTested(t)
    const { tokens } = await tested.flow()
    t.equal((await logOut(tested, { id_token_hint: tokens.json.id_token, post_logout_redirect_uri: bye, state: 'after' })).address, `${bye}?state=after`)
    t.ok(await isLoggedOut(tested))
  }],
  'oidcc-rp-initiated-logout-no-state': ['the person is logged out, and back at the site without a state, when it gave none', async (t) => {
    const tested = await openTested(t)
    const { tokens } = await tested.flow()
    t.equal((await logOut(tested, { id_token_hint: tokens.json.id_token, post_logout_redirect_uri: bye })).address, bye)
    t.ok(await isLoggedOut(tested))
  }],
  'oidcc-rp-initiated-logout-bad-post-logout-redirect-uri': refusedWith('the address is none of the client\'s', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: 'https://evil.example/bye', state: 'after' })),
  'oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri': refusedWith('the address has a query that the client\'s lacks', (hint) => ({ id_token_hint: hint, post_logout_redirect_uri: `${bye}?foo=bar`, state: 'after' })),
  'oidcc-rp-initiated-logout-modified-id-token-hint': refusedWith('the ID token has lost its signature', (hint) => ({ id_token_hint: changed(hint, { alg: 'none' }, ''), post_logout_redirect_uri: bye, state: 'after' })),
  'oidcc-rp-initiated-logout-bad-id-token-hint': refusedWith('the ID token is signed by somebody else', (hint) => ({ id_token_hint: changed(hint, { alg: 'RS256', kid: 'rsa' }, Buffer.alloc(256, 7).toString('base64url')), post_logout_redirect_uri: bye, state: 'after' })),
  'oidcc-rp-initiated-logout-no-id-token-hint': confirmedWith('there is an address, but no ID token', () => ({ post_logout_redirect_uri: bye, state: 'after' })),
  'oidcc-rp-initiated-logout-no-params': confirmedWith('there are no parameters', () => ({})),
  'oidcc-rp-initiated-logout-no-post-logout-redirect-uri': confirmedWith('there is no address', (hint) => ({ id_token_hint: hint, state: 'after' })),
  'oidcc-rp-initiated-logout-only-state': confirmedWith('there is a state alone', () => ({ state: 'after' })),
  'oidcc-backchannel-logout-discovery-endpoint-verification': ['discovery says that logout tokens are sent, with the session\'s id', async (t) => {
    const { discovery } = await openTested(t)
    t.hasStrict(await discovery(), { backchannel_logout_supported: true, backchannel_logout_session_supported: true })
  }],
  'oidcc-backchannel-rp-initiated-logout': ['the site gets a logout token for the session of its ID token when the person logs out', async (t) => {
    const { bodies, uri } = await openReceiver(t)
    const tested = await openTested(t, { backchannelLogoutUri: uri })
    const { tokens, claims } = await tested.flow()
    t.type(claims.sid, 'string')
    await logOut(tested, { id_token_hint: tokens.json.id_token, post_logout_redirect_uri: bye, state: 'after' })
    await waitUntil(() => {
      tested.service.clock.advance(1000) // deliveries wait by the service's clock
      return bodies.length > 0
    })
    const { json: jwks } = await tested.service.call({ path: '/oidc/jwks' })
    const { payload, protectedHeader } = await jwtVerify(bodies[0]?.token ?? '', createLocalJWKSet(jwks as JSONWebKeySet), { issuer: 'https://login.example.com/oidc', audience: 'app', typ: 'logout+jwt', requiredClaims: ['iat', 'exp', 'jti'] })
    t.equal(protectedHeader.alg, 'RS256')
    t.equal(bodies[0]?.type, 'application/x-www-form-urlencoded')
    const { events, nonce, sub, sid } = payload
    t.strictSame({ events, nonce, sub, sid }, { events: { 'http://schemas.openid.net/event/backchannel-logout': {} }, nonce: undefined, sub: claims.sub, sid: claims.sid })
    t.ok(await isLoggedOut(tested))
  }],
})
