/** One try to deliver a step. Redirects are not followed, and of an answer only the status counts, as standardwebhooks.com asks. */
import type { KeyObject } from 'node:crypto'
import type { Dispatcher } from 'undici'
import { afterDeadline } from '../deadline.ts'
import type { Clock } from '../login/ports.ts'
import { signatureHeaders } from './signature.ts'
import type { QueuedStep } from './step-batches.ts'

/** The specification recommends 15 to 30 s. */
const deadlineMs = 15_000

/** A longer body is cut off, with its connection. */
const maxBodyBytes = 4096

/** As long as a receiver may ask to be left alone. */
const maxRetryAfterMs = 3600_000

export interface Outcome {
  readonly isDelivered: boolean
  /** The receiver wants no more of them: 410. */
  readonly isGone: boolean
  /** For the log; nothing that the receiver has written. */
  readonly why: string
  readonly retryAfterMs: number
}

export type Post = (step: QueuedStep) => Promise<Outcome>

interface PostOptions {
  readonly url: string
  /** Each makes a signature. */
  readonly keys: readonly KeyObject[]
  readonly dispatcher: Dispatcher
  readonly clock: Clock
}

/** Creates the function that makes a try. It never rejects. */
export const createPost = ({ url, keys, dispatcher, clock }: PostOptions): Post => {
  const { origin, pathname, search } = new URL(url)
  return ({ id, at, step }) => new Promise((resolve) => {
    const body = JSON.stringify({ type: step.event, timestamp: new Date(at).toISOString(), data: step })
    let status = 0
    let retryAfterMs = 0
    let size = 0
    let isOver = false
    let abort = (): void => {}

    const settle = (why: string): void => {
      cancel()
      isOver = true
      resolve(status === 0 ? { isDelivered: false, isGone: false, why, retryAfterMs } : { isDelivered: isSuccess(status), isGone: status === 410, why: `status ${status}`, retryAfterMs })
    }
    const cancel = afterDeadline(clock, deadlineMs, () => {
      settle('no answer in time')
      abort()
    })

    dispatcher.dispatch({
      origin,
      path: pathname + search,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'user-agent': 'scan-login',
        ...signatureHeaders(keys, { id, timestamp: Math.floor(clock.now() / 1000), body }),
      },
      body,
    }, {
      // Once more where a lost call is repeated.
      onRequestStart: (controller) => {
        abort = () => { controller.abort(new Error('given up')) }
        if (isOver) abort() // it had to wait for a connection
      },
      onResponseStart: (_controller, statusCode, headers) => {
        status = statusCode
        retryAfterMs = retryAfter(headers['retry-after'])
      },
      onResponseData: (controller, part) => {
        size += part.length
        if (size > maxBodyBytes) controller.abort(new Error('the body is too long'))
      },
      onResponseEnd: () => { settle('') },
      onResponseError: (_controller, error) => { settle(codeOf(error)) },
    })
  })
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** Only seconds are read: a date would need that both clocks are right. */
const retryAfter = (value: unknown): number =>
  typeof value === 'string' && /^\d{1,6}$/.test(value) ? Math.min(Number(value) * 1000, maxRetryAfterMs) : 0

/** The code of an error, as its message may quote the URL. */
const codeOf = (error: Error): string => 'code' in error && typeof error.code === 'string' ? error.code : error.name
