/**
 * Repeats a call once, on a fresh connection, where a kept connection died before a byte of the answer came: a server may close an idle connection at the moment
 * of a call. It may have carried that call out all the same, and none of ours does harm twice. WeChat makes codes and links again, a forced
 * refresh of the token within 30 s returns what the first one made, and a js_code is then said to be used: the phone brings another, and no limit counts it. A webhook's
 * receiver knows a repeated event by its id.
 */
import { Client, type buildConnector, type Dispatcher } from 'undici'

type Handler = Dispatcher.DispatchHandler

/** The error of a call that was lost with its kept connection. */
class CallLost extends Error {}

/** How a connection ends that the other side has closed or reset. */
const lossCodes: ReadonlySet<unknown> = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'])

/** Creates undici's client, which has one connection at a time. A call that was lost with a kept connection fails with `CallLost`. */
export const createKeptClient = (origin: string | URL, { connect, ...options }: Client.Options & { readonly connect: buildConnector.connector }): Client => {
  let socket: { readonly bytesRead: number } | null = null
  let hadCalls = false
  const client = new Client(origin, {
    ...options,
    connect: (target, callback) => {
      connect(target, (...result) => {
        socket = result[1]
        hadCalls = false
        callback(...result)
      })
    },
  })
  const dispatch = client.dispatch.bind(client)
  client.dispatch = (call, handler) => {
    let isKept = false
    let bytesBefore = 0
    return dispatch(call, {
      ...delegateTo(handler),
      onRequestStart: (controller, context) => {
        isKept = hadCalls
        hadCalls = true
        bytesBefore = socket?.bytesRead ?? 0
        handler.onRequestStart?.(controller, context)
      },
      onResponseError: (controller, error) => {
        const isLost = isKept && socket?.bytesRead === bytesBefore && lossCodes.has((error as NodeJS.ErrnoException).code)
        handler.onResponseError?.(controller, isLost ? new CallLost() : error)
      },
    })
  }
  return client
}

/** Returns a dispatcher like `kept`, whose clients are `createKeptClient`'s, that makes lost calls once more through `fresh`. */
export const repeatLostCalls = (kept: Dispatcher, fresh: Dispatcher): Dispatcher => kept.compose((dispatch) => (call, handler) => dispatch(call, {
  ...delegateTo(handler),
  onResponseError: (controller, error) => {
    if (error instanceof CallLost) fresh.dispatch(call, handler)
    else handler.onResponseError?.(controller, error)
  },
}))

const delegateTo = (handler: Handler): Handler => ({
  onRequestStart: (...args) => handler.onRequestStart?.(...args),
  onRequestUpgrade: (...args) => handler.onRequestUpgrade?.(...args),
  onResponseStart: (...args) => handler.onResponseStart?.(...args),
  onResponseData: (...args) => handler.onResponseData?.(...args),
  onResponseEnd: (...args) => handler.onResponseEnd?.(...args),
  onResponseError: (...args) => handler.onResponseError?.(...args),
})
