/** Access tokens: ES256 by @fastify/jwt and the fast-jwt that it is made of, with the checks that these leave to their caller. */
import jwt from '@fastify/jwt'
import { createSigner } from 'fast-jwt'
import type { FastifyInstance } from 'fastify'
import type { RandomBytes } from '../domain/ids.ts'
import type { Clock, Session } from '../login/ports.ts'
import { audienceOf, claimsFor, verifyClaims, type AccessTokenClaims, type TokenIssuer, type VerifiedClaims } from '../sessions/access-token.ts'
import { acceptedKeys, signingKeyAt, type Keys, type SigningKey } from '../sessions/key-set.ts'

const tokenType = 'at+jwt'
/** Exactly these: a token that brings a key or the address of one (`jwk`, `jku`, `x5c`) is refused. */
const headerNames = 'alg,kid,typ'

export interface AccessTokens {
  /** Signs a fresh token for a session, with the groups of its person. `expiresIn` is in seconds. */
  issue (session: Session, groups: readonly string[]): { token: string, expiresIn: number }
  /** The claim of a valid token of ours, for any audience; undefined for anything else. */
  verify (token: string): VerifiedClaims | undefined
  /** The audience of a session's tokens. */
  audienceOf (session: Session): string
}

/** Registers @fastify/jwt on the root of the app. `keys.signing` is read for each token. */
export const createAccessTokens = async (app: FastifyInstance, keys: Keys, issuer: TokenIssuer, clock: Clock, random: RandomBytes): Promise<AccessTokens> => {
  const [{ privatePem, publicPem }] = keys.signing
  await app.register(jwt, {
    secret: { private: privatePem, public: publicPem }, // required here; each call names its own key, as keys change while the service runs
    sign: { algorithm: 'ES256' },
    verify: { algorithms: ['ES256'], allowedIss: issuer.issuer, allowedAud: [issuer.audience, ...issuer.sites] },
    decode: { complete: true },
  })

  /** Made once for each key, as reading a key from PEM takes longer than signing with it, and @fastify/jwt reads a key of the call's own each time. */
  const signers = new WeakMap<SigningKey, (claims: AccessTokenClaims) => string>()
  const signerOf = (key: SigningKey): ((claims: AccessTokenClaims) => string) => {
    const signer = signers.get(key) ?? createSigner({ key: key.privatePem, kid: key.kid, algorithm: 'ES256', header: { typ: tokenType, alg: 'ES256' } })
    signers.set(key, signer)
    return signer
  }

  const issue = (session: Session, groups: readonly string[]): { token: string, expiresIn: number } => {
    const claims = claimsFor(session, groups, issuer, clock, random)
    return { token: signerOf(signingKeyAt(keys.signing, clock.now()))(claims), expiresIn: claims.exp - claims.iat }
  }

  const verify = (token: string): VerifiedClaims | undefined => {
    try {
      const { header } = app.jwt.decode(token) as { header: { kid?: unknown, typ?: unknown } } // complete: true
      const now = clock.now()
      const key = acceptedKeys(keys.signing, now).find(({ kid }) => kid === header.kid)
      if (key === undefined || header.typ !== tokenType || Object.keys(header).sort().join() !== headerNames) return undefined
      return verifyClaims(app.jwt.verify(token, { key: key.publicPem, clockTimestamp: now }), issuer, clock)
    } catch {
      return undefined // the library throws for many kinds of bad token; a client gets one answer
    }
  }

  return { issue, verify, audienceOf: (session) => audienceOf(session, issuer) }
}
