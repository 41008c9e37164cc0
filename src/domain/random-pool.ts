/** Random bytes drawn from the system in batches: a draw costs the same for 16 bytes as for thousands. */
import { randomBytes as drawBytes } from 'node:crypto'
import type { RandomBytes } from './ids.ts'

/** About thirty logins. */
const poolSize = 4096

/** Creates a source that hands out each byte of a batch once, and erases it in the batch: what is drawn later shows nothing of it. */
export const createRandomPool = (draw: RandomBytes = drawBytes): RandomBytes => {
  let pool: Buffer = Buffer.alloc(0)
  let used = 0
  return (size) => {
    if (size > poolSize) return draw(size)
    if (used + size > pool.length) {
      pool = draw(poolSize)
      used = 0
    }
    const batch = pool.subarray(used, used + size)
    used += size
    const bytes = Buffer.from(batch) // a copy, as callers may keep or change it
    batch.fill(0)
    return bytes
  }
}

/** The source of this process. */
export const randomBytes: RandomBytes = createRandomPool()
