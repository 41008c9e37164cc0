/** The rule by which keys that sign follow each other: published at once, signing from a time until the next one does, accepted for a while after. */

export interface TimedKey {
  /** The key is published at once and signs from this time until the next one does. Milliseconds since 1970; 0 for always. */
  readonly signsFrom: number
}

/** Returns the key that signs at a time (milliseconds since 1970). There has to be one. */
export const signingAt = <Key extends TimedKey>(keys: readonly Key[], now: number): Key => {
  const begun = keys.filter(({ signsFrom }) => signsFrom <= now)
  const [first, ...others] = begun.length > 0 ? begun : keys
  return others.reduce((latest, key) => key.signsFrom > latest.signsFrom ? key : latest, first as Key) // neither list is empty
}

/** Returns the keys that are published and accepted at a time: future ones, the one that signs, and those that stopped signing no longer ago than `acceptedAfterMs`. */
export const acceptedAt = <Key extends TimedKey>(keys: readonly Key[], now: number, acceptedAfterMs: number): readonly Key[] => keys.filter(({ signsFrom }) =>
  keys.every((next) => next.signsFrom <= signsFrom || now < next.signsFrom + acceptedAfterMs))

/** Reads a stored time. Throws where it is none. */
export const parseTime = (text: unknown): number => {
  if (text === undefined) return 0
  if (typeof text !== 'string' || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/.test(text) || Number.isNaN(Date.parse(text))) throw new Error('signs_from is no time')
  return Date.parse(text)
}
