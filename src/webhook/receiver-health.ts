/** When the next try may be made. While nothing is delivered any more, single tries find out whether the receiver is back. */
import type { Outcome } from './post.ts'

/** Failures in a row, over all lanes, after which the receiver counts as down: as many as are under way at a time. */
export const maxUnderWay = 8

const firstPauseMs = 5000
const longestPauseMs = 300_000
/** Of one lane, while others are delivered. */
const longestLanePauseMs = 600_000

export interface ReceiverHealth {
  isDown (): boolean
  /** How many tries may be under way now. */
  limit (): number
  /** True where this ends a time in which nothing was delivered. */
  succeed (): boolean
  fail (outcome: Pick<Outcome, 'retryAfterMs'>, wasDown: boolean): void
  /** How long a lane waits after so many failures of its step. */
  lanePauseMs (failures: number): number
}

/** `random` returns a number from 0 to 1. */
export const createReceiverHealth = (steady: () => number, random: () => number): ReceiverHealth => {
  let failuresInRow = 0
  let probes = 0
  let pausedUntil = -Infinity

  /** Twice as long each time, and a tenth more or less. */
  const pauseMs = (failures: number, longestMs: number): number => Math.min(firstPauseMs * 2 ** (failures - 1), longestMs) * (0.9 + 0.2 * random())
  const isDown = (): boolean => failuresInRow >= maxUnderWay

  return {
    isDown,
    limit: () => steady() < pausedUntil ? 0 : isDown() ? 1 : maxUnderWay,
    succeed () {
      const wasDown = isDown()
      failuresInRow = 0
      probes = 0
      return wasDown
    },
    fail ({ retryAfterMs }, wasDown) {
      failuresInRow++
      if (isDown() && (wasDown || probes === 0)) pausedUntil = steady() + pauseMs(++probes, longestPauseMs)
      if (retryAfterMs > 0) pausedUntil = Math.max(pausedUntil, steady() + retryAfterMs)
    },
    lanePauseMs: (failures) => pauseMs(failures, longestLanePauseMs),
  }
}
