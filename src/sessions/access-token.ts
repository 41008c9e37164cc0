/** Owns what an access token says, and what one must say to be believed. Signing and verifying signatures is the JWT plugin's. */
import { newId, type RandomBytes } from '../domain/ids.ts'
import type { Clock, Session } from '../login/ports.ts'

/** A token lives for so long, or to the end of its session. Seconds. */
export const accessTokenTtlSeconds = 900

/** A clock may have gone back by so much since a token was made; one from further ahead is not ours. Seconds. */
const clockStepSeconds = 60

/** Whom a session's tokens are for: the other site that it was opened for, or ours. */
export const audienceOf = ({ site }: Session, { audience }: TokenIssuer): string => site ?? audience

/** The claims of an access token (RFC 9068 with `sid` and `amr`). Times are seconds since 1970. */
export interface AccessTokenClaims {
  readonly iss: string
  readonly aud: string
  readonly sub: string
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly sid: string
  readonly auth_time: number
  readonly amr: readonly ['wechat']
}

export interface TokenIssuer {
  /** PUBLIC_URL */
  readonly issuer: string
  /** TOKEN_AUDIENCE */
  readonly audience: string
  /** The allowed origins on other sites, each an audience of its own. */
  readonly sites: readonly string[]
}

/** What a token that is believed says: which session, whose, and whom it is for. */
export interface TokenClaim {
  readonly sid: string
  readonly sub: string
  readonly aud: string
}

/** Writes the claims of a fresh token for a session. */
export const claimsFor = (session: Session, issuer: TokenIssuer, clock: Clock, random: RandomBytes): AccessTokenClaims => {
  const iat = Math.floor(clock.now() / 1000)
  return {
    iss: issuer.issuer,
    aud: audienceOf(session, issuer),
    sub: session.sub,
    iat,
    exp: Math.min(iat + accessTokenTtlSeconds, Math.floor(session.expiresAt / 1000)),
    jti: newId(random),
    sid: session.id,
    auth_time: Math.floor(session.createdAt / 1000),
    amr: ['wechat'],
  }
}

/** The session a token speaks of, or undefined where a claim is not what `claimsFor` writes. The signature has been verified. */
export const sessionClaim = (payload: unknown, { issuer, audience, sites }: TokenIssuer, clock: Clock): TokenClaim | undefined => {
  const { iss, aud, sub, sid, iat, exp, jti, auth_time: authTime, amr } = payload as Partial<Record<keyof AccessTokenClaims, unknown>>
  const now = clock.now() / 1000
  if (iss !== issuer || typeof aud !== 'string' || ![audience, ...sites].includes(aud) || typeof sub !== 'string' || typeof sid !== 'string' || typeof jti !== 'string') return undefined
  if (!isTime(iat) || !isTime(exp) || !isTime(authTime) || !Array.isArray(amr) || amr.join() !== 'wechat') return undefined
  if (exp <= now || exp - iat > accessTokenTtlSeconds || iat > now + clockStepSeconds) return undefined
  return { sid, sub, aud }
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value)
