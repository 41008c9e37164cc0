import { waitUntil } from './waiting.ts'

/** A flush of a disk that takes until the test ends it. */
export interface SlowSync {
  readonly sync: () => Promise<void>
  /** How often it was called. */
  count (): number
  /** Resolves when it was called this often. */
  begun (times: number): Promise<void>
  /** Ends the oldest call under way, with an error or without. */
  end (error?: Error): void
}

export const createSlowSync = (): SlowSync => {
  const calls: PromiseWithResolvers<void>[] = []
  let count = 0
  return {
    sync () {
      count += 1
      const call = Promise.withResolvers<void>()
      calls.push(call)
      return call.promise
    },
    count: () => count,
    begun: async (times) => { await waitUntil(() => count >= times) },
    end (error) {
      const call = calls.shift()
      if (error === undefined) call?.resolve()
      else call?.reject(error)
    },
  }
}
