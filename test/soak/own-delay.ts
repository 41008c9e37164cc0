/** The delay of this process' own event loop, second by second: time that an answer waited here isn't the service's fault. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { OwnDelay } from './report.ts'

const resolutionMs = 20
const everyMs = 1000
/** Shorter delays are ignored. */
const minDelayMs = 50
const perMs = 1e6

export interface OwnDelays {
  readonly spans: readonly OwnDelay[]
  /** Of the whole run. */
  p99Ms (): number
  stop (): void
}

export const watchOwnDelay = (): OwnDelays => {
  const spans: OwnDelay[] = []
  const [ofSecond, ofRun] = [monitorEventLoopDelay({ resolution: resolutionMs }), monitorEventLoopDelay({ resolution: resolutionMs })]
  ofSecond.enable()
  ofRun.enable()
  let startMs = performance.now()
  const take = (): void => {
    const endMs = performance.now()
    const ms = ofSecond.max / perMs - resolutionMs
    if (ms > minDelayMs) spans.push({ startMs, endMs, ms })
    ofSecond.reset()
    startMs = endMs
  }
  const timer = setInterval(take, everyMs)
  return {
    spans,
    p99Ms: () => Math.max(0, ofRun.percentile(99) / perMs - resolutionMs),
    stop: () => {
      clearInterval(timer)
      take()
      ofSecond.disable()
      ofRun.disable()
    },
  }
}
