/** Owns `wx.request`: a real fetch that ends the ways WeChat's do. Any status is a success; no answer is a failure. */
import type { Callbacks } from './answer.ts'

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
  /** Ends every request that is under way with `request:fail <why>`. */
  cut (why: string): void
}

export interface RequestsOptions {
  /** Why no request can be made now, in WeChat's words; undefined where one can. */
  readonly refusal: () => string | undefined
  deliver (call: () => void): void
  readonly timeoutMs: number
}

export const createRequests = ({ refusal, deliver, timeoutMs }: RequestsOptions): Requests => {
  const underWay = new Set<(why: string) => void>()

  const request: Requests['request'] = (options) => {
    const aborting = new AbortController()
    let timer = 0

    /** Tells of the first end only. */
    const end = (tell: () => void): void => {
      if (!underWay.delete(cut)) return
      clearTimeout(timer)
      deliver(tell)
    }
    const cut = (why: string): void => {
      aborting.abort()
      end(() => {
        const failure = { errMsg: `request:fail ${why}`.trim() }
        options.fail?.(failure)
        options.complete?.(failure)
      })
    }

    const send = async (): Promise<void> => {
      const why = refusal()
      if (why !== undefined) return cut(why)
      timer = setTimeout(() => cut('timeout'), options.timeout ?? timeoutMs)
      const answer = await exchange(options, aborting.signal)
      end(() => {
        options.success?.(answer)
        options.complete?.(answer)
      })
    }

    underWay.add(cut)
    // Never before the caller has its task.
    Promise.resolve().then(send).catch(() => cut(''))
    return { abort: () => cut('abort') }
  }

  return {
    request,
    cut: (why) => { for (const cut of [...underWay]) cut(why) },
  }
}

const exchange = async ({ url, method = 'GET', data, header = {}, dataType = 'json' }: RequestOptions, signal: AbortSignal) => {
  const verb = method.toUpperCase()
  const headers = new Headers(header)
  if (!headers.has('content-type')) headers.set('content-type', 'application/json')
  const body = data === undefined || verb === 'GET' || verb === 'HEAD' ? null : typeof data === 'string' ? data : JSON.stringify(data)
  const reply = await fetch(new URL(url), { method: verb, headers, body, signal, credentials: 'omit', cache: 'no-store' })
  const text = await reply.text()
  return {
    statusCode: reply.status,
    header: Object.fromEntries(reply.headers),
    cookies: [],
    data: dataType === 'json' ? parsed(text) : text,
    errMsg: 'request:ok',
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
