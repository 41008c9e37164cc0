/** The provider's answer to a call of Fastify's. It writes to a response of Node's: what it writes is collected, so that all hooks of the service hold for its answers, too. */
import { IncomingMessage, ServerResponse, type OutgoingHttpHeaders } from 'node:http'
import type { FastifyRequest } from 'fastify'

export interface CollectedAnswer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

/** Koa's listener. */
export type Listener = (request: IncomingMessage, response: ServerResponse) => Promise<unknown>

/** A response that goes nowhere. */
class CollectingResponse extends ServerResponse {
  readonly #chunks: Buffer[] = []

  override write (chunk: string | Buffer): boolean {
    this.#chunks.push(Buffer.from(chunk as string)) // a Buffer is copied as it is
    return true
  }

  override end (chunk?: unknown): this {
    if (typeof chunk === 'string' || Buffer.isBuffer(chunk)) this.write(chunk)
    Object.defineProperty(this, 'writableEnded', { value: true }) // Koa writes nothing more
    return this
  }

  get answer (): CollectedAnswer {
    return { status: this.statusCode, headers: this.getHeaders(), body: Buffer.concat(this.#chunks) }
  }
}

export interface CallOptions {
  /** What the service is called from outside; nothing that a visitor or a proxy says counts. */
  readonly publicUrl: string
  /** Where the provider's paths begin. */
  readonly mountPath: string
  /** Added to the visitor's cookies. */
  readonly cookie: { readonly name: string, readonly value: string | null }
}

/**
 * Calls the provider. It reads addresses from forwarded headers: those of PUBLIC_URL take their place. Its own session cookie is replaced, or left out where `value` is
 * null and the visitor's own one may stay.
 */
export const callProvider = async (listener: Listener, request: FastifyRequest, { publicUrl, mountPath, cookie }: CallOptions): Promise<CollectedAnswer> => {
  const { raw } = request
  const { protocol, host } = new URL(publicUrl)
  const { cookie: cookies = '' } = raw.headers
  const others = cookies.split(';').filter((pair) => cookie.value === null || pair.split('=')[0]?.trim() !== cookie.name)
  const before = { url: raw.url, headers: { ...raw.headers } }
  Object.assign(raw.headers, { 'x-forwarded-proto': protocol.slice(0, -1), 'x-forwarded-host': host, 'x-forwarded-for': request.ip, cookie: [...others, ...(cookie.value === null ? [] : [`${cookie.name}=${cookie.value}`])].join(';') })
  raw.url = (raw.url ?? '').slice(mountPath.length)
  Object.assign(raw, { originalUrl: before.url })
  const response = new CollectingResponse(raw)
  try {
    await listener(raw, response)
    return response.answer
  } finally {
    raw.url = before.url // the log reads it
    Object.assign(raw.headers, before.headers)
  }
}
