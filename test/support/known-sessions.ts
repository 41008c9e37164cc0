/** Sessions that sites know, on a service in this process, and a receiver of their logouts. */
import type { Test } from 'tap'
import { createPeople } from '../../src/people/people.ts'
import type { OidcClient } from '../../src/oidc/client.ts'
import { createFakeClock } from './fake-clock.ts'
import type { Login } from './login.ts'
import { startLogoutReceiver, type Logout, type LogoutReceiver } from './logout-receiver.ts'
import { authorizationPath, claimsIn, clientsOf, CookieJar, redeem, testClient, visit } from './oidc.ts'
import { withProviderKeys } from './provider-keys.ts'
import { openTestService, type TestService, type TestServiceOptions } from './test-service.ts'

const issuer = 'https://login.example.com/oidc'

/** Three sites: two with an address for logouts, one of which has ES256, and one without. `given` is a receiver of another instance's. */
export const openSites = async (t: Test, options: TestServiceOptions = {}, given?: LogoutReceiver) => {
  const receiver = given ?? await startLogoutReceiver(t, { issuer, keys: async () => (await service.call({ path: '/oidc/jwks' })).json })
  const siteOf = (clientId: string, more: Partial<OidcClient> = {}): OidcClient => testClient({
    clientId,
    redirectUris: [`https://${clientId}.example.com/callback`],
    backchannelLogoutUri: receiver.uriOf(clientId),
    ...more,
  })
  const sites = { git: siteOf('git'), wiki: siteOf('wiki', { idTokenAlg: 'ES256' }), mute: siteOf('mute', { backchannelLogoutUri: null }) }
  const clients = clientsOf(...Object.values(sites))
  const service = await openTestService(t, { clients, clock: createFakeClock(Date.now()), keys: withProviderKeys(), ...options, env: { LIMIT_CREATE: '1000', LIMIT_PHONE: '1000', ...options.env } })
  return { receiver, sites, clients, service, clock: service.clock, people: createPeople(service.store, service.clock) }
}

/** What a site has of a session. */
export interface Held {
  readonly client: OidcClient
  readonly sid: string
  readonly tokens: { readonly access_token: string, readonly refresh_token: string, readonly id_token: string }
  /** The address with a code that isn't redeemed. */
  readonly code: string
}

export const jarOf = ({ cookie }: Pick<Login, 'cookie'>): CookieJar => {
  const jar = new CookieJar()
  jar.set(...cookie.split('=') as [string, string])
  return jar
}

/** Logs a browser in to sites. */
export const enter = async (service: TestService, jar: CookieJar, clients: readonly OidcClient[]): Promise<Held[]> => {
  const held: Held[] = []
  for (const client of clients) {
    const at = () => visit(service, jar, authorizationPath(client, { prompt: 'consent', scope: 'openid offline_access' }))
    const { json: tokens, status, text } = await redeem(service, client, (await at()).address)
    if (status !== 200) throw new Error(text)
    held.push({ client, sid: claimsIn(tokens.id_token).sid, tokens, code: (await at()).address })
  }
  return held
}

export const sessionIdOf = ({ token }: Pick<Login, 'token'>): string => claimsIn(token).sid

/** Logs the browser out by its own call. */
export const logOut = (service: TestService, { cookie }: Pick<Login, 'cookie'>) => service.call({ method: 'DELETE', path: '/api/session', headers: { cookie, 'sec-fetch-site': 'same-origin' } })

export const namesOf = (logouts: readonly Logout[]): string[] => logouts.map(({ clientId, sid }) => `${clientId} ${sid}`).sort()
