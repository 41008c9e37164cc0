/** Finds the sessions that a call shows, by cookie or access token. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import { Problem } from '../errors.ts'
import type { PersonalSession } from '../login/ports.ts'
import type { BrowserSessions } from '../sessions/browser-sessions.ts'
import type { AccessTokens } from './access-tokens.ts'
import { bearerToken, hasBearer } from './credentials.ts'
import type { SessionCookie } from './session-cookie.ts'

/** Each rejects with `unauthenticated`. */
export interface SessionFinder {
  /**
   * The live sessions of the browser's cookies, all of one person, the latest first. With cookies of different people somebody else has set one of them, and it
   * can't be known which: all are refused and cleared, for `visited` where the browser asked for that address.
   */
  byCookies (request: FastifyRequest, reply: FastifyReply, visited?: URL): Promise<readonly [PersonalSession, ...PersonalSession[]]>
  /** The live session of a token that was issued for its site. */
  byToken (request: FastifyRequest): Promise<PersonalSession>
  /** With a bearer token the cookie is ignored. Other schemes of `Authorization` are the site's own. */
  byTokenOrCookie (request: FastifyRequest, reply: FastifyReply, visited?: URL): Promise<PersonalSession>
}

export const createSessionFinder = (sessions: BrowserSessions, tokens: AccessTokens, cookie: SessionCookie): SessionFinder => {
  const byCookies: SessionFinder['byCookies'] = async (request, reply, visited) => {
    const { secrets, tooMany } = cookie.read(request)
    const found = await sessions.findBySecrets(secrets)
    const [first, ...others] = found
    if (tooMany || others.some(({ sub }) => sub !== first?.sub)) {
      request.audit.record({ event: 'cookies.refused', cookies: cookie.count(request), sids: found.map(({ id }) => id) })
      cookie.clear(request, reply, visited)
      throw new Problem('unauthenticated')
    }
    if (first === undefined) throw new Problem('unauthenticated')
    return [first, ...others]
  }

  const byToken: SessionFinder['byToken'] = async (request) => {
    const claim = tokens.verify(bearerToken(request) ?? '')
    const session = claim && await sessions.findById(claim.sid)
    if (session === undefined || session.sub !== claim?.sub || tokens.audienceOf(session) !== claim.aud) throw new Problem('unauthenticated')
    return session
  }

  return {
    byCookies,
    byToken,
    byTokenOrCookie: async (request, reply, visited) => hasBearer(request) ? await byToken(request) : (await byCookies(request, reply, visited))[0],
  }
}
