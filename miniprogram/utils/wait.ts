/** How a wait is said: "Try again in 10 minutes". */
import type { Words } from './words'

/** Says when it can be tried again, never too early: what is left of a unit counts as a whole one. */
export const wait = (seconds: number, words: Words): string => {
  if (seconds <= 90) return words.waitSeconds(Math.max(1, Math.ceil(seconds)))
  if (seconds <= 90 * 60) return words.waitMinutes(Math.ceil(seconds / 60))
  if (seconds <= 36 * 3600) return words.waitHours(Math.ceil(seconds / 3600))
  return words.waitDays(Math.ceil(seconds / 86_400))
}
