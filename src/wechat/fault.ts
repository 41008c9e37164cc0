import { Problem } from '../errors.ts'
import type { Remedy } from './errcodes.ts'

export interface WechatFaultOptions {
  readonly errcode?: number | undefined
  readonly rid?: string | undefined
  readonly remedy?: Remedy | undefined
  readonly retryAfterSeconds?: number | undefined
  readonly wasRepeated?: boolean
  readonly connectionFailure?: string | undefined
}

/**
 * A call to WeChat that failed: WeChat refused it or gave no usable answer. Holds no input (it has secrets) and no errmsg (it may quote them), so it is
 * safe to log, and as the cause of a problem.
 */
export class WechatFault extends Error {
  /** Undefined where WeChat gave no usable answer: the call may or may not have been carried out. */
  readonly errcode: number | undefined
  /** The request id by which WeChat's support finds the call, for seven days. */
  readonly rid: string | undefined
  /** Undefined where trying later is all that may help. */
  readonly remedy: Remedy | undefined
  readonly retryAfterSeconds: number
  /** WeChat refused the repetition of a call that was lost: it may have carried out the first. */
  readonly wasRepeated: boolean
  /** Why there was no connection, as `failureReason` says it; undefined where there was one. */
  readonly connectionFailure: string | undefined

  constructor (message: string, { errcode, rid, remedy, retryAfterSeconds = 5, wasRepeated = false, connectionFailure }: WechatFaultOptions = {}) {
    super(message)
    this.name = 'WechatFault'
    this.errcode = errcode
    this.rid = rid
    this.remedy = remedy
    this.retryAfterSeconds = retryAfterSeconds
    this.wasRepeated = wasRepeated
    this.connectionFailure = connectionFailure
  }
}

/** Turns a fault into the problem that the client gets. Other errors, such as those of the store, stay as they are. */
export const asUnavailable = (error: unknown): unknown => error instanceof WechatFault
  ? new Problem('wechat-unavailable', { retryAfterSeconds: error.retryAfterSeconds, cause: error })
  : error
