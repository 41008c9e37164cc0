/** The part of a small website that has nothing to do with OpenID Connect: sessions in memory, found by a cookie. */
import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { createRemoteJWKSet, jwtVerify } from 'jose'
import type { TeardownScope } from '../teardown-scope.ts'

export interface SiteSession {
  claims?: Readonly<Record<string, unknown>> | undefined
  userinfo?: unknown
  idToken?: string | undefined
  /** Of a login that has begun. */
  pending?: { readonly state: string, readonly nonce: string, readonly verifier: string } | undefined
}

export interface SiteCall {
  readonly url: URL
  readonly request: IncomingMessage
  readonly form: URLSearchParams
  readonly session: SiteSession
}

export type SiteAnswer = { readonly redirect: string } | { readonly json: unknown, readonly status?: number }

export interface Site {
  /** Ends the sessions whose claims fit. */
  endSessions (fits: (claims: Readonly<Record<string, unknown>>) => boolean): void
}

/** Serves a website on its port until the test ends. `routes` is by path; what a route throws is shown with status 500. */
export const openSite = async (scope: TeardownScope, url: string, routes: Readonly<Record<string, (call: SiteCall, site: Site) => SiteAnswer | Promise<SiteAnswer>>>): Promise<void> => {
  const sessions = new Map<string, SiteSession>()
  const site: Site = {
    endSessions: (fits) => { for (const [id, { claims }] of sessions) if (claims !== undefined && fits(claims)) sessions.delete(id) },
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const address = new URL(request.url ?? '/', url)
    const [, known = ''] = /(?:^|; )site=([\w-]+)/.exec(request.headers.cookie ?? '') ?? []
    const id = sessions.has(known) ? known : randomUUID()
    const session = sessions.get(id) ?? {}
    sessions.set(id, session)
    const form = new URLSearchParams(Buffer.concat(await request.toArray() as Buffer[]).toString())
    const route = routes[address.pathname]
    const found = route === undefined ? { json: 'not found', status: 404 } : await Promise.resolve().then(() => route({ url: address, request, form, session }, site)).catch(describe)
    response.setHeader('set-cookie', `site=${id}; Path=/; HttpOnly; SameSite=Lax`)
    if ('redirect' in found) response.writeHead(302, { location: found.redirect }).end()
    else response.writeHead(found.status ?? 200, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(found.json))
  }
  const server = createServer((request, response) => { answer(request, response).catch((error: Error) => { response.destroy(error) }) }).listen(Number(new URL(url).port), '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
}

/** What a person or an owner learns of an error from the library. */
const describe = (error: Error & { error?: string, error_description?: string, code?: string }): SiteAnswer => ({
  status: 500,
  json: { failed: true, error: error.error ?? null, description: error.error_description ?? null, code: error.code ?? null, message: error.message },
})

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** Returns the claims of a logout token after the checks that Back-Channel Logout 1.0 §2.6 demands. */
export const readLogoutToken = async (token: string, { issuer, clientId, jwksUri }: { issuer: string, clientId: string, jwksUri: string }): Promise<{ sub?: string | undefined, sid?: unknown }> => {
  const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(jwksUri)), { issuer, audience: clientId, typ: 'logout+jwt', requiredClaims: ['iat', 'jti', 'exp'], algorithms: ['RS256'] })
  const { events, nonce, sub, sid } = payload as { events?: Record<string, unknown>, nonce?: unknown, sub?: string, sid?: unknown }
  if (events?.[logoutEvent] === undefined || nonce !== undefined || (sub === undefined && sid === undefined)) throw new Error('no logout token')
  return { sub, sid }
}
