/** Owns the random values of the house and their forms. Randomness comes in; nothing here remembers one. */
import { createHash, timingSafeEqual } from 'node:crypto'

/** `size` bytes that nobody can guess; `node:crypto` in production. */
export type RandomBytes = (size: number) => Buffer

const id128 = /^[A-Za-z0-9_-]{21}[AQgw]$/
const secret256 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/** Makes an id of 128 random bits: 22 characters of base64url, which WeChat's `scene` takes as they are. */
export const newId = (random: RandomBytes): string => random(16).toString('base64url')

/** Makes a secret of 256 random bits: 43 characters of base64url. */
export const newSecret = (random: RandomBytes): string => random(32).toString('base64url')

/** Tells whether a text has the one form that `newId` gives to 16 bytes. */
export const isId = (text: string): boolean => id128.test(text)

/** Tells whether a text has the one form that `newSecret` gives to 32 bytes. */
export const isSecret = (text: string): boolean => secret256.test(text)

/** The form that the key id of a signature may have (CONTRACT, "Phone"), whoever made it up. Issued ones are from `newId`. */
export const keyIdPattern = '[A-Za-z0-9_-]{1,64}'

const keyId = new RegExp(`^${keyIdPattern}$`)

/** Tells whether a text may be the id of a phone's key. */
export const isKeyId = (text: string): boolean => keyId.test(text)

/** The start of an id: enough to follow it through a log, and of no use to whoever reads that, for 80 bits are left out. */
export const startOf = (id: string): string => id.slice(0, 8)

/** What the server keeps of a secret: base64url of SHA-256. A secret has 256 random bits, so salt and stretching would add nothing. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url')

/** Compares in constant time; texts of different length differ. */
export const sameText = (a: string, b: string): boolean => {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
