/** Owns how busy the machine is: again and again each instance is asked for an answer that needs nothing behind it. Says nothing of faults. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { History } from './history.ts'
import type { World } from './world.ts'

/** Milliseconds. */
const everyMs = 200
/** What is quicker is not worth a line. Milliseconds. */
const slowMs = 20

/** Takes the pulse of every instance until the returned function is called. */
export const takePulse = ({ instances }: World, history: History): () => Promise<void> => {
  const stopping = new AbortController()
  const watch = async (instance: number): Promise<void> => {
    while (!stopping.signal.aborted) {
      const start = performance.now()
      const answer = await instances[instance]?.call({ path: '/health/live' }).catch(() => undefined)
      const end = performance.now()
      if (answer !== undefined && end - start > slowMs) history.add({ type: 'pulse', instance, start, end })
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {}) // called off
    }
  }
  const all = instances.map((_, instance) => watch(instance))
  return async () => {
    stopping.abort()
    await Promise.all(all)
  }
}
