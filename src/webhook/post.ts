/** One try to deliver a step. Redirects are not followed, and of an answer only the status counts, as standardwebhooks.com asks. */
import type { KeyObject } from 'node:crypto'
import type { Dispatcher } from 'undici'
import type { Clock } from '../login/ports.ts'
import { isSuccess, post } from '../outgoing/post.ts'
import { signatureHeaders } from './signature.ts'
import type { QueuedStep } from './step-batches.ts'

/** The specification recommends 15 to 30 s. */
const deadlineMs = 15_000

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
export const createPost = ({ url, keys, dispatcher, clock }: PostOptions): Post => async ({ id, at, step }) => {
  const body = JSON.stringify({ type: step.event, timestamp: new Date(at).toISOString(), data: step })
  const headers = { 'content-type': 'application/json', ...signatureHeaders(keys, { id, timestamp: Math.floor(clock.now() / 1000), body }) }
  const { status, ...rest } = await post(dispatcher, clock, { url, headers, body, deadlineMs })
  return { isDelivered: isSuccess(status), isGone: status === 410, ...rest }
}
