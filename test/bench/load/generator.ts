/** What the load generator itself does meanwhile: where it is busy or late, its figures say little about a service. */
import { monitorEventLoopDelay } from 'node:perf_hooks'

export interface GeneratorUse {
  /** Of one processor. */
  readonly cpuShare: number
  /** Of its own event loop. */
  readonly delayP99Ms: number
}

const resolutionMs = 1
const nsPerMs = 1e6

/** Starts watching this process; the returned function ends that. */
export const watchGenerator = (): (() => GeneratorUse) => {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  const [startMs, cpu] = [performance.now(), process.cpuUsage()]
  delay.enable()
  return () => {
    delay.disable()
    const { user, system } = process.cpuUsage(cpu)
    return { cpuShare: (user + system) / 1000 / (performance.now() - startMs), delayP99Ms: Math.max(0, delay.percentile(99) / nsPerMs - resolutionMs) }
  }
}
