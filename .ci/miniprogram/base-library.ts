// Owns which base library the mini program is written for: the least that a phone has to have.

export const neededLibrary = '2.32.3'

/** Whether a version such as `2.32.3` comes after another one; by number, part by part. */
export const isAfter = (version: string, other: string): boolean => {
  const parts = other.split('.').map(Number)
  for (const [index, part] of version.split('.').map(Number).entries()) {
    const otherPart = parts[index] ?? 0
    if (part !== otherPart) return part > otherPart
  }
  return false
}
