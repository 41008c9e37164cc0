/** Owns the sharing of work inside one process: callers who want the same at the same time get one run of it. */

/** Makes a runner: `work` starts unless a run for `key` is under way; everybody gets that run's outcome, nobody a former one's. */
export const createSingleFlight = <T> () => {
  const underWay = new Map<string, Promise<T>>()
  return (key: string, work: () => Promise<T>): Promise<T> => {
    const joined = underWay.get(key)
    if (joined !== undefined) return joined
    const run = work().finally(() => { underWay.delete(key) })
    underWay.set(key, run)
    return run
  }
}
