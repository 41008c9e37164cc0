/** A limit of log lines that strangers can cause: per minute, kind and client, with a count of the rest. Bounded memory. */
import type { Timer } from './timer-queue.ts'

const windowMs = 60_000
/** Pairs of kind and client with a count of their own in one window; all further clients share one count for each kind. */
export const maxCounted = 1_000

export interface LogLimit<Kind extends string = string> {
  /** Counts a line; returns whether it may be written. */
  allows (kind: Kind, client: string, perMinute: number): boolean
  /** Reports what was left out so far, and starts over. */
  flush (): void
}

/** Calls `onLeftOut` once a minute for each kind and client of which lines were left out. A kind has no space. */
export const createLogLimit = <Kind extends string>(clock: Timer, onLeftOut: (kind: Kind, client: string, count: number) => void): LogLimit<Kind> => {
  const counts = new Map<string, { lines: number, leftOut: number }>()
  let cancel = () => {}

  const flush = (): void => {
    cancel()
    const ended = [...counts]
    counts.clear()
    for (const [key, { leftOut }] of ended) {
      const [kind = '', client = ''] = key.split(' ')
      if (leftOut > 0) onLeftOut(kind as Kind, client, leftOut) // the key begins with it
    }
  }

  return {
    allows (kind, client, perMinute) {
      if (counts.size === 0) cancel = clock.after(windowMs, flush)
      const own = `${kind} ${client}`
      const key = counts.has(own) || counts.size < maxCounted ? own : `${kind} others`
      const count = counts.get(key) ?? { lines: 0, leftOut: 0 }
      counts.set(key, count)
      count.lines++
      if (count.lines > perMinute) count.leftOut++
      return count.lines <= perMinute
    },
    flush,
  }
}
