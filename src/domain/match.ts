/** The number on the screen that the phone is asked for. */
import type { RandomBytes } from './ids.ts'

/** How the phone asks for the number: one of three to tap, or two digits to type. */
export type MatchMode = 'tap' | 'type'

export interface Match {
  /** Two digits, no leading zero. */
  readonly code: string
  /** Three different numbers in random order, `code` among them. */
  readonly choices: readonly string[]
}

/** Draws a number and the two it hides among, each as likely as any other. */
export const newMatch = (random: RandomBytes): Match => {
  const choices = new Set<string>()
  while (choices.size < 3) choices.add(String(10 + uniform(random, 90)))
  const drawn = [...choices]
  return { code: drawn[uniform(random, 3)] as string, choices: drawn } // uniform() stays below the length
}

/** An integer from 0 to below `limit` ≤ 256; what would make the low numbers likelier is drawn again. */
const uniform = (random: RandomBytes, limit: number): number => {
  const fair = 256 - 256 % limit
  for (;;) {
    const byte = random(1).readUInt8()
    if (byte < fair) return byte % limit
  }
}
