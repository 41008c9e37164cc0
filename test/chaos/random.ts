/** A small seeded generator, so that runs can be repeated. Not for secrets. */

export interface Random {
  /** From 0 to below 1. */
  next (): number
  /** A whole number from `min` to `max`, both included. */
  integer (min: number, max: number): number
  /** True with this probability: 0.1 is one in ten. */
  chance (share: number): boolean
  pick<T> (items: readonly T[]): T
  /** An independent generator: the same one for the same `n`, whatever was drawn here. */
  fork (n: number): Random
}

/** Makes a generator: mulberry32, whose whole state is one 32-bit number. */
export const createRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let word = state
    word = Math.imul(word ^ (word >>> 15), word | 1)
    word ^= word + Math.imul(word ^ (word >>> 7), word | 61)
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32
  }
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    integer,
    chance: (share) => next() < share,
    pick: (items) => items[integer(0, items.length - 1)] as typeof items[number], // for lists that are not empty
    fork: (n) => createRandom(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(n + 1, 0xc2b2ae35)),
  }
}
