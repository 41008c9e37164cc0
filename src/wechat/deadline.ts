/** Owns how long a visitor's call may take, however many calls to WeChat and the store it is made of. */
import { withDeadline } from '../deadline.ts'
import type { Clock } from '../login/ports.ts'
import { WechatFault } from './fault.ts'

/** Less than the 6 s within which every fault behind the service is answered (CONTRACT "Errors"), by what a busy machine may add. */
export const budgetMs = 4_500

export interface Deadline {
  leftMs (): number
  /** Settles as `work` does, or rejects with a fault once the time is up; the work itself goes on. */
  race<T> (work: Promise<T>): Promise<T>
}

export const createDeadline = (clock: Clock, ms = budgetMs): Deadline => {
  const end = clock.steady() + ms
  const leftMs = (): number => Math.max(0, end - clock.steady())
  return {
    leftMs,
    race: (work) => withDeadline(clock, leftMs(), () => work, { late: () => new WechatFault('The time for this call is up') }),
  }
}

export const sleep = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => { clock.after(ms, resolve) })
