/** What counts as a weak key: one that somebody else may know, as it is an example or was made by hand. */
import type { JsonWebKey } from 'node:crypto'
import { numberOf } from './key-pair.ts'

/** Thumbprints of pairs whose private halves are printed: in RFC 7515 (A.2, A.3), RFC 7517 (A.2, both; C.1) and RFC 7520 (§3.4), and oidc-provider's for development. */
const exampleKids: ReadonlySet<string> = new Set([
  'IsUn6_e04MaShXFIISMp4kG62LWzMIPy_MvSA5pJgX8', 'oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U',
  'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', 'cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s', 'D8R4-FeTJfzuDUy8bZ0c4hcwpul-Q11gCPs3mw6-R9Q',
  '9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI',
  'r1LkbBo3925Rb2ZFFrKyU3MVex9T2817Kx0vbi6i_Kc',
])
/** 2048 bits (RFC 7518 §3.3). */
const smallestModulus = 2n ** 2047n
/** 65537, as every library makes it. With a small one like 3, signatures were forged at verifiers that check the padding carelessly (CVE-2006-4339). */
const usualExponent = 65_537n
/** 32 random bytes have about 30 different values; 16 or fewer, or a half that is repeated, come up once in 10^14. */
const fewValues = 16
const placeholder = /example|password|changeme|secretkey|insecure/i

/** Tells whether somebody else may know the private half of a pair, or compute it. */
export const isWeakPair = (kid: string, { kty, d, n, e }: JsonWebKey): boolean =>
  exampleKids.has(kid) || (kty === 'RSA' ? numberOf(n) < smallestModulus || numberOf(e) !== usualExponent : !looksRandom(d ?? ''))

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
