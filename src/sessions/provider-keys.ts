/**
 * The OpenID Provider's own keys: pairs that sign ID tokens, apart from those that sign access tokens. These are two issuers, and no token of one is valid at the
 * other.
 */
import { generateKeyPairSync } from 'node:crypto'
import { parseKeyPair, withTime, type StoredSigningKey } from './key-pair.ts'
import { acceptedAt, parseTime, signingAt, type TimedKey } from './signing-times.ts'

/** All of them; each algorithm has one or more. */
export type ProviderKeys = readonly ProviderKey[]

export interface ProviderKey extends TimedKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: string
  readonly jwk: ProviderJwk
}

/** A private key, as oidc-provider takes it. */
export type ProviderJwk = RsaJwk | EcJwk

type RsaJwk = Readonly<{ kty: 'RSA', kid: string, alg: 'RS256', use: 'sig' } & Record<'n' | 'e' | 'd' | 'p' | 'q' | 'dp' | 'dq' | 'qi', string>>
type EcJwk = Readonly<{ kty: 'EC', kid: string, alg: 'ES256', use: 'sig' } & Record<'crv' | 'x' | 'y' | 'd', string>>

/** RS256 first: every client knows it, and many know nothing else. */
const algorithms = ['RS256', 'ES256'] as const
/**
 * How long a key that no longer signs stays published and accepted: as long as a session by default (SESSION_MAX). An app may send the ID token of its login when it
 * logs somebody out, long after that token's end, and a person whose token can't be verified gets an error page in place of the logout.
 */
export const providerAcceptedAfterMs = 90 * 86_400_000

/**
 * Returns the keys that are published and accepted at a time (milliseconds since 1970). The first of each algorithm signs, as oidc-provider takes the first that fits;
 * so a provider that was made with these is made anew when their order is another one.
 */
export const providerJwksAt = (keys: ProviderKeys, now: number): { keys: ProviderJwk[] } => {
  const signing = setsOf(keys).map((set) => signingAt(set, now))
  return { keys: [...new Set([...signing, ...acceptedProviderKeys(keys, now)])].map(({ jwk }) => jwk) }
}

/** Returns the keys that are published and accepted at a time, in no order that matters. */
export const acceptedProviderKeys = (keys: ProviderKeys, now: number): readonly ProviderKey[] =>
  setsOf(keys).flatMap((set) => acceptedAt(set, now, providerAcceptedAfterMs))

const setsOf = (keys: ProviderKeys): ReadonlyArray<readonly ProviderKey[]> => algorithms.map((alg) => keys.filter(({ jwk }) => jwk.alg === alg))

/** Makes new keys, one for each algorithm, that sign from a time (milliseconds since 1970), or at once. Takes 100 ms, sometimes several times that. */
export const generateProviderKeys = (signsFrom?: number): StoredSigningKey[] => [
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
].map(({ privateKey }) => withTime(privateKey.export({ format: 'jwk' }), signsFrom))

/** Throws where these are no keys of an OpenID Provider. */
export const parseProviderKeys = (stored: readonly StoredSigningKey[]): ProviderKeys => {
  const keys = stored.map(parseProviderKey)
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length) throw new Error('a key of the OpenID Provider is there twice')
  for (const alg of algorithms) if (!keys.some(({ jwk }) => jwk.alg === alg)) throw new Error(`the OpenID Provider has no key for ${alg}`)
  return keys
}

const parseProviderKey = (stored: StoredSigningKey): ProviderKey => {
  const { kid, privateKey, publicJwk: { kty, crv } } = parseKeyPair(stored)
  if (kty !== 'RSA' && crv !== 'P-256') throw new Error('a key of the OpenID Provider is neither RSA nor on P-256')
  const jwk = { ...privateKey.export({ format: 'jwk' }), kid, alg: kty === 'RSA' ? 'RS256' : 'ES256', use: 'sig' } as ProviderJwk // its members are those of the type
  return { kid, jwk, signsFrom: parseTime(stored.signs_from) }
}
