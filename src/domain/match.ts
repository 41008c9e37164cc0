/** The number on the screen, which the person at the phone has to match. */
import type { RandomBytes } from './ids.ts'

/** How the phone asks for the number: `tap` one of three, or `type` two digits. */
export type MatchMode = 'tap' | 'type'

export interface Match {
  /** Two digits, no leading zero. */
  readonly code: string
  /** Three different numbers in random order, `code` among them. */
  readonly choices: readonly string[]
}

/** Draws a number and two others to choose from, each with the same probability. */
export const newMatch = (random: RandomBytes): Match => {
  const choices = new Set<string>()
  while (choices.size < 3) choices.add(String(10 + uniform(random, 90)))
  const drawn = [...choices]
  return { code: drawn[uniform(random, 3)] as string, choices: drawn } // uniform() stays below the length
}

/** A random integer in [0, limit), `limit` ≤ 256. Bytes that would make low numbers more likely are drawn again. */
const uniform = (random: RandomBytes, limit: number): number => {
  const fair = 256 - 256 % limit
  for (;;) {
    const byte = random(1).readUInt8()
    if (byte < fair) return byte % limit
  }
}
