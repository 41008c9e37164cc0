/** How far a text is from another in slips of a typist: a letter missing, added or wrong, or two neighbours swapped. */

/** The restricted Damerau-Levenshtein distance; Infinity where it is above 2. */
export const slipsBetween = (one: string, other: string): number => {
  if (Math.abs(one.length - other.length) > 2) return Infinity
  const rows = [Array.from({ length: other.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    rows.push(row)
    for (let j = 1; j <= other.length; j++) {
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      row.push(Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1), isSwapped ? at(i - 2, j - 2) + 1 : Infinity))
    }
    if (Math.min(...row, ...rows[i - 1] ?? []) > 2) return Infinity // what follows builds on these two rows
  }
  const slips = at(one.length, other.length)
  return slips > 2 ? Infinity : slips
}
