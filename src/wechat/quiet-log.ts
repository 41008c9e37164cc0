/** A log in which nobody can cause a flood: what is told again within a minute is counted, and the count told with the next line. */
import { LRUCache } from 'lru-cache'
import type { Clock, Log } from '../login/ports.ts'

const everyMs = 60_000
/** Messages are ours and WeChat's error codes: far fewer than this. */
const maxMessages = 500

/** Wraps a log. Two lines are the same when level, endpoint, errcode and message are. */
export const createQuietLog = (log: Log, clock: Pick<Clock, 'steady'>): Log => {
  const told = new LRUCache<string, { at: number, repeated: number }>({ max: maxMessages })
  const quiet = (level: keyof Log): Log['info'] => (fields, message) => {
    const { endpoint, errcode } = fields as { endpoint?: unknown, errcode?: unknown }
    const key = [level, endpoint, errcode, message].join(' ')
    const last = told.get(key)
    const now = clock.steady()
    if (last !== undefined && now - last.at < everyMs) {
      last.repeated++
      return
    }
    told.set(key, { at: now, repeated: 0 })
    log[level](last !== undefined && last.repeated > 0 ? { ...fields, repeated: last.repeated } : fields, message)
  }
  return { info: quiet('info'), warn: quiet('warn'), error: quiet('error') }
}
