/** One flush for all callers that wait; while it runs, the next group gathers. */

export interface GroupFlush {
  /** Resolves after a flush that began after this call. Rejects where that flush fails. */
  flush (): Promise<void>
  /** Resolves when no flush is under way or wanted. */
  idle (): Promise<void>
}

/** `sync` flushes once; it never runs twice at the same time. */
export const createGroupFlush = (sync: () => Promise<void>): GroupFlush => {
  let last: Promise<unknown> = Promise.resolve()
  let gathering: Promise<void> | undefined

  const flushAfter = async (previous: Promise<unknown>): Promise<void> => {
    await previous
    gathering = undefined
    await sync()
  }

  return {
    flush () {
      if (gathering === undefined) {
        gathering = flushAfter(last)
        last = gathering.catch(() => {}) // its callers hear of it
      }
      return gathering
    },
    async idle () { await last },
  }
}
