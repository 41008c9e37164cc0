/** Owns that only so many do something at the same time; the others come in the order in which they asked. */

/** Makes a way to act in turn: as many at a time as there are places. */
export const limitConcurrency = (places: number) => {
  const waiting: (() => void)[] = []
  let free = places
  return async <T>(act: () => Promise<T>): Promise<T> => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => { waiting.push(resolve) })
    try {
      return await act()
    } finally {
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
