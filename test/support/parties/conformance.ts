/** What the modules of the OpenID Foundation's conformance suite do again and again: a request, a login, tokens, their checks. */
import { createHash } from 'node:crypto'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose'
import type { Test } from 'tap'
import type { OidcClient } from '../../../src/oidc/client.ts'
import type { TestPhone } from '../clients.ts'
import { createFakeClock } from '../fake-clock.ts'
import { logIn, phoneOf } from '../login.ts'
import { clientsOf, clientSecret, CookieJar, testClient, tokenCall, visit } from '../oidc.ts'
import { withProviderKeys } from '../provider-keys.ts'
import { openTestService, type Answer, type TestService } from '../test-service.ts'

type Claims = JWTPayload & { readonly sub: string, readonly auth_time?: number }

type Params = Readonly<Record<string, string | undefined>>

/** How an authorization request has ended. */
export interface Ending {
  readonly answer: Answer
  /** Where the browser is: at the client's redirect URI, or on a page of ours. */
  readonly address: URL
  /** Whether the person had to log in. */
  readonly wasAsked: boolean
}

export interface Tested {
  readonly service: TestService
  readonly client: OidcClient
  /** A second client. */
  readonly other: OidcClient
  readonly jar: CookieJar
  readonly phone: TestPhone
  readonly redirectUri: string
  /** Sends an authorization request with the suite's usual parameters, of which `undefined` leaves one out, and logs in where that is asked for. */
  authorize (params?: Params): Promise<Ending>
  /** Redeems the code of an ending. */
  redeem (ending: Ending, params?: Record<string, string>): Promise<Answer>
  /** All of that, and the ID token verified. */
  flow (params?: Params): Promise<{ readonly ending: Ending, readonly tokens: Answer, readonly claims: Claims }>
  verify (idToken: string, options?: { readonly nonce?: string | undefined }): Promise<Claims>
  userinfo (accessToken: string): Promise<Answer>
  discovery (): Promise<any>
}

export const suiteNonce = 'nonce-of-the-suite'
export const suiteState = 'state-of-the-suite'

/** Opens a service whose client is like the suite's. `startedAgoMs`: how far its clock is behind, so that a login can have been some time ago. */
export const openTested = async (t: Test, more: Partial<OidcClient> = {}, { startedAgoMs = 0 } = {}): Promise<Tested> => {
  const client = testClient({ redirectUris: ['https://app.example.com/callback'], ...more })
  const other = testClient({ clientId: 'other', redirectUris: ['https://other.example.com/callback'] })
  const service = await openTestService(t, { clients: clientsOf(client, other), clock: createFakeClock(Date.now() - startedAgoMs), keys: withProviderKeys() })
  const jar = new CookieJar()
  const phone = await phoneOf(service)
  const redirectUri = client.redirectUris[0] ?? ''
  const issuer = `${service.config.PUBLIC_URL}/oidc`

  const authorize: Tested['authorize'] = async (params = {}) => {
    const usual: Params = { client_id: client.clientId, response_type: 'code', redirect_uri: redirectUri, scope: 'openid', state: suiteState, nonce: suiteNonce, ...params }
    const query = new URLSearchParams(Object.entries(usual).filter((pair): pair is [string, string] => pair[1] !== undefined))
    const start = await visit(service, jar, `/oidc/auth?${query.toString()}`)
    const address = new URL(start.address, service.config.PUBLIC_URL)
    return address.pathname === '/login' ? await afterLogin(address) : { answer: start, address, wasAsked: false }
  }

  const afterLogin = async (login: URL): Promise<Ending> => {
    const returnTo = login.searchParams.get('return_to') ?? ''
    const { cookie } = await logIn(service, { phone, body: { return_to: returnTo } })
    jar.set(...cookie.split('=') as [string, string]) // a cookie has both
    const end = await visit(service, jar, returnTo)
    return { answer: end, address: new URL(end.address, service.config.PUBLIC_URL), wasAsked: true }
  }

  const redeem: Tested['redeem'] = ({ address }, params = {}) =>
    tokenCall(service, client, { grant_type: 'authorization_code', code: address.searchParams.get('code') ?? '', redirect_uri: redirectUri, ...params })

  const verify: Tested['verify'] = async (idToken, { nonce } = {}) => {
    const { json: jwks } = await service.call({ path: '/oidc/jwks' })
    const { payload, protectedHeader } = await jwtVerify(idToken, createLocalJWKSet(jwks as JSONWebKeySet), { issuer, audience: client.clientId, algorithms: ['RS256'], requiredClaims: ['sub', 'iat', 'exp'] })
    t.type(protectedHeader.kid, 'string')
    t.equal(payload.nonce, nonce)
    return { sub: '', ...payload }
  }

  return {
    service,
    client,
    other,
    jar,
    phone,
    redirectUri,
    authorize,
    redeem,
    verify,
    flow: async (params = {}) => {
      const ending = await authorize(params)
      const { searchParams } = ending.address
      t.equal(searchParams.get('error'), null, ending.address.href)
      t.strictSame([`${ending.address.origin}${ending.address.pathname}`, searchParams.get('state'), searchParams.get('iss')], [redirectUri, suiteState, issuer])
      const tokens = await redeem(ending)
      t.equal(tokens.status, 200, tokens.text)
      t.equal(tokens.headers['cache-control'], 'no-store')
      t.hasStrict(tokens.json, { token_type: 'Bearer' })
      const claims = await verify(tokens.json.id_token, { nonce: 'nonce' in params ? params.nonce : suiteNonce })
      if (claims.at_hash !== undefined) t.equal(claims.at_hash, createHash('sha256').update(tokens.json.access_token).digest().subarray(0, 16).toString('base64url'))
      return { ending, tokens, claims }
    },
    userinfo: (accessToken) => service.call({ path: '/oidc/userinfo', headers: { authorization: `Bearer ${accessToken}` } }),
    discovery: async () => (await service.call({ path: '/oidc/.well-known/openid-configuration' })).json,
  }
}

/** A module of the suite: what happens in it, and the check. */
export type Module = readonly [what: string, check: (t: Test) => Promise<unknown>]

/** Runs each module as a test under its id. */
export const runModules = async (t: Test, modules: Readonly<Record<string, Module>>): Promise<void> => {
  for (const [id, [what, check]] of Object.entries(modules)) await t.test(`${id}: ${what}`, { timeout: 60_000 }, async (t) => { await check(t) })
}

export { clientSecret }
