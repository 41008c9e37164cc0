/** The HTTP server under the app: its time limits, and what it does with events for which Node has no safe answer of its own. */
import { createServer, type RequestListener, type Server } from 'node:http'
import type { FastifyBaseLogger } from 'fastify'
import { Problem } from '../errors.ts'
import { limitConnections, type ConnectionOptions } from './connections.ts'
import { refuseSocket } from './malformed-requests.ts'

export interface HttpServerOptions extends ConnectionOptions {
  /** How long a poll is held at most. Milliseconds. */
  readonly maxWaitMs: number
  readonly log: FastifyBaseLogger
}

/** To receive a request, head and body each from its beginning; a held answer is not counted. */
const receiveMs = 10_000
/** Longer than balancers keep an idle connection, so that it is they who close it. */
const keepAliveMs = 72_000
/** Idle-socket timeout on top of MAX_WAIT: a client that has stopped reading is disconnected. */
const stalledMs = 10_000

/** Makes the server. Node's own refusals are turned off where they are no problems of ours. */
export const createHttpServer = (handler: RequestListener, { maxWaitMs, log, ...options }: HttpServerOptions): Server => {
  const limited = limitConnections(handler, options)
  const server = createServer({
    headersTimeout: receiveMs,
    requestTimeout: receiveMs,
    connectionsCheckingInterval: 2000,
    keepAliveTimeout: keepAliveMs,
    requireHostHeader: false,
  }, limited.handler)
  server.setTimeout(maxWaitMs + stalledMs)
  // For as long as a socket lives: Node takes its own listener away when it hands the socket over ('connect', 'upgrade'), and an error that nobody listens for ends the process.
  server.on('connection', (socket) => { socket.on('error', () => {}) })
  limited.watch(server)
  server.on('connect', (_request, socket) => { refuseSocket(socket, new Problem('bad-request')) })
  // RFC 9110 §10.1.1: an expectation that a server does not know it may leave alone.
  server.on('checkExpectation', (request, response) => { server.emit('request', request, response) })
  // Out of file descriptors, for example. Whoever starts the server hears of errors before that.
  server.on('error', (err) => { if (server.listening) log.error({ err }, 'a connection could not be accepted') })
  return server
}
