/**
 * Repeatable random values for tests: `npm test` prints its seed, and `TEST_SEED=7 npx tap <file>` repeats the values; a plain `npx tap` uses 1. Each test
 * file has a stream of its own. Chaos and fuzz tests have seeds of their own. Not for secrets.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { join, relative } from 'node:path'

const file = relative(join(import.meta.dirname, '../..'), process.argv[1] ?? '')
const key = createHash('sha256').update(`${process.env.TEST_SEED ?? '1'} ${file}`).digest()
const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))

/** Returns the next bytes of this file's stream, in place of `crypto.randomBytes`. */
export const seededBytes = (size: number): Buffer => stream.update(Buffer.alloc(size))

/** Returns a number from 0 to below 1, in place of `Math.random`. */
export const seededFraction = (): number => seededBytes(4).readUInt32BE() / 2 ** 32

/** Returns another number than this one, for a person to tap or type. */
export const otherNumber = (number: string): string => number === '10' ? '11' : '10'
