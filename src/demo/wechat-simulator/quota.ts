/** Quotas of calls in fixed windows: a full second, minute or day. */
import type { Clock } from '../../login/ports.ts'
import { ErrcodeError } from './errors.ts'

/** Makes a counter that throws an `ErrcodeError` for each call beyond `limit()` in the current window. */
export const createQuota = (clock: Pick<Clock, 'now'>, windowMs: number, limit: () => number, errcode: number) => {
  let window = { number: 0, calls: 0 }
  return (): void => {
    const number = Math.floor(clock.now() / windowMs)
    window = { number, calls: number === window.number ? window.calls + 1 : 1 }
    if (window.calls > limit()) throw new ErrcodeError(errcode)
  }
}
