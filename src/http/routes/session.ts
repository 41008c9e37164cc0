/** Owns the calls of a browser that is logged in: who am I, a fresh token, log out, and the answer for a proxy's sub-request. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { Problem } from '../../errors.ts'
import type { Names, Session } from '../../login/ports.ts'
import type { BrowserSessions } from '../../sessions/browser-sessions.ts'
import type { AccessTokens } from '../access-tokens.ts'
import { refuseCrossSite } from '../same-origin.ts'
import * as schemas from '../schemas.ts'
import { authorization, type SessionCookie } from '../session-cookie.ts'
import { tokenAnswer, userOf } from '../token-answer.ts'
import { sessionView } from '../wire.ts'

export interface SessionRouteDeps {
  readonly sessions: BrowserSessions
  readonly names: Names
  readonly tokens: AccessTokens
  readonly cookie: SessionCookie
  readonly config: Config
}

export const sessionRoutes = ({ sessions, names, tokens, cookie, config }: SessionRouteDeps): FastifyPluginAsyncTypebox => async (app) => {
  const byCookie = async (request: FastifyRequest): Promise<Session> => {
    const found = await sessions.findBySecret(cookie.read(request) ?? '')
    if (found === undefined) throw new Problem('unauthenticated')
    return found.session
  }

  /** A bearer token speaks for its session while that lives; where one is shown, the cookie isn't looked at. Other schemes are a site's own matter. */
  const byTokenOrCookie = async (request: FastifyRequest): Promise<Session> => {
    if (!/^bearer\b/i.test(request.headers.authorization ?? '')) return await byCookie(request)
    const claim = tokens.verify(authorization(request, 'Bearer') ?? '')
    const session = claim && await sessions.findById(claim.sid)
    if (session === undefined || session.sub !== claim?.sub) throw new Problem('unauthenticated')
    return session
  }

  const onRequest = refuseCrossSite(config)

  app.get('', {
    schema: { response: { 200: schemas.SessionView, ...schemas.problems } },
  }, async (request) => {
    const session = await byTokenOrCookie(request)
    return sessionView(session, await userOf(session, names))
  })

  app.post('/token', {
    onRequest,
    schema: { response: { 200: schemas.Token, ...schemas.problems } },
  }, async (request) => await tokenAnswer(await byCookie(request), tokens, names))

  app.delete('', {
    onRequest,
    schema: { response: { 204: schemas.Nothing, ...schemas.problems } },
  }, async (request, reply) => {
    const { sub, id } = await byCookie(request)
    await sessions.end(sub, id, 'browser', request.audit)
    cookie.clear(reply)
    return await reply.code(204).send()
  })

  app.get('/verify', {
    schema: { response: { 200: schemas.Nothing, ...schemas.problems } },
    config: { isFrequent: true },
  }, async (request, reply) => {
    const { sub, name } = await userOf(await byTokenOrCookie(request), names)
    return await reply.header('remote-user', sub).header('remote-name', encodeURIComponent(name ?? '')).send(undefined)
  })
}
