import type { Random } from '../chaos/random.ts'

/** What looks like an id, a secret or a nonce of that many bytes and is had again with the seed: base64url. */
export const randomText = (random: Random, bytes: number): string => Buffer.from(Array.from({ length: bytes }, () => random.integer(0, 255))).toString('base64url')
