/** The claims of access tokens: how they are made and checked. http/access-tokens.ts signs the tokens and verifies signatures. */
import { newId, type RandomBytes } from '../domain/ids.ts'
import type { Clock, Session } from '../login/ports.ts'

/** How long a token lives, unless its session ends before. */
export const accessTokenTtlSeconds = 900

/** How far in the future `iat` may be: the clock may have been set back since. */
const clockStepSeconds = 60

/** The audience of a session's tokens: the other site that it was opened for, or ours. */
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
  /** Missing where the person is in none. */
  readonly groups?: readonly string[]
}

export interface TokenIssuer {
  /** PUBLIC_URL */
  readonly issuer: string
  /** TOKEN_AUDIENCE */
  readonly audience: string
  /** The allowed origins on other sites, each an audience of its own. */
  readonly sites: readonly string[]
}

/** What is used of an accepted token: its session, the session's person, and its audience. */
export interface VerifiedClaims {
  readonly sid: string
  readonly sub: string
  readonly aud: string
}

/** Makes the claims of a new token for a session. */
export const claimsFor = (session: Session, groups: readonly string[], issuer: TokenIssuer, clock: Clock, random: RandomBytes): AccessTokenClaims => {
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
    ...(groups.length > 0 && { groups }),
  }
}

/** Verifies the claims of a token whose signature is verified already. Undefined where a claim is not as `claimsFor` makes it. */
export const verifyClaims = (payload: unknown, { issuer, audience, sites }: TokenIssuer, clock: Clock): VerifiedClaims | undefined => {
  const { iss, aud, sub, sid, iat, exp, jti, auth_time: authTime, amr } = payload as Partial<Record<keyof AccessTokenClaims, unknown>>
  const now = clock.now() / 1000
  if (iss !== issuer || typeof aud !== 'string' || ![audience, ...sites].includes(aud) || typeof sub !== 'string' || typeof sid !== 'string' || typeof jti !== 'string') return undefined
  if (!isTime(iat) || !isTime(exp) || !isTime(authTime) || !Array.isArray(amr) || amr.join() !== 'wechat') return undefined
  if (exp <= now || exp - iat > accessTokenTtlSeconds || iat > now + clockStepSeconds) return undefined
  return { sid, sub, aud }
}

const isTime = (value: unknown): value is number => Number.isSafeInteger(value)
