/** Routes for a logged-in browser, and for a site that has its token: session, token, log-out, and verification for a proxy's sub-request. */
import cors from '@fastify/cors'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Config } from '../../config.ts'
import { isReturnAllowed } from '../../domain/return-to.ts'
import { siblingOrigins } from '../../domain/site.ts'
import { Problem } from '../../errors.ts'
import type { BrowserSessions } from '../../sessions/browser-sessions.ts'
import type { AccessTokens } from '../access-tokens.ts'
import { hasBearer } from '../credentials.ts'
import { corsOptions } from '../cross-origin.ts'
import { identityHeaders } from '../identity-headers.ts'
import { isOwnPage } from '../same-origin.ts'
import * as schemas from '../schemas.ts'
import type { SessionCookie } from '../session-cookie.ts'
import type { SessionFinder } from '../session-finder.ts'
import { tokenAnswer, userOf } from '../token-answer.ts'
import { sessionView } from '../wire.ts'

export interface SessionRouteDeps {
  readonly sessions: BrowserSessions
  readonly find: SessionFinder
  readonly tokens: AccessTokens
  readonly cookie: SessionCookie
  readonly config: Config
}

export const sessionRoutes = ({ sessions, find, tokens, cookie, config }: SessionRouteDeps): FastifyPluginAsyncTypebox => async (app) => {
  const siblings = siblingOrigins(config)
  if (siblings.length > 0) {
    await app.register(cors, {
      ...corsOptions,
      origin: async (origin?: string) => origin !== undefined && siblings.includes(origin) && origin, // false: no CORS at all
      allowedHeaders: ['authorization', 'content-type'],
      credentials: true,
    })
  }

  const { byCookies, byToken, byTokenOrCookie } = find

  /** A site's backend sends a token and no cookie, as no browser does by itself. With a cookie, the call is judged by the cookie. */
  const isBackend = (request: FastifyRequest): boolean => hasBearer(request) && cookie.count(request) === 0

  const returnOrigins = [config.origin, ...config.ALLOWED_ORIGINS]
  /**
   * For calls that change something by cookie: `Origin` or `Sec-Fetch-Site` has to name our origin, or our site where COOKIE_DOMAIN is set. Browsers send one of
   * them, and scripts can't forge them; a call with neither is refused.
   */
  const onRequest: onRequestHookHandler = (request, _reply, done) => {
    if (!isBackend(request) && !isOwnPage(request, config)) throw new Problem('cross-site')
    done()
  }

  app.get('', {
    schema: { querystring: schemas.SessionQuery, response: { 200: schemas.AskedSessionView, ...schemas.problems } },
  }, async (request, reply) => {
    const { optional, return_to: returnTo } = request.query
    if (returnTo !== undefined && !isReturnAllowed(returnTo, returnOrigins)) throw new Problem('return-to-not-allowed')
    const session = await byTokenOrCookie(request, reply).catch((error: unknown) => {
      if (optional === 'true' && error instanceof Problem && error.code === 'unauthenticated') return null
      throw error
    })
    return { ...(session === null ? { user: null, session: null } : sessionView(session, userOf(session.person))), ...(returnTo !== undefined && { return_to: returnTo }) }
  })

  app.post('/token', {
    onRequest,
    schema: { response: { 200: schemas.Token, ...schemas.problems } },
  }, async (request, reply) => {
    const session = isBackend(request) ? await sessions.renew((await byToken(request)).id) : (await byCookies(request, reply))[0]
    if (session === undefined) throw new Problem('unauthenticated') // only other sites' tokens can be renewed without a cookie
    return tokenAnswer(session, userOf(session.person), session.person, tokens)
  })

  app.delete('', {
    onRequest,
    schema: { response: { 204: schemas.Nothing, ...schemas.problems } },
  }, async (request, reply) => {
    if (isBackend(request)) throw new Problem('unauthenticated') // only the browser logs out
    for (const { sub, id } of await byCookies(request, reply)) await sessions.end(sub, id, 'browser', request.audit)
    cookie.clear(request, reply)
    return await reply.code(204).send()
  })

  app.get('/verify', {
    schema: { response: { 200: schemas.Identity, ...schemas.problems } },
    config: { isFrequent: true },
  }, async (request, reply) => {
    const session = await byTokenOrCookie(request, reply)
    if (session.site !== null) throw new Problem('unauthenticated') // another site's token doesn't open our site
    return await reply.headers(identityHeaders(session.person, config.emailDomain)).send(undefined)
  })
}
