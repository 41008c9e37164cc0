/** How a span of time to wait is said: "10 minutes". */
import type { Words } from './words'

/** Says how long, never too short: what is left of a unit counts as a whole one. */
export const span = (seconds: number, words: Words): string => {
  if (seconds <= 90) return words.seconds(Math.max(1, Math.ceil(seconds)))
  if (seconds <= 90 * 60) return words.minutes(Math.ceil(seconds / 60))
  if (seconds <= 36 * 3600) return words.hours(Math.ceil(seconds / 3600))
  return words.days(Math.ceil(seconds / 86_400))
}
