/** Durations in words: "20 seconds ago", "10 minutes". */
import type { Words } from './words-type'

/** Says how long ago something was. A time in the future counts as just now: the clocks of two machines always differ a little. */
export const ago = (thenMs: number, nowMs: number, words: Words): string => {
  const seconds = Math.floor((nowMs - thenMs) / 1000)
  if (seconds < 5) return words.justNow
  if (seconds < 60) return words.secondsAgo(seconds)
  if (seconds < 3600) return words.minutesAgo(Math.floor(seconds / 60))
  if (seconds < 86_400) return words.hoursAgo(Math.floor(seconds / 3600))
  return words.daysAgo(Math.floor(seconds / 86_400))
}

/** Says how long to wait, rounded up to a whole unit so that it is never too short. */
export const duration = (seconds: number, words: Words): string => {
  if (seconds <= 90) return words.seconds(Math.max(1, Math.ceil(seconds)))
  if (seconds <= 90 * 60) return words.minutes(Math.ceil(seconds / 60))
  if (seconds <= 36 * 3600) return words.hours(Math.ceil(seconds / 3600))
  return words.days(Math.ceil(seconds / 86_400))
}
