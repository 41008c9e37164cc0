/** One exchange with WeChat. Straight on a dispatcher, as undici's `request` makes a stream for each small answer, which costs more than the rest of the call. */
import type { Dispatcher } from 'undici'
import { WechatFault } from './fault.ts'

export interface Exchange {
  readonly url: URL
  /** The body of a POST. Without it the call is a GET. */
  readonly json: object | undefined
  /** Ends the exchange with its reason. */
  readonly signal: AbortSignal
}

/** The largest code, with 1280 pixels, stays well below. */
const maxBytes = 2 * 1024 * 1024

export interface WholeAnswer {
  readonly status: number
  readonly bytes: Buffer
  /** The call was lost with a kept connection, and this answers its repetition: WeChat may have carried out the first. */
  readonly wasRepeated: boolean
}

/** Resolves with the whole answer. Rejects with a `WechatFault` where that is longer than any of WeChat's, and otherwise as undici does. */
export const exchange = (dispatcher: Dispatcher, { url, json, signal }: Exchange): Promise<WholeAnswer> =>
  new Promise((resolve, reject) => {
    let starts = 0
    let status = 0
    let size = 0
    const parts: Buffer[] = []
    let abort = (): void => {}
    const settled = (): void => { signal.removeEventListener('abort', abort) }
    dispatcher.dispatch({
      origin: url.origin,
      path: url.pathname + url.search,
      ...json === undefined
        ? { method: 'GET' }
        : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) },
    }, {
      // Once more where a lost call is repeated.
      onRequestStart: (controller) => {
        starts++
        settled()
        abort = () => { controller.abort(signal.reason) }
        if (signal.aborted) abort()
        else signal.addEventListener('abort', abort, { once: true })
      },
      onResponseStart: (_controller, statusCode) => { status = statusCode },
      onResponseData: (controller, part) => {
        size += part.length
        if (size > maxBytes) controller.abort(new WechatFault('the answer is too large'))
        else parts.push(part)
      },
      onResponseEnd: () => {
        settled()
        resolve({ status, bytes: Buffer.concat(parts), wasRepeated: starts > 1 })
      },
      onResponseError: (_controller, error) => {
        settled()
        reject(error)
      },
    })
  })
