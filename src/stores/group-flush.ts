/** One flush for all callers that wait; while it runs, the next group gathers. */

export interface GroupFlush {
  /** Resolves after a flush that began after this call. Rejects where that flush fails. */
  flush (): Promise<void>
  isFlushing (): boolean
  /** Resolves when no flush is under way or wanted. */
  idle (): Promise<void>
}

/** `sync` flushes once; it never runs twice at the same time. */
export const createGroupFlush = (sync: () => Promise<void>): GroupFlush => {
  let last: Promise<unknown> = Promise.resolve()
  let gathering: Promise<void> | undefined
  let isFlushing = false

  const flushAfter = async (previous: Promise<unknown>): Promise<void> => {
    await previous
    gathering = undefined
    isFlushing = true
    try {
      await sync()
    } finally {
      isFlushing = false
    }
  }

  return {
    flush () {
      if (gathering === undefined) {
        gathering = flushAfter(last)
        last = gathering.catch(() => {}) // its callers hear of it
      }
      return gathering
    },
    isFlushing: () => isFlushing,
    async idle () { await last },
  }
}
