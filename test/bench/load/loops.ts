/** Two ways to make load. A closed loop shows what a service can do; only an open one shows how long visitors wait, as a stalled service doesn't slow it down. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Does work `count` times, `width` at a time, and resolves with how long that took in ms. Rejects with the first failure. */
export const closedLoop = async ({ width, count, work }: { readonly width: number, readonly count: number, readonly work: () => Promise<unknown> }): Promise<number> => {
  const start = performance.now()
  let left = count
  await Promise.all(Array.from({ length: width }, async () => { while (left-- > 0) await work() }))
  return performance.now() - start
}

export interface OpenLoop<T> {
  readonly perSecond: number
  readonly seconds: number
  readonly work: () => Promise<T>
}

/** Begins work at fixed moments, whether or not earlier work is over. Resolves with all results. Rejects with the first failure. */
export const openLoop = async <T>({ perSecond, seconds, work }: OpenLoop<T>): Promise<T[]> => {
  const start = performance.now()
  const everyMs = 1000 / perSecond
  const count = Math.max(1, Math.round(perSecond * seconds))
  const results: Array<Promise<T>> = []
  for (let n = 0; n < count; n++) {
    const leftMs = start + n * everyMs - performance.now()
    if (leftMs > 0) await sleep(leftMs)
    const result = work()
    result.catch(() => {}) // reported below
    results.push(result)
  }
  return await Promise.all(results)
}
