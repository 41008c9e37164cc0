/** The keys of an installation: the pairs that sign access tokens, which of them signs at which time, those of the OpenID Provider, and two secrets. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { parseKeyPair, withTime, type StoredSigningKey } from './key-pair.ts'
import { parseProviderKeys, type ProviderKeys } from './provider-keys.ts'
import { acceptedAt, parseTime, signingAt, type TimedKey } from './signing-times.ts'
import { isWeakPair, looksRandom } from './weak-keys.ts'

export interface Keys {
  /** Read anew for each token: the key file may be rotated while the service runs. */
  readonly signing: SigningKeys
  /** Read anew each time, as `signing`. Null where the key file has none. */
  readonly provider: ProviderKeys | null
  /** 32 bytes that turn an openid into a subject. Without them everybody gets another subject, and so another account. */
  readonly subject: Buffer
  /** 32 bytes. Keys the secrets of session cookies, the names under which addresses and people are counted, and the seal of stored phone keys. */
  readonly cookie: Buffer
}

/** All of them; the newest comes first. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]]

/** A key pair that signs access tokens: ES256. */
export interface SigningKey extends TimedKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: string
  readonly privatePem: string
  readonly publicPem: string
  /** As in `/.well-known/jwks.json`. */
  readonly publicJwk: Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'kid' | 'alg' | 'use', string>>
}

/** Keys as the key file has them. */
export interface StoredKeys {
  readonly signing: readonly StoredSigningKey[]
  /** The OpenID Provider's; none where no release with an OpenID Provider has added them. */
  readonly oidc?: readonly StoredSigningKey[]
  /** base64url */
  readonly subject: string
  /** base64url */
  readonly cookie: string
}

/** How long a key that no longer signs stays published and accepted: its last token ends after 15 minutes, the rest is for clocks that differ. */
export const acceptedAfterMs = 3_600_000

/** Returns the key that signs at a time (milliseconds since 1970). */
export const signingKeyAt = (keys: SigningKeys, now: number): SigningKey => signingAt(keys, now)

/** Returns the keys that are published and accepted at a time: future ones, the one that signs, and those whose last tokens may still be valid. */
export const acceptedKeys = (keys: SigningKeys, now: number): readonly SigningKey[] => acceptedAt(keys, now, acceptedAfterMs)

/** Makes new keys, without those of the OpenID Provider: an RSA pair takes 100 ms. */
export const generateKeys = (): Keys => parseKeys(generateStoredKeys())

export const generateStoredKeys = (): StoredKeys => ({
  signing: [generateSigningKey()],
  subject: randomBytes(32).toString('base64url'),
  cookie: randomBytes(32).toString('base64url'),
})

/** Makes a new key that signs from a time (milliseconds since 1970), or at once. */
export const generateSigningKey = (signsFrom?: number): StoredSigningKey =>
  withTime(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }), signsFrom)

/** Throws where these are no keys of ours. */
export const parseKeys = (stored: StoredKeys): Keys => {
  const [first, ...others] = stored.signing.map(parseSigningKey)
  if (first === undefined) throw new Error('there is no signing key')
  return {
    signing: [first, ...others],
    provider: stored.oidc === undefined ? null : parseProviderKeys(stored.oidc),
    subject: parseSecret(stored.subject),
    cookie: parseSecret(stored.cookie),
  }
}

const parseSigningKey = (stored: StoredSigningKey): SigningKey => {
  const { kid, privateKey, publicKey, publicJwk } = parseKeyPair(stored)
  if (publicJwk.crv !== 'P-256') throw new Error('a signing key is not on P-256')
  const { x, y } = publicJwk as { x: string, y: string } // an EC key has both
  return {
    kid,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, // PEM is text
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }) as string,
    publicJwk: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' },
    signsFrom: parseTime(stored.signs_from),
  }
}

const parseSecret = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 32) throw new Error('a secret is not 32 bytes')
  return bytes
}

/** Names the keys that somebody else may know: examples, and what was typed by hand. And those that are there twice, where each would do the other's work. */
export const weakKeys = ({ subject, cookie, signing: stored }: StoredKeys, { signing, provider }: Keys): readonly string[] => [
  ...(signing.some(({ kid }, i) => isWeakPair(kid, stored[i] ?? {})) ? ['a signing key'] : []), // parsed one for one
  ...(provider?.some(({ kid, jwk }) => isWeakPair(kid, jwk) || signing.some((key) => key.kid === kid)) === true ? ['a key of the OpenID Provider'] : []),
  ...(looksRandom(subject) ? [] : ['the subject key']),
  ...(looksRandom(cookie) && cookie !== subject ? [] : ['the cookie key']),
]
