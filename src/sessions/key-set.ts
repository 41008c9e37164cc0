/** The keys of an installation: the pairs that sign access tokens, which of them signs at which time, two secrets, and what counts as weak. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign, verify, type JsonWebKey } from 'node:crypto'

export interface Keys {
  /** Read anew for each token: the key file may be rotated while the service runs. */
  readonly signing: SigningKeys
  /** 32 bytes that turn an openid into a subject. Without them everybody gets another subject, and so another account. */
  readonly subject: Buffer
  /** 32 bytes. Keys the secrets of session cookies, the names under which addresses and people are counted, and the seal of stored phone keys. */
  readonly cookie: Buffer
}

/** All of them; the newest comes first. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]]

/** A key pair that signs access tokens: ES256. */
export interface SigningKey {
  /** The thumbprint of the public key (RFC 7638). */
  readonly kid: string
  readonly privatePem: string
  readonly publicPem: string
  /** As in `/.well-known/jwks.json`. */
  readonly publicJwk: Readonly<Record<'kty' | 'crv' | 'x' | 'y' | 'kid' | 'alg' | 'use', string>>
  /** The key is published at once and signs from this time until the next one does. Milliseconds since 1970; 0 for always. */
  readonly signsFrom: number
}

/** Keys as the key file has them. */
export interface StoredKeys {
  readonly signing: readonly StoredSigningKey[]
  /** base64url */
  readonly subject: string
  /** base64url */
  readonly cookie: string
}

/** A private key (RFC 7517). `signs_from` is an ISO time; without it the key signs from the start. */
export type StoredSigningKey = JsonWebKey & { readonly signs_from?: unknown }

/** How long a key that no longer signs stays published and accepted: its last token ends after 15 minutes, the rest is for clocks that differ. */
export const acceptedAfterMs = 3_600_000

/** Public keys (by their x) of the examples in RFC 7515 and RFC 7517, which print the private halves as well. */
const examplePublicKeys: ReadonlySet<string> = new Set(['f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4'])
/** 32 random bytes have about 30 different values; 16 or fewer, or a half that is repeated, come up once in 10^14. */
const fewValues = 16
const placeholder = /example|password|changeme|secretkey|insecure/i

/** Returns the key that signs at a time (milliseconds since 1970). */
export const signingKeyAt = (keys: SigningKeys, now: number): SigningKey => {
  const begun = keys.filter(({ signsFrom }) => signsFrom <= now)
  const [first, ...others] = begun.length > 0 ? begun : keys
  return others.reduce((latest, key) => key.signsFrom > latest.signsFrom ? key : latest, first as SigningKey) // neither list is empty
}

/** Returns the keys that are published and accepted at a time: future ones, the one that signs, and those whose last tokens may still be valid. */
export const acceptedKeys = (keys: SigningKeys, now: number): readonly SigningKey[] => keys.filter((key) => now < endOf(key, keys))

const endOf = ({ signsFrom }: SigningKey, keys: SigningKeys): number =>
  Math.min(...keys.map((next) => next.signsFrom > signsFrom ? next.signsFrom + acceptedAfterMs : Infinity))

/** Makes new keys. */
export const generateKeys = (): Keys => parseKeys(generateStoredKeys())

export const generateStoredKeys = (): StoredKeys => ({
  signing: [generateSigningKey()],
  subject: randomBytes(32).toString('base64url'),
  cookie: randomBytes(32).toString('base64url'),
})

/** Makes a new key that signs from a time (milliseconds since 1970), or at once. */
export const generateSigningKey = (signsFrom?: number): StoredSigningKey => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  ...(signsFrom !== undefined && { signs_from: new Date(signsFrom).toISOString() }),
})

/** Throws where these are no keys of ours. */
export const parseKeys = (stored: StoredKeys): Keys => {
  const [first, ...others] = stored.signing.map(parseSigningKey)
  if (first === undefined) throw new Error('there is no signing key')
  return { signing: [first, ...others], subject: parseSecret(stored.subject), cookie: parseSecret(stored.cookie) }
}

const parseSigningKey = (stored: StoredSigningKey): SigningKey => {
  const privateKey = createPrivateKey({ key: stored, format: 'jwk' })
  if (privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('a signing key is not on P-256')
  const publicKey = createPublicKey(privateKey)
  // Node copies the public half from the JWK and doesn't check that it belongs to the private one.
  if (!verify('sha256', Buffer.from('one'), publicKey, sign('sha256', Buffer.from('one'), privateKey))) throw new Error('the halves of a signing key differ')
  const { x, y } = publicKey.export({ format: 'jwk' }) as { x: string, y: string } // an EC key has both
  const kid = createHash('sha256').update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y })).digest('base64url')
  return {
    kid,
    privatePem: privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, // PEM is text
    publicPem: publicKey.export({ format: 'pem', type: 'spki' }) as string,
    publicJwk: { kty: 'EC', crv: 'P-256', x, y, kid, alg: 'ES256', use: 'sig' },
    signsFrom: parseTime(stored.signs_from),
  }
}

const parseTime = (text: unknown): number => {
  if (text === undefined) return 0
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/.test(text) || Number.isNaN(Date.parse(text))) throw new Error('signs_from is no time')
  return Date.parse(text)
}

const parseSecret = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 32) throw new Error('a secret is not 32 bytes')
  return bytes
}

/** Names the keys that somebody else may know: examples, and what was typed by hand. */
export const weakKeys = ({ signing, subject, cookie }: StoredKeys): readonly string[] => [
  ...(signing.some(({ x, d }) => examplePublicKeys.has(x ?? '') || !looksRandom(d ?? '')) ? ['a signing key'] : []),
  ...(looksRandom(subject) ? [] : ['the subject key']),
  ...(looksRandom(cookie) && cookie !== subject ? [] : ['the cookie key']),
]

/**
 * Tells whether a text may be base64url of 32 random bytes. It may not be where the bytes repeat themselves (all zero), go in steps (00 01 02 …) or
 * are typed letters, or where the text itself is words. Measures no entropy.
 */
export const looksRandom = (text: string): boolean => {
  const bytes = Buffer.from(text, 'base64url')
  const steps = bytes.map((byte, i) => byte - (bytes[i - 1] ?? 0))
  const isTyped = bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)
  const isWords = placeholder.test(text) || /^(?:[a-z_-]+|[A-Z_-]+|[0-9_-]+)$/.test(text)
  return /^[A-Za-z0-9_-]{43}$/.test(text) && valuesIn(bytes) > fewValues && valuesIn(steps) > fewValues && !isTyped && !isWords
}

const valuesIn = (bytes: Uint8Array): number => new Set(bytes).size
