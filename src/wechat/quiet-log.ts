/** A log that visitors can't flood: repetitions of a line within a minute are counted, and the next such line has the count. */
import { LRUCache } from 'lru-cache'
import type { Clock, Log } from '../login/ports.ts'

const windowMs = 60_000
/** There are far fewer different lines: messages are our own, and errcodes a few dozen. */
const maxLines = 500

/** Wraps a log. Two lines are the same where level, endpoint, errcode and message are. */
export const createQuietLog = (log: Log, clock: Pick<Clock, 'steady'>): Log => {
  const recent = new LRUCache<string, { at: number, repeated: number }>({ max: maxLines })
  const quiet = (level: keyof Log): Log['info'] => (fields, message) => {
    const { endpoint, errcode } = fields as { endpoint?: unknown, errcode?: unknown }
    const key = [level, endpoint, errcode, message].join(' ')
    const last = recent.get(key)
    const now = clock.steady()
    if (last !== undefined && now - last.at < windowMs) {
      last.repeated++
      return
    }
    recent.set(key, { at: now, repeated: 0 })
    const write = log[level] as Log['info'] // whoever calls `warn` or `error` has been asked for a code
    write.call(log, last !== undefined && last.repeated > 0 ? { ...fields, repeated: last.repeated } : fields, message)
  }
  return { info: quiet('info'), warn: quiet('warn'), error: quiet('error') }
}
