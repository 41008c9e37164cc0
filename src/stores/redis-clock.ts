/** Redis' clock, computed from its answers to TIME: the one clock that all instances share, and by which entries end. */

/** By how much a reading gets worse with each second of its age: more than any quartz drifts. */
const driftMsPerSecond = 1

export interface RedisClock {
  /** Milliseconds since 1970. */
  now (): number
  /** By how many milliseconds `now` may be wrong, either way: half the round trip of the reading in use, and more as it ages. 0 before the first. */
  errorMs (): number
  /** Reads Redis' time with `ask` and uses it where it is more exact than the reading in use. Rejects as `ask` does. */
  read (ask: () => Promise<number>): Promise<void>
}

interface Reading {
  /** How far Redis' clock is ahead of `steady`. */
  readonly aheadMs: number
  readonly atMs: number
  readonly errorMs: number
}

/**
 * Makes a clock that uses this machine's time (`fallback`) before the first answer, and from then on `steady`, a monotonic clock: an instance whose own time
 * is minutes off, or is set while it runs, agrees with the others all the same.
 */
export const createRedisClock = (fallback: () => number, steady: () => number = () => performance.now()): RedisClock => {
  let current: Reading | undefined

  const errorOf = ({ errorMs, atMs }: Reading, now: number): number => errorMs + (now - atMs) / 1000 * driftMsPerSecond

  return {
    now: () => current === undefined ? fallback() : Math.floor(steady() + current.aheadMs),
    errorMs: () => current === undefined ? 0 : Math.ceil(errorOf(current, steady())),
    async read (ask) {
      const before = steady()
      const redisMs = await ask()
      const after = steady()
      // Redis read its clock at some moment in between: the middle, give or take half of the round trip.
      const reading = { aheadMs: redisMs - (before + after) / 2, atMs: after, errorMs: (after - before) / 2 }
      const error = current === undefined ? Infinity : errorOf(current, after)
      const differs = current !== undefined && Math.abs(reading.aheadMs - current.aheadMs) > reading.errorMs + error // the clock was set, or it is another server's
      if (reading.errorMs <= error || differs) current = reading
    },
  }
}
