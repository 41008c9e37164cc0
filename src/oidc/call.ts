/** The provider's answer to a call of Fastify's. It writes to a response of Node's: what it writes is collected, so that all hooks of the service hold for its answers, too. */
import { IncomingMessage, ServerResponse, type OutgoingHttpHeaders } from 'node:http'
import { Socket } from 'node:net'
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
  /** The visitor's address. */
  readonly address: string
  /** Added to the visitor's cookies. */
  readonly cookie: { readonly name: string, readonly value: string | null }
}

/** What a call asks for, below the path of the provider. A client may send the whole address (RFC 9112 §3.2.2). */
export const targetOf = ({ url }: Pick<FastifyRequest, 'url'>, mountPath: string): string => url.replace(/^https?:\/\/[^/?#]*/i, '').slice(mountPath.length)

/**
 * The provider's view of a call. A request of its own: it reads addresses from forwarded headers, where those of PUBLIC_URL stand here, and has a session cookie that no
 * hook and no log may see, also where the service has answered in the meantime. The session cookie takes the place of the visitor's own one, which may stay where
 * `value` is null.
 */
export const providerRequest = (request: FastifyRequest, { publicUrl, mountPath, address, cookie }: CallOptions): IncomingMessage => {
  const { raw: { method, headers } } = request
  const target = targetOf(request, mountPath)
  const { protocol, host } = new URL(publicUrl)
  const others = (headers.cookie ?? '').split(';').filter((pair) => cookie.value === null || pair.split('=')[0]?.trim() !== cookie.name)
  const body = Buffer.isBuffer(request.body) ? request.body : null
  const { 'transfer-encoding': _coding, ...kept } = headers
  const own = new IncomingMessage(new Socket()) // connected to nothing: whatever the provider does to it ends there
  Object.assign(own, { method, url: target, originalUrl: `${mountPath}${target}`, complete: true })
  own.headers = {
    ...kept,
    ...body !== null && { 'content-length': String(body.length) },
    'x-forwarded-proto': protocol.slice(0, -1),
    'x-forwarded-host': host,
    'x-forwarded-for': address,
    cookie: [...others, ...cookie.value === null ? [] : [`${cookie.name}=${cookie.value}`]].join(';'),
  }
  if (body !== null) own.push(body)
  own.push(null)
  return own
}

/** Calls the provider. */
export const callProvider = async (listener: Listener, request: IncomingMessage): Promise<CollectedAnswer> => {
  const response = new CollectingResponse(request)
  await listener(request, response)
  return response.answer
}
