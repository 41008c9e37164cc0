/** A log line that is written at once, and after that once an hour at the most, with how often it would have been written. */
import type { Clock } from '../login/ports.ts'

const hourMs = 3600_000

export interface HourlyLine {
  /** Counts `count`, and writes the line where it may be written now. */
  add (count: number): void
  /** Writes what was counted since the last line. */
  flush (): void
}

export const createHourlyLine = (clock: Clock, write: (count: number) => void): HourlyLine => {
  let counted = 0
  let isQuiet = false
  let cancel = (): void => {}

  const flush = (): void => {
    const count = counted
    counted = 0
    if (count > 0) write(count)
  }
  const onHour = (): void => {
    isQuiet = false
    if (counted > 0) writeNow()
  }
  const writeNow = (): void => {
    isQuiet = true
    cancel()
    cancel = clock.after(hourMs, onHour)
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
