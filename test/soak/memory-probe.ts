/** Preloaded into the service: reports its memory in use to the parent process, after a full garbage collection. */
import { isMainThread } from 'node:worker_threads'

const everyMs = 5000

export interface MemoryMessage {
  readonly rss: number
  readonly heapUsed: number
  /** Microseconds of processor time since the start. */
  readonly cpu: number
}

if (isMainThread && process.send !== undefined) {
  setInterval(() => {
    globalThis.gc?.()
    const { rss, heapUsed } = process.memoryUsage()
    const { user, system } = process.cpuUsage()
    process.send?.({ rss, heapUsed, cpu: user + system } satisfies MemoryMessage)
  }, everyMs).unref()
  process.channel?.unref() // must not keep the service alive
}
