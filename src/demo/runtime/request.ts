/** `wx.request` on `fetch`, with WeChat's outcomes: any HTTP status is a success, no answer is a failure. */
import type { Callbacks } from './wx-method.ts'

export interface RequestOptions extends Callbacks {
  url: string
  method?: string
  data?: unknown
  header?: Record<string, string>
  timeout?: number
  dataType?: string
}

export interface Requests {
  readonly request: (options: RequestOptions) => { abort (): void }
  /** Aborts all pending requests with `request:fail <reason>`. */
  abortAll (reason: string): void
}

export interface RequestsOptions {
  /** WeChat's error text if no request is possible now, else undefined. */
  readonly blockedReason: () => string | undefined
  deliver (call: () => void): void
  /** Where a call is sent to. */
  routed (url: URL): URL
  /** The text of an answer as the mini program gets it. */
  translated (answer: string): string
  readonly timeoutMs: number
}

export const createRequests = ({ blockedReason, deliver, routed, translated, timeoutMs }: RequestsOptions): Requests => {
  /** The `fail` function of each pending request. */
  const pending = new Set<(reason: string) => void>()

  const request: Requests['request'] = (options) => {
    const controller = new AbortController()
    let timer = 0

    /** Delivers the first outcome only. */
    const settle = (callBack: () => void): void => {
      if (!pending.delete(fail)) return
      clearTimeout(timer)
      deliver(callBack)
    }
    const fail = (reason: string): void => {
      controller.abort()
      settle(() => {
        const failure = { errMsg: `request:fail ${reason}`.trim() }
        options.fail?.(failure)
        options.complete?.(failure)
      })
    }

    const send = async (): Promise<void> => {
      const reason = blockedReason()
      if (reason !== undefined) return fail(reason)
      timer = setTimeout(() => fail('timeout'), options.timeout ?? timeoutMs)
      const answer = await exchange(options, { url: routed(new URL(options.url)), translated, signal: controller.signal })
      settle(() => {
        options.success?.(answer)
        options.complete?.(answer)
      })
    }

    pending.add(fail)
    // Asynchronous, so that the caller has the task before any callback.
    Promise.resolve().then(send).catch(() => fail(''))
    return { abort: () => fail('abort') }
  }

  return {
    request,
    abortAll: (reason) => { for (const fail of [...pending]) fail(reason) },
  }
}

interface Exchange extends Pick<RequestsOptions, 'translated'> {
  readonly url: URL
  readonly signal: AbortSignal
}

const exchange = async ({ method = 'GET', data, header = {}, dataType = 'json' }: RequestOptions, { url, translated, signal }: Exchange) => {
  const upperMethod = method.toUpperCase()
  const headers = new Headers(header)
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  const reply = await fetch(url, { method: upperMethod, headers, body: bodyOf(upperMethod, data), signal, credentials: 'omit', cache: 'no-store' })
  const text = translated(await reply.text())
  return {
    statusCode: reply.status,
    header: Object.fromEntries(reply.headers),
    cookies: [],
    data: dataType === 'json' ? parseIfJson(text) : text,
    errMsg: 'request:ok',
  }
}

/** Only a text is sent as it is. Missing data becomes the JSON text `null`, as on the worst systems: others send `{}`, or nothing. */
const bodyOf = (method: string, data: unknown): string | null => {
  if (method === 'GET' || method === 'HEAD') return null
  return typeof data === 'string' ? data : JSON.stringify(data ?? null)
}

const parseIfJson = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
