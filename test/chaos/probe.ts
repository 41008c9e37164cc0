/** Measures how busy the machine is, by calls to each instance that need neither store nor WeChat. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { History } from './history.ts'
import type { World } from './world.ts'

const everyMs = 200
/** Quicker answers are not recorded. */
const slowMs = 20

/** Probes every instance until the returned function is called. */
export const startProbes = ({ instances }: World, history: History): () => Promise<void> => {
  const stopping = new AbortController()
  const probe = async (instance: number): Promise<void> => {
    while (!stopping.signal.aborted) {
      const start = performance.now()
      const answer = await instances[instance]?.call({ path: '/health/live' }).catch(() => undefined)
      const end = performance.now()
      if (answer !== undefined && end - start > slowMs) history.add({ type: 'probe', instance, start, end })
      await sleep(everyMs, undefined, { signal: stopping.signal }).catch(() => {}) // aborted
    }
  }
  const all = instances.map((_, instance) => probe(instance))
  return async () => {
    stopping.abort()
    await Promise.all(all)
  }
}
