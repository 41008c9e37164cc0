/** Key pairs as the key file has them: private JWKs (RFC 7517). */
import { createHash, createPrivateKey, createPublicKey, sign, verify, type JsonWebKey, type KeyObject } from 'node:crypto'

/** `signs_from` is an ISO time; without it the key signs from the start. */
export type StoredSigningKey = JsonWebKey & { readonly signs_from?: unknown }

export interface KeyPair {
  /** The thumbprint of the public key. */
  readonly kid: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The members that make the key, and no others. */
  readonly publicJwk: JsonWebKey
}

/** Throws where this is no private key, or where its halves don't belong to each other: Node copies them from the JWK without a check. */
export const parseKeyPair = (stored: StoredSigningKey): KeyPair => {
  const privateKey = createPrivateKey({ key: stored, format: 'jwk' })
  const publicKey = createPublicKey(privateKey)
  const publicJwk = publicKey.export({ format: 'jwk' })
  if (!verify('sha256', Buffer.from('one'), publicKey, sign('sha256', Buffer.from('one'), privateKey))) throw new Error('the halves of a signing key differ')
  if (publicJwk.kty === 'RSA' && !isWholeRsaKey(privateKey)) throw new Error('the numbers of an RSA key differ')
  return { kid: thumbprintOf(publicJwk), privateKey, publicKey, publicJwk }
}

/** Computes a thumbprint (RFC 7638) of a public key that has no members but the required ones. */
export const thumbprintOf = (publicJwk: JsonWebKey): string =>
  createHash('sha256').update(JSON.stringify(Object.fromEntries(Object.entries(publicJwk).sort()))).digest('base64url')

/** Stores when a new key begins to sign (milliseconds since 1970): at once where none is given. */
export const withTime = (jwk: JsonWebKey, signsFrom?: number): StoredSigningKey => ({ ...jwk, ...signsFrom !== undefined && { signs_from: new Date(signsFrom).toISOString() } })

/**
 * Whether all numbers of an RSA key follow from its primes (RFC 8017 §3.2). OpenSSL signs by some of them and falls back on others, so a signature that verifies
 * doesn't prove it, and another library may sign wrongly, which gives the primes away.
 */
const isWholeRsaKey = (privateKey: KeyObject): boolean => {
  const jwk = privateKey.export({ format: 'jwk' })
  const [n, e, d, p, q, dp, dq, qi] = (['n', 'e', 'd', 'p', 'q', 'dp', 'dq', 'qi'] as const).map((name) => numberOf(jwk[name])) as BigintsOfRsa // one for each name
  return p * q === n && e * d % (p - 1n) === 1n && e * d % (q - 1n) === 1n && dp === d % (p - 1n) && dq === d % (q - 1n) && qi * q % p === 1n
}

type BigintsOfRsa = [n: bigint, e: bigint, d: bigint, p: bigint, q: bigint, dp: bigint, dq: bigint, qi: bigint]

/** Reads a member of an RSA key. */
export const numberOf = (text: unknown): bigint => BigInt(`0x${Buffer.from(String(text), 'base64url').toString('hex')}`)
