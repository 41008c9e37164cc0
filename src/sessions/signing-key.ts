/** Owns one key that signs access tokens, and which of several does when. Knows no file. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify, type JsonWebKey } from 'node:crypto'
import { looksRandom } from './random-looking.ts'

/** A key pair that signs access tokens: ES256. */
export interface SigningKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: string
  readonly privatePem: string
  readonly publicPem: string
  /** As `/.well-known/jwks.json` shows it. */
  readonly publicJwk: Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'kid' | 'alg' | 'use', string>>
  /** It is shown at once and signs from then on, until the next one does. Milliseconds since 1970; 0 for always. */
  readonly signsFrom: number
}

/** All there are; the newest stands first. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]]

/** A private key as it is kept (RFC 7517), with an ISO time from which it signs; without one it always has. */
export type KeptKey = JsonWebKey & { readonly signs_from?: unknown }

/**
 * A key that no longer signs is believed and shown for so long: its last token has ended after 15 minutes, wherever clocks are a little off.
 * Milliseconds.
 */
export const acceptedAfterMs = 3_600_000

/** Public keys that stand in RFC 7515 and RFC 7517, by their x. Their private halves stand there too. */
const published: ReadonlySet<string> = new Set(['f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4'])

/** The key that signs at a time. Milliseconds since 1970. */
export const signingKeyAt = (keys: SigningKeys, now: number): SigningKey => {
  const begun = keys.filter(({ signsFrom }) => signsFrom <= now)
  const [first, ...others] = begun.length > 0 ? begun : keys
  return others.reduce((latest, key) => key.signsFrom > latest.signsFrom ? key : latest, first as SigningKey) // neither list is empty
}

/** The keys that are shown and believed at a time: those to come, the one that signs, and those whose last tokens may still be about. */
export const acceptedKeys = (keys: SigningKeys, now: number): readonly SigningKey[] => keys.filter((key) => now < endOf(key, keys))

const endOf = ({ signsFrom }: SigningKey, keys: SigningKeys): number =>
  Math.min(...keys.map((next) => next.signsFrom > signsFrom ? next.signsFrom + acceptedAfterMs : Infinity))

/** Makes a new key, to sign from a time on (milliseconds since 1970) or, without one, at once. */
export const makeSigningKey = (signsFrom?: number): KeptKey => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  ...(signsFrom !== undefined && { signs_from: new Date(signsFrom).toISOString() }),
})

/** Reads a key as it is kept. Throws where it is none for ES256. */
export const parseSigningKey = (kept: KeptKey): SigningKey => {
  const privateKey = createPrivateKey({ key: kept, format: 'jwk' })
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('a signing key is not on P-256')
  const publicKey = createPublicKey(privateKey)
  // Node takes the public half as it stands there.
  if (!verify('sha256', Buffer.from('one'), publicKey, sign('sha256', Buffer.from('one'), privateKey))) throw new Error('the halves of a signing key differ')
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string, y: string } // an EC key has both
  const kid = createHash('sha256').update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })).digest('base64url')
  return {
    kid,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, // PEM is text
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }) as string,
    publicJwk: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' },
    signsFrom: parseTime(kept.signs_from),
  }
}

/** Tells whether somebody else may know this key: it is an example, or made by hand. */
export const isGuessable = ({ x, d }: KeptKey): boolean => published.has(x ?? '') || !looksRandom(d ?? '')

const parseTime = (text: unknown): number => {
  if (text === undefined) return 0
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/.test(text) || Number.isNaN(Date.parse(text))) throw new Error('signs_from is no time')
  return Date.parse(text)
}
