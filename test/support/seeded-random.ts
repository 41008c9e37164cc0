/**
 * What tests draw, so that it can be drawn again: `TEST_SEED=7 npx tap <file>` repeats the draws of a run, which names its seed. Each file draws a stream
 * of its own. Nothing secret comes from it.
 */
import { createCipheriv, createHash } from 'node:crypto'
import { join, relative } from 'node:path'

const file = relative(join(import.meta.dirname, '../..'), process.argv[1] ?? '')
const key = createHash('sha256').update(`${process.env.TEST_SEED ?? '1'} ${file}`).digest()
const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16))

/** The next bytes of this file's stream, in place of `crypto.randomBytes`. */
export const seededBytes = (size: number): Buffer => stream.update(Buffer.alloc(size))

/** From 0 to below 1, in place of `Math.random`. */
export const seededFraction = (): number => seededBytes(4).readUInt32BE() / 2 ** 32

/** Two digits that are not these. */
export const otherNumber = (number: string): string => number === '10' ? '11' : '10'
