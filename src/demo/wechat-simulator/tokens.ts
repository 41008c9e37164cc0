/** WeChat's tokens: their lifetime, their overlap, and forced refreshes. Times and limits are WeChat's. */
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../login/ports.ts'
import { ErrcodeError } from './errors.ts'

export interface TokenAnswer {
  readonly access_token: string
  readonly expires_in: number
}

export interface Tokens {
  /** GET /cgi-bin/token: always a new token; the previous one works for five more minutes. */
  legacy (): TokenAnswer
  /** POST /cgi-bin/stable_token: the current token with its remaining lifetime; a new one in its last five minutes. */
  stable (force: boolean): TokenAnswer
  /** Throws 41001, 40014, 40001 or 42001 if a token is not valid. */
  check (token: string | undefined): void
  /** Revokes the current stable token at once, as another client's forced refresh does. */
  revoke (how: 'replaced' | 'still-returned'): void
}

interface Token {
  readonly value: string
  expiresAt: number
  revoked: boolean
}

const ttlMs = 7_200_000
const overlapMs = 300_000
const minForceIntervalMs = 30_000
const maxForcesPerDay = 20
const dayMs = 86_400_000

export const createTokens = (clock: Pick<Clock, 'now'>): Tokens => {
  const minted = new Map<string, Token>()
  let legacy: Token | undefined
  let stable: Token | undefined
  let forcedAt: number[] = []

  const mint = (): Token => {
    for (const { value, expiresAt } of minted.values()) {
      if (expiresAt + dayMs < clock.now()) minted.delete(value)
    }
    const token = { value: `97_${randomBytes(96).toString('base64url')}`, expiresAt: clock.now() + ttlMs, revoked: false }
    minted.set(token.value, token)
    return token
  }

  const answer = (token: Token): TokenAnswer =>
    ({ access_token: token.value, expires_in: Math.floor((token.expiresAt - clock.now()) / 1000) })

  const mayForce = (): boolean => {
    const now = clock.now()
    forcedAt = forcedAt.filter((at) => at + dayMs > now)
    if (now - (forcedAt.at(-1) ?? -Infinity) < minForceIntervalMs) return false
    if (forcedAt.length >= maxForcesPerDay) throw new ErrcodeError(45009)
    forcedAt.push(now)
    return true
  }

  return {
    legacy: () => {
      if (legacy !== undefined) legacy.expiresAt = Math.min(legacy.expiresAt, clock.now() + overlapMs)
      legacy = mint()
      return answer(legacy)
    },
    stable: (force) => {
      if (force && mayForce()) {
        if (stable !== undefined) stable.revoked = true
        stable = mint()
      } else if (stable === undefined || stable.expiresAt - clock.now() <= overlapMs) {
        stable = mint()
      }
      return answer(stable)
    },
    check: (value = '') => {
      if (value === '') throw new ErrcodeError(41001)
      if (!/^\d+_[\w-]{100,}$/.test(value)) throw new ErrcodeError(40014)
      const token = minted.get(value)
      if (token === undefined || token.revoked) throw new ErrcodeError(40001)
      if (token.expiresAt <= clock.now()) throw new ErrcodeError(42001)
    },
    revoke: (how) => {
      if (stable !== undefined) stable.revoked = true
      if (how === 'replaced') stable = mint()
    },
  }
}
