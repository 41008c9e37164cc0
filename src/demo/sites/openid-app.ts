/** An app that logs people in by OpenID Connect, with openid-client, and keeps sessions of its own. */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http'
import { LRUCache } from 'lru-cache'
import * as openid from 'openid-client'
import { renderSitePage, sitePageHeaders } from './page.ts'
import { siteLanguageOf, siteLanguages } from './words.ts'

export interface OpenidAppOptions {
  /** The app's own origin. */
  readonly url: string
  /** PUBLIC_URL of the service. */
  readonly serviceUrl: string
  readonly clientId: string
  readonly clientSecret: string
}

interface Pending {
  readonly verifier: string
  readonly state: string
  readonly nonce: string
}

interface Session {
  readonly claims: Readonly<Record<string, unknown>>
  readonly idToken: string
}

interface Reply {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body?: string
}

const maxEntries = 10_000
const shown = ['sub', 'preferred_username', 'name', 'email', 'groups']
// Cookies know no port: they need names that no other website of the demo has.
const loginCookie = 'openid_login'
const sessionCookie = 'openid_session'

const redirect = (location: string, cookies: readonly string[] = []): Reply => ({ status: 303, headers: { location, 'set-cookie': [...cookies], 'cache-control': 'no-store' } })
const cookieOf = (name: string, id: string, seconds: number): string => `${name}=${id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${seconds}`
const idIn = ({ headers: { cookie = '' } }: IncomingMessage, name: string): string => new RegExp(`(?:^|; )${name}=([\\w-]{43})(?:;|$)`).exec(cookie)?.[1] ?? ''
const newId = (): string => randomBytes(32).toString('base64url')

export const createOpenidApp = ({ url, serviceUrl, clientId, clientSecret }: OpenidAppOptions): Server => {
  const pending = new LRUCache<string, Pending>({ max: maxEntries, ttl: 10 * 60_000 })
  const sessions = new LRUCache<string, Session>({ max: maxEntries, ttl: 24 * 60 * 60_000 })
  const callback = `${url}/callback`
  let discovered: Promise<openid.Configuration> | undefined
  /** Plain http is for localhost only. A discovery that failed is tried again. */
  const configuration = (): Promise<openid.Configuration> => {
    discovered ??= openid.discovery(new URL(`${serviceUrl}/oidc`), clientId, clientSecret, undefined, { execute: [openid.allowInsecureRequests] })
      .catch((error: unknown) => {
        discovered = undefined
        throw error
      })
    return discovered
  }

  const page = (request: IncomingMessage, hasFailed = false): Reply => {
    const language = siteLanguageOf(request.headers['accept-language'] ?? '')
    const words = siteLanguages[language]
    const session = sessions.get(idIn(request, sessionCookie))
    const facts = shown.map((name) => [name, [session?.claims[name] ?? []].flat().join(', ')] as const).filter(([, value]) => value !== '')
    const lead = hasFailed ? words.openid.failed : session === undefined ? '' : words.openid.lead
    const action = session === undefined ? { href: '/login', text: words.openid.logIn } : { href: '/logout', text: words.logOut }
    return { status: hasFailed ? 400 : 200, headers: sitePageHeaders, body: renderSitePage({ language, ...words.openid, lead, facts, action, serviceUrl }) }
  }

  const logIn = async (): Promise<Reply> => {
    const login = { verifier: openid.randomPKCECodeVerifier(), state: openid.randomState(), nonce: openid.randomNonce() }
    const id = newId()
    pending.set(id, login)
    const target = openid.buildAuthorizationUrl(await configuration(), {
      redirect_uri: callback,
      scope: 'openid profile email groups',
      code_challenge: await openid.calculatePKCECodeChallenge(login.verifier),
      code_challenge_method: 'S256',
      state: login.state,
      nonce: login.nonce,
    })
    return redirect(target.href, [cookieOf(loginCookie, id, 600)])
  }

  const finish = async (request: IncomingMessage): Promise<Reply> => {
    const id = idIn(request, loginCookie)
    const login = pending.get(id)
    pending.delete(id)
    if (login === undefined) return page(request, true)
    const tokens = await openid.authorizationCodeGrant(await configuration(), new URL(request.url ?? '', url), { pkceCodeVerifier: login.verifier, expectedState: login.state, expectedNonce: login.nonce })
    const session = newId()
    sessions.set(session, { claims: tokens.claims() ?? {}, idToken: tokens.id_token ?? '' })
    return redirect('/', [cookieOf(sessionCookie, session, 24 * 60 * 60), cookieOf(loginCookie, '', 0)])
  }

  const logOut = async (request: IncomingMessage): Promise<Reply> => {
    const id = idIn(request, sessionCookie)
    const session = sessions.get(id)
    sessions.delete(id)
    const target = session === undefined ? '/' : openid.buildEndSessionUrl(await configuration(), { id_token_hint: session.idToken, post_logout_redirect_uri: `${url}/` }).href
    return redirect(target, [cookieOf(sessionCookie, '', 0)])
  }

  const routes: Readonly<Record<string, (request: IncomingMessage) => Promise<Reply>>> = {
    '/': async (request) => page(request),
    '/login': logIn,
    '/callback': finish,
    '/logout': logOut,
  }
  return createServer((request, response) => {
    const route = request.method === 'GET' ? routes[new URL(request.url ?? '', url).pathname] : undefined
    const answer = route?.(request).catch(() => page(request, true)) ?? Promise.resolve({ status: 404, headers: {}, body: '' })
    answer.then(({ status, headers, body }) => { response.writeHead(status, headers).end(body) }, () => { response.destroy() })
  })
}
