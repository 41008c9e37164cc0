/** Loaded into the service before its own code: tells the process that started it how much memory is in use, after a full collection, so that garbage doesn't count. */
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
  process.channel?.unref() // the service ends when its own work does
}
