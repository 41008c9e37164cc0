/** A binary heap of entries that know their place in it, so that any of them can be moved or removed. Each change takes a number of steps that grows with the logarithm of its length. */

/** An entry of a heap. It is in one at a time, and the heap alone sets `place`. */
export interface Placed {
  /** Its index in the heap; -1 outside. */
  place: number
}

export interface Heap<T extends Placed> {
  /** An entry that no other one precedes. */
  first (): T | undefined
  /** Adds an entry, or puts one that is in the heap where it belongs after a change. */
  put (entry: T): void
  /** Does nothing where the entry isn't in the heap. */
  remove (entry: T): void
}

export const createHeap = <T extends Placed>(precedes: (one: T, other: T) => boolean): Heap<T> => {
  /** No entry precedes the one at half its index. */
  const entries: T[] = []

  const set = (entry: T, place: number): void => {
    entries[place] = entry
    entry.place = place
  }

  const moveUp = (entry: T): void => {
    let { place } = entry
    for (let parent = entries[(place - 1) >> 1]; place > 0 && parent !== undefined && precedes(entry, parent); parent = entries[(place - 1) >> 1]) {
      const above = parent.place
      set(parent, place)
      place = above
    }
    set(entry, place)
  }

  const moveDown = (entry: T): void => {
    let { place } = entry
    for (;;) {
      const [left, right] = [entries[2 * place + 1], entries[2 * place + 2]]
      const child = right !== undefined && left !== undefined && precedes(right, left) ? right : left
      if (child === undefined || !precedes(child, entry)) break
      const below = child.place
      set(child, place)
      place = below
    }
    set(entry, place)
  }

  const remove = (entry: T): void => {
    const { place } = entry
    if (place < 0) return
    entry.place = -1
    const last = entries.pop()
    if (last === undefined || last === entry) return
    set(last, place)
    moveUp(last)
    moveDown(last)
  }

  return {
    first: () => entries[0],
    put: (entry) => {
      remove(entry)
      entry.place = entries.push(entry) - 1
      moveUp(entry)
    },
    remove,
  }
}
