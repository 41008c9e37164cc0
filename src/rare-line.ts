/** Log lines about what lasts, or what strangers can repeat: the first is written at once, and later ones rarely, with how often they would have been written. */
import type { Timer } from './timer-queue.ts'

const hourMs = 3600_000

export interface RareLine {
  /** Counts `count`, and writes the line where it may be written now. */
  add (count: number): void
  /** Writes what was counted since the last line. */
  flush (): void
}

export const createHourlyLine = (clock: Pick<Timer, 'after'>, write: (count: number) => void): RareLine => createRareLine(clock, hourMs, write)

/** Calls `write` with the count at once, and after that every `everyMs` at the most. */
export const createRareLine = (clock: Pick<Timer, 'after'>, everyMs: number, write: (count: number) => void): RareLine => {
  let counted = 0
  let isQuiet = false
  let cancel = (): void => {}

  const flush = (): void => {
    const count = counted
    counted = 0
    if (count > 0) write(count)
  }
  const onEnd = (): void => {
    isQuiet = false
    if (counted > 0) writeNow()
  }
  const writeNow = (): void => {
    isQuiet = true
    cancel()
    cancel = clock.after(everyMs, onEnd)
    flush()
  }
  return {
    add (count) {
      counted += count
      if (!isQuiet) writeNow()
    },
    flush () {
      cancel()
      flush()
    },
  }
}
