/** Owns what time it is in Redis, told from its answers: the one clock that all instances share, and the one by which entries end. */

/** A quartz runs wrong by less: so much worse does a reading get with each second of its age. Milliseconds. */
const driftMs = 1

export interface RedisClock {
  /** Milliseconds since 1970. */
  now (): number
  /** By how much that may be wrong, forwards or back: half the way of the reading that is kept, and more as it ages. 0 until there was one. Milliseconds. */
  errorMs (): number
  /** Puts the question to Redis and keeps the answer where it is the better one. Rejects as the question does. */
  read (ask: () => Promise<number>): Promise<void>
}

interface Reading {
  /** What Redis' clock is ahead of ours. */
  readonly aheadMs: number
  readonly atMs: number
  readonly errorMs: number
}

/**
 * Makes a clock that goes by this machine's own `fallback` until there was an answer, and from then on by `steady`, a clock that nobody
 * sets: an instance whose own time is minutes off, or is set while it runs, agrees with the others all the same.
 */
export const createRedisClock = (fallback: () => number, steady: () => number = () => performance.now()): RedisClock => {
  let kept: Reading | undefined

  const errorOf = ({ errorMs, atMs }: Reading, now: number): number => errorMs + (now - atMs) / 1000 * driftMs

  return {
    now: () => kept === undefined ? fallback() : Math.floor(steady() + kept.aheadMs),
    errorMs: () => kept === undefined ? 0 : Math.ceil(errorOf(kept, steady())),
    async read (ask) {
      const before = steady()
      const told = await ask()
      const after = steady()
      // Redis looked at its clock somewhere between: in the middle, give or take half of the way.
      const reading = { aheadMs: told - (before + after) / 2, atMs: after, errorMs: (after - before) / 2 }
      const error = kept === undefined ? Infinity : errorOf(kept, after)
      const differs = kept !== undefined && Math.abs(reading.aheadMs - kept.aheadMs) > reading.errorMs + error // it was set, or it is another server's
      if (reading.errorMs <= error || differs) kept = reading
    },
  }
}
