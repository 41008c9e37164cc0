/** One try to deliver a step. Redirects are not followed, and of an answer only the status counts, as standardwebhooks.com asks. */
import type { KeyObject } from 'node:crypto'
import type { Dispatcher } from 'undici'
import type { Clock } from '../login/ports.ts'
import { isSuccess, post, type PostAnswer } from '../outgoing/post.ts'
import { signatureHeaders } from './signature.ts'
import type { QueuedStep } from './step-batches.ts'

/** The specification recommends 15 to 30 s. */
export const deadlineMs = 15_000

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

export interface Message {
  readonly id: string
  readonly type: string
  /** When it was made. Milliseconds since 1970. */
  readonly at: number
  readonly data: object
}

/** Signs a message and posts it. Never rejects. */
export const postMessage = ({ url, keys, dispatcher, clock }: PostOptions, { id, type, at, data }: Message): Promise<PostAnswer> => {
  const body = JSON.stringify({ type, timestamp: new Date(at).toISOString(), data })
  const headers = { 'content-type': 'application/json', ...signatureHeaders(keys, { id, timestamp: Math.floor(clock.now() / 1000), body }) }
  return post(dispatcher, clock, { url, headers, body, deadlineMs })
}

/** Creates the function that makes a try. It never rejects. */
export const createPost = (options: PostOptions): Post => async ({ id, at, step }) => {
  const { status, why, retryAfterMs } = await postMessage(options, { id, type: step.event, at, data: step })
  return { isDelivered: isSuccess(status), isGone: status === 410, why, retryAfterMs }
}
