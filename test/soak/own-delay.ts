/** How late this process' own event loop was, second by second: what an answer had to wait for here is not the service's doing. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { OwnDelay } from './report.ts'

const resolutionMs = 20
const everyMs = 1000
/** What is shorter excuses nothing. */
const worthMs = 50
const perMs = 1e6

export interface OwnDelays {
  readonly spans: readonly OwnDelay[]
  /** Over the whole run. */
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
    if (ms > worthMs) spans.push({ startMs, endMs, ms })
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
