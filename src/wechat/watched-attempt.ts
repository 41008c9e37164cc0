import type { Clock } from '../login/ports.ts'
import type { Endpoint } from './endpoints.ts'
import { isKnownErrcode } from './errcodes.ts'
import { WechatFault } from './fault.ts'

/** One call as it went to WeChat; its retries are calls of their own. */
export interface WatchedCall {
  readonly endpoint: Endpoint
  /** `refused`: WeChat answered with an errcode; `failed`: it gave no usable answer. */
  readonly outcome: 'ok' | 'refused' | 'failed'
  /** Of a refusal; `other` where it isn't in our table, so that there are few. */
  readonly errcode: string | null
  readonly ms: number
}

export type OnWechatCall = (call: WatchedCall) => void

/** Does the work of a call, and reports how it ended. */
export const watchedAttempt = async <T>(endpoint: Endpoint, work: () => Promise<T>, clock: Pick<Clock, 'steady'>, onCall: OnWechatCall): Promise<T> => {
  const start = clock.steady()
  try {
    const result = await work()
    onCall({ endpoint, outcome: 'ok', errcode: null, ms: clock.steady() - start })
    return result
  } catch (error) {
    const errcode = error instanceof WechatFault ? error.errcode : undefined
    const known = errcode === undefined ? null : isKnownErrcode(errcode) ? String(errcode) : 'other'
    onCall({ endpoint, outcome: known === null ? 'failed' : 'refused', errcode: known, ms: clock.steady() - start })
    throw error
  }
}
