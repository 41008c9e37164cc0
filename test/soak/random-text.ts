import type { Random } from '../chaos/random.ts'

/** Returns a text like an id, secret or nonce of `bytes` bytes in base64url, repeatable by the seed. */
export const randomText = (random: Random, bytes: number): string => Buffer.from(Array.from({ length: bytes }, () => random.integer(0, 255))).toString('base64url')
