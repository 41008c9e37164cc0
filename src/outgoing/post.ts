/** One call of which the answer's status counts alone. Redirects are not followed, and of a body only so much is read that the connection can be used again. */
import type { Dispatcher } from 'undici'
import { afterDeadline } from '../deadline.ts'
import type { Timer } from '../timer-queue.ts'
import { failureReason } from './failure-reason.ts'

/** A longer body is cut off, with its connection. */
const maxBodyBytes = 4096

/** As long as a receiver may ask to be left alone. */
const maxRetryAfterMs = 3600_000

export interface PostAnswer {
  /** 0 where there was none. */
  readonly status: number
  /** For the log; nothing that the receiver has written. */
  readonly why: string
  readonly retryAfterMs: number
}

export interface HeadAnswer extends PostAnswer {
  /** When it was made, by the server's clock in whole seconds; NaN where it doesn't say that, or comes from a cache. Milliseconds since 1970. */
  readonly date: number
}

export interface PostCall {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly deadlineMs: number
}

/** Posts. Never rejects. */
export const post = (dispatcher: Dispatcher, timer: Timer, call: PostCall): Promise<PostAnswer> => send(dispatcher, timer, { method: 'POST', ...call })

/** Asks whether something answers at an address, and leaves nothing there. Never rejects. */
export const head = (dispatcher: Dispatcher, timer: Timer, call: Pick<PostCall, 'url' | 'deadlineMs'>): Promise<HeadAnswer> => send(dispatcher, timer, { method: 'HEAD', headers: {}, body: null, ...call })

type Call = Omit<PostCall, 'body'> & { readonly method: 'POST' | 'HEAD', readonly body: string | null }

const send = (dispatcher: Dispatcher, timer: Timer, { url, method, headers, body, deadlineMs }: Call): Promise<HeadAnswer> => new Promise((resolve) => {
  const { origin, pathname, search } = new URL(url)
  let status = 0
  let retryAfterMs = 0
  let date = NaN
  let size = 0
  let isOver = false
  let abort = (): void => {}

  const settle = (why: string): void => {
    cancel()
    isOver = true
    resolve({ status, why: status === 0 ? why : `status ${status}`, retryAfterMs, date })
  }
  const cancel = afterDeadline(timer, deadlineMs, () => {
    settle('no answer in time')
    abort()
  })

  dispatcher.dispatch({ origin, path: pathname + search, method, headers: { 'user-agent': 'scan-login', ...headers }, body }, {
    // Once more where a lost call is repeated.
    onRequestStart: (controller) => {
      abort = () => { controller.abort(new Error('given up')) }
      if (isOver) abort() // it had to wait for a connection
    },
    onResponseStart: (_controller, statusCode, answered) => {
      status = statusCode
      retryAfterMs = retryAfter(answered['retry-after'])
      date = answered.age === undefined ? Date.parse(String(answered.date)) : NaN
    },
    onResponseData: (controller, part) => {
      size += part.length
      if (size > maxBodyBytes) controller.abort(new Error('the body is too long'))
    },
    onResponseEnd: () => { settle('') },
    onResponseError: (_controller, error) => { settle(failureReason(error)) },
  })
})

export const isSuccess = (status: number): boolean => status >= 200 && status < 300

/** Only seconds are read: a date would need that both clocks are right. */
const retryAfter = (value: unknown): number =>
  typeof value === 'string' && /^\d{1,6}$/.test(value) ? Math.min(Number(value) * 1000, maxRetryAfterMs) : 0
