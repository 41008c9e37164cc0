/** Owns the real time as a Clock, for tests whose other end is a real server. */
import type { Clock } from '../../src/login/ports.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  after (ms, call) {
    const timer = setTimeout(call, ms).unref()
    return () => { clearTimeout(timer) }
  },
}
