/** HTTP calls of the doctor's: each over a connection of its own, with an end, and with whatever certificate: `check-public-url.ts` judges that. */
import { request as requestHttp, type IncomingHttpHeaders, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { ownVersion } from '../../version.ts'

export interface CallOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body?: string
  readonly withinMs?: number
}

/** A whole answer. */
export interface CallAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Of the doctor's end of the connection. */
  readonly localAddress: string
  readonly tookMs: number
}

/** No answer, or one that was cut off. */
export interface CallFailure {
  readonly status: null
  /** What happened, as the end of a sentence. */
  readonly error: string
  readonly tookMs: number
}

const userAgent = `scan-login-doctor/${ownVersion()}` // read once: a run makes some dozens of calls
const answerWithinMs = 10_000
/** Nothing that the doctor asks for is nearly as long. */
const maxBytes = 1_000_000

/** Calls an address. Never rejects, and always ends. */
export const call = async (url: string, { method = 'GET', headers = {}, body, withinMs = answerWithinMs }: CallOptions = {}): Promise<CallAnswer | CallFailure> => {
  const begin = performance.now()
  const tookMs = (): number => Math.round(performance.now() - begin)
  const { promise, resolve, reject } = Promise.withResolvers<CallAnswer>()
  const timer = setTimeout(() => { reject(new Error(`no answer within ${Math.round(withinMs / 1000)} s`)) }, withinMs)
  const options = {
    method,
    agent: false,
    headers: { 'user-agent': userAgent, ...body !== undefined && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(body)) }, ...headers },
    ...url.startsWith('https:') && { rejectUnauthorized: false },
  }
  const request = (url.startsWith('https:') ? requestHttps : requestHttp)(url, options, (answer: IncomingMessage) => {
    const localAddress = answer.socket.localAddress ?? ''
    const chunks: Buffer[] = []
    let bytes = 0
    answer.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > maxBytes) reject(new Error('the answer has no end'))
      chunks.push(chunk)
    })
    answer.on('error', reject)
    answer.on('end', () => { resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text: Buffer.concat(chunks).toString(), localAddress, tookMs: tookMs() }) })
  })
  request.on('error', reject)
  request.end(body)
  try {
    return await promise
  } catch (error) {
    return { status: null, error: reasonOf(error), tookMs: tookMs() }
  } finally {
    clearTimeout(timer)
    request.destroy()
  }
}

/** The message of an error. One for several addresses (happy eyeballs) has none of its own. */
export const reasonOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.message === '') return [...new Set(error.errors.map(reasonOf))].join(', ')
  return error instanceof Error ? error.message : String(error)
}
