/** A service with clients of OpenID Connect, and a browser that follows redirects through `app.inject()`. */
import { createHash, randomBytes } from 'node:crypto'
import type { OidcClient } from '../../src/oidc/client.ts'
import type { FollowedClients } from '../../src/oidc/clients-file.ts'
import type { Answer, TestService } from './test-service.ts'

export const clientSecret = 'a-secret-of-the-tests-that-nobody-would-guess'

/** A client that everybody may log in to. */
export const testClient = (more: Partial<OidcClient> = {}): OidcClient => ({
  clientId: 'app',
  app: 'generic',
  name: 'The app',
  url: 'https://app.example.com',
  origin: 'https://app.example.com',
  loginUrl: 'https://app.example.com/login',
  isPublic: false,
  secretHashes: [createHash('sha256').update(clientSecret).digest('hex')],
  redirectUris: ['https://app.example.com/callback?method=login'],
  postLogoutRedirectUris: ['https://app.example.com/bye'],
  backchannelLogoutUri: null,
  idTokenAlg: 'RS256',
  allow: 'everybody',
  isPkceRequired: false,
  emailVerified: null,
  claims: {},
  mayReadWechatIds: false,
  mayUseDeviceFlow: true,
  loginSeconds: null,
  ...more,
})

/** Clients as a followed file has them; `set` replaces them. */
export const clientsOf = (...first: readonly OidcClient[]): FollowedClients & { set (...clients: readonly OidcClient[]): void } => {
  let clients = first
  return {
    list: () => clients,
    find: (id) => clients.find(({ clientId }) => clientId === id),
    onChange: () => () => {},
    stop: () => {},
    set: (...others) => { clients = others },
  }
}

/** A browser's cookies, by name and path. */
export class CookieJar {
  readonly #cookies = new Map<string, { readonly name: string, readonly value: string, readonly path: string }>()

  take ({ headers }: Answer): void {
    for (const line of [headers['set-cookie'] ?? []].flat().map(String)) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? '/'
      const isGone = value === '' || attributes.some((one) => /^max-age=0$/i.test(one))
      if (isGone) this.#cookies.delete(`${name} ${path}`)
      else this.#cookies.set(`${name} ${path}`, { name, value, path })
    }
  }

  set (name: string, value: string): void {
    this.#cookies.set(`${name} /`, { name, value, path: '/' })
  }

  clear (): void {
    this.#cookies.clear()
  }

  headerFor (path: string): string {
    return [...this.#cookies.values()].filter((cookie) => path === cookie.path || path.startsWith(cookie.path.replace(/\/?$/, '/'))).map(({ name, value }) => `${name}=${value}`).join('; ')
  }
}

/** A service in this process, or one that is called at its address. */
export type VisitedService = Pick<TestService, 'call'> & { readonly config: Pick<TestService['config'], 'PUBLIC_URL'> }

/** Follows redirects within the service; resolves with the answer that leaves it or redirects nowhere, and its address. */
export const visit = async (service: VisitedService, jar: CookieJar, address: string): Promise<Answer & { readonly address: string }> => {
  const { origin } = new URL(service.config.PUBLIC_URL)
  for (let next = address, steps = 0; ; steps++) {
    if (steps > 10) throw new Error(`too many redirects, at last to ${next}`)
    const { pathname, search } = new URL(next, origin)
    const answer = await service.call({ path: pathname + search, headers: { accept: 'text/html', cookie: jar.headerFor(pathname) } })
    jar.take(answer)
    const location = answer.headers['location']
    if (typeof location !== 'string') return { ...answer, address: next }
    next = new URL(location, new URL(next, origin)).href
    if (!next.startsWith(`${origin}/`) || /\/login\?/.test(next)) return { ...answer, address: next }
  }
}

export const authorizationPath = (client: OidcClient, more: Record<string, string> = {}): string => `/oidc/auth?${new URLSearchParams({
  client_id: client.clientId,
  response_type: 'code',
  redirect_uri: client.redirectUris[0] ?? '',
  scope: 'openid profile email groups',
  state: 'the-state',
  ...more,
}).toString()}`

/** Redeems a code, or anything else at the token endpoint. */
export const tokenCall = (service: Pick<TestService, 'call'>, client: OidcClient, body: Record<string, string>, secret = clientSecret): Promise<Answer> => service.call({
  method: 'POST',
  path: '/oidc/token',
  headers: { 'content-type': 'application/x-www-form-urlencoded', authorization: `Basic ${Buffer.from(`${client.clientId}:${secret}`).toString('base64')}` },
  body: new URLSearchParams(body).toString(),
})

export const redeem = (service: Pick<TestService, 'call'>, client: OidcClient, address: string, more: Record<string, string> = {}): Promise<Answer> => tokenCall(service, client, {
  grant_type: 'authorization_code',
  code: new URL(address).searchParams.get('code') ?? '',
  redirect_uri: client.redirectUris[0] ?? '',
  ...more,
})

/** A PKCE pair. */
export const pkce = (): { readonly verifier: string, readonly challenge: string } => {
  const verifier = randomBytes(32).toString('base64url')
  return { verifier, challenge: createHash('sha256').update(verifier).digest('base64url') }
}

export const claimsIn = (token: string): any => JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
