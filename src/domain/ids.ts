/** Ids and secrets: how they are made, and the forms that they have. */
import { createHmac, hash, timingSafeEqual } from 'node:crypto'

/** Returns `size` unpredictable bytes; `node:crypto` in production. */
export type RandomBytes = (size: number) => Buffer

const id128 = /^[A-Za-z0-9_-]{21}[AQgw]$/
const secret256 = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/** Creates an id of 128 random bits: 22 characters of base64url, all of which WeChat allows in a `scene`. */
export const newId = (random: RandomBytes): string => random(16).toString('base64url')

/** Creates a secret of 256 random bits: 43 characters of base64url. */
export const newSecret = (random: RandomBytes): string => random(32).toString('base64url')

/** Derives the secret of the ticket that takes another's place: the same for the same salt, so that a lost answer can be given again. */
export const successorSecret = (secret: string, salt: string): string =>
  createHmac('sha256', secret).update(`successor\0${salt}`).digest('base64url')

/** Tells whether a text is base64url of 16 bytes, in the one form that `newId` gives it. */
export const isId = (text: string): boolean => id128.test(text)

/** Tells whether a text is base64url of 32 bytes, in the one form that `newSecret` gives it. */
export const isSecret = (text: string): boolean => secret256.test(text)

/** The key ids that a signature may carry. The service issues ids of `newId`, which are narrower. */
export const keyIdPattern = '[A-Za-z0-9_-]{1,64}'

const keyId = new RegExp(`^${keyIdPattern}$`)

/** Tells whether a text may be the id of a phone's key. */
export const isKeyId = (text: string): boolean => keyId.test(text)

/** The start of an id for logs: enough to follow it, and useless to a reader, as 80 bits are missing. */
export const startOf = (id: string): string => id.slice(0, 8)

/** The hash of a secret that the server stores: base64url of SHA-256. A secret has 256 random bits, so salt and stretching would add nothing. */
export const hashSecret = (secret: string): string => hash('sha256', secret, 'base64url')

/** Compares in constant time. Texts of different length differ. */
export const equalInConstantTime = (a: string, b: string): boolean => {
  const left = Buffer.from(a)
  const right = Buffer.from(b)
  return left.length === right.length && timingSafeEqual(left, right)
}
