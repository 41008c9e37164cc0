/** A reverse proxy that asks the service before each request, as Caddy's `forward_auth` does: the demo needs no program that npm doesn't bring. */
import { createServer, request as call, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, type Server, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'

export interface ForwardAuthProxyOptions {
  /** PUBLIC_URL of the service, which has this proxy in TRUST_PROXY. */
  readonly serviceUrl: string
  /** The address of the app. */
  readonly appUrl: string
}

/** What the service says of a visitor. Apps believe these headers, so none may come from the visitor: CGI, WSGI and PHP read `Remote_User` as the same. */
const identity = ['remote-user', 'remote-name', 'remote-email', 'remote-groups']
const isIdentity = /^remote[-_]/
const isForwarded = /^(?:x[-_]forwarded[-_]|forwarded$|x[-_]real[-_]ip$|x[-_]original[-_])/
/** Headers of one connection (RFC 9110 §7.6.1). */
const ofConnection = new Set(['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'])

const without = (headers: IncomingHttpHeaders, ...more: string[]): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !isIdentity.test(name) && !isForwarded.test(name) && !ofConnection.has(name) && !more.includes(name)))

export const createForwardAuthProxy = ({ serviceUrl, appUrl }: ForwardAuthProxyOptions): Server => {
  const ask = async (request: IncomingMessage): Promise<IncomingMessage> => await answerOf(call(`${serviceUrl}/api/forward-auth`, {
    headers: {
      ...without(request.headers, 'host', 'content-length', 'content-type', 'expect'),
      'x-forwarded-for': request.socket.remoteAddress,
      'x-forwarded-method': request.method,
      'x-forwarded-proto': 'http',
      'x-forwarded-host': request.headers.host,
      'x-forwarded-uri': request.url,
    },
  }).end())

  const passOn = async (request: IncomingMessage, said: IncomingHttpHeaders): Promise<IncomingMessage> => {
    const passed = call(appUrl + request.url, { method: request.method, headers: { ...without(request.headers), ...Object.fromEntries(identity.map((name) => [name, said[name] ?? ''])) } })
    const answer = answerOf(passed)
    await Promise.all([answer, pipeline(request, passed)])
    return await answer
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const said = await ask(request)
    if (said.statusCode !== 200) return await relay(said, response) // to the login, or a refusal
    said.resume()
    await relay(await passOn(request, said.headers), response)
  }
  return createServer((request, response) => {
    handle(request, response).catch(() => {
      if (!response.headersSent) response.writeHead(502)
      response.end()
    })
  })
}

const answerOf = (request: ReturnType<typeof call>): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => { request.once('response', resolve).once('error', reject) })

const relay = async (answer: IncomingMessage, response: ServerResponse): Promise<void> => {
  response.writeHead(answer.statusCode ?? 502, without(answer.headers))
  await pipeline(answer, response)
}
