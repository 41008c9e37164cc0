/** Owns the one error of this room: WeChat refused, or gave no answer that can be used. */
import { Problem } from '../errors.ts'
import type { Remedy } from './errcodes.ts'

export interface WechatFaultOptions {
  readonly errcode?: number | undefined
  readonly rid?: string | undefined
  readonly remedy?: Remedy | undefined
  readonly retryAfterSeconds?: number | undefined
}

/**
 * A call to WeChat that came to nothing. Holds no input and no errmsg of WeChat's, since the first has secrets and the second may
 * repeat them: it is safe to log, and to be the cause of a problem.
 */
export class WechatFault extends Error {
  /** Undefined where WeChat gave no usable answer: then nobody knows whether the call was carried out. */
  readonly errcode: number | undefined
  /** What WeChat's support can look the call up by, for seven days. */
  readonly rid: string | undefined
  /** Undefined where nothing is known but to try later. */
  readonly remedy: Remedy | undefined
  readonly retryAfterSeconds: number

  constructor (message: string, { errcode, rid, remedy, retryAfterSeconds = 5 }: WechatFaultOptions = {}) {
    super(message)
    this.name = 'WechatFault'
    this.errcode = errcode
    this.rid = rid
    this.remedy = remedy
    this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Turns a fault into the problem a client is told; whatever else was thrown (a fault of the store's) stays as it is. */
export const asUnavailable = (error: unknown): unknown => error instanceof WechatFault
  ? new Problem('wechat-unavailable', { retryAfterSeconds: error.retryAfterSeconds, cause: error })
  : error
