/** Owns access tokens on the wire: signed and verified by @fastify/jwt as ES256, with what it leaves open checked here. */
import jwt from '@fastify/jwt'
import type { FastifyInstance } from 'fastify'
import type { RandomBytes } from '../domain/ids.ts'
import type { Clock, Session } from '../login/ports.ts'
import { claimsFor, sessionClaim, type TokenIssuer } from '../sessions/access-token.ts'
import type { Keys } from '../sessions/key-file.ts'

const tokenType = 'at+jwt'

export interface AccessTokens {
  /** Signs a fresh token. `expiresIn` is in seconds. */
  issue (session: Session): { token: string, expiresIn: number }
  /** The session and person that a token of ours names while it is good; undefined for whatever else. */
  verify (token: string): { sid: string, sub: string } | undefined
}

/** Sets the tokens up on the root of the app. */
export const createAccessTokens = async (app: FastifyInstance, keys: Keys, issuer: TokenIssuer, clock: Clock, random: RandomBytes): Promise<AccessTokens> => {
  const [current] = keys.signing
  await app.register(jwt, {
    secret: { private: current.privatePem, public: current.publicPem },
    sign: { algorithm: 'ES256', kid: current.kid, header: { typ: tokenType, alg: 'ES256' } },
    verify: { algorithms: ['ES256'], allowedIss: issuer.issuer, allowedAud: issuer.audience },
    decode: { complete: true },
  })

  const issue = (session: Session): { token: string, expiresIn: number } => {
    const claims = claimsFor(session, issuer, clock, random)
    return { token: app.jwt.sign(claims), expiresIn: claims.exp - claims.iat }
  }

  const verify = (token: string): { sid: string, sub: string } | undefined => {
    try {
      const { header } = app.jwt.decode(token) as { header: { kid?: unknown, typ?: unknown } } // complete: true
      const key = keys.signing.find(({ kid }) => kid === header.kid)
      if (key === undefined || header.typ !== tokenType) return undefined
      return sessionClaim(app.jwt.verify(token, { key: key.publicPem, clockTimestamp: clock.now() }), issuer, clock)
    } catch {
      return undefined // the library tells many kinds of bad token; a client is told one
    }
  }

  return { issue, verify }
}
