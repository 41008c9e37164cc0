/** Owns how often a call may be made in a time: counted from each full second, minute or day on. */
import type { Clock } from '../../login/ports.ts'
import { ErrcodeError } from './errors.ts'

/** Makes a counter that throws `errcode` for each call beyond what `limit` allows just then. */
export const createQuota = (clock: Pick<Clock, 'now'>, periodMs: number, limit: () => number, errcode: number) => {
  let period = { number: 0, calls: 0 }
  return (): void => {
    const number = Math.floor(clock.now() / periodMs)
    period = { number, calls: number === period.number ? period.calls + 1 : 1 }
    if (period.calls > limit()) throw new ErrcodeError(errcode)
  }
}
