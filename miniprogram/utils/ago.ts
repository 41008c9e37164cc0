/** Owns how a span of time is said: "20 seconds ago". */
import type { Words } from './words'

/** Says how long ago something was; a time that is still to come is "just now", since two clocks never agree. */
export const ago = (thenMs: number, nowMs: number, words: Words): string => {
  const seconds = Math.floor((nowMs - thenMs) / 1000)
  if (seconds < 5) return words.justNow
  if (seconds < 60) return words.secondsAgo(seconds)
  if (seconds < 3600) return words.minutesAgo(Math.floor(seconds / 60))
  if (seconds < 86_400) return words.hoursAgo(Math.floor(seconds / 3600))
  return words.daysAgo(Math.floor(seconds / 86_400))
}
