/** Owns the look of chance: what 32 bytes from a random source never are, and what bytes made by hand nearly always are. Measures no entropy. */

/** 32 random bytes have about 30 different values; so few, or a half that is repeated, come up once in 10^14. */
const fewValues = 16

/** Words of those who wanted to think of something better later. */
const placeholder = /example|password|changeme|secretkey|insecure/i

/**
 * Tells whether a text may be base64url of 32 random bytes. It may not be where the bytes repeat themselves (all zero), go in steps (00 01 02 …) or
 * are letters that somebody typed, or where the text is itself words.
 */
export const looksRandom = (text: string): boolean => {
  const bytes = Buffer.from(text, 'base64url')
  const steps = bytes.map((byte, i) => byte - (bytes[i - 1] ?? 0))
  const isTyped = bytes.every((byte) => byte >= 0x20 && byte <= 0x7e)
  const isWords = placeholder.test(text) || /^(?:[a-z_-]+|[A-Z_-]+|[0-9_-]+)$/.test(text)
  return /^[A-Za-z0-9_-]{43}$/.test(text) && valuesIn(bytes) > fewValues && valuesIn(steps) > fewValues && !isTyped && !isWords
}

const valuesIn = (bytes: Uint8Array): number => new Set(bytes).size
