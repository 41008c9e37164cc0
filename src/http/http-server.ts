/** The HTTP server below Fastify: its timeouts, and safe answers to events for which Node has none. */
import { createServer, type RequestListener, type Server } from 'node:http'
import { Problem } from '../errors.ts'
import type { Log } from '../login/ports.ts'
import { createRareLine } from '../rare-line.ts'
import { limitConnections, type ConnectionOptions } from './connections.ts'
import { refuseSocket } from './malformed-requests.ts'
import { maxHeadBytes } from './max-head-bytes.ts'
import { endUnreadBodies } from './unread-bodies.ts'

export interface HttpServerOptions extends ConnectionOptions {
  /** How long a poll is held at most. */
  readonly maxWaitMs: number
  readonly log: Pick<Log, 'error'>
}

/** Time to receive the head, and the whole request; a held answer doesn't count. */
const receiveMs = 10_000
/** Between two lines about connections that could not be accepted. */
const unacceptedLineEveryMs = 60_000
/** Longer than balancers keep an idle connection, so that they close it and no call is lost. */
const keepAliveMs = 72_000
/** Idle-socket timeout on top of MAX_WAIT: a client that has stopped reading is disconnected. */
const stalledMs = 10_000

/** Creates the server. Node's own refusals are off where they aren't in problem format (RFC 9457). */
export const createHttpServer = (handler: RequestListener, { maxWaitMs, log, ...options }: HttpServerOptions): Server => {
  const limited = limitConnections(endUnreadBodies(handler, options.clock), options)
  const server = createServer({
    maxHeaderSize: maxHeadBytes,
    headersTimeout: receiveMs,
    requestTimeout: receiveMs,
    connectionsCheckingInterval: 2000,
    keepAliveTimeout: keepAliveMs,
    requireHostHeader: false,
  }, limited.handler)
  server.setTimeout(maxWaitMs + stalledMs)
  // Node removes its own error listener when it hands a socket over ('connect', 'upgrade'), and an error without a listener ends the process.
  server.on('connection', (socket) => { socket.on('error', () => {}) })
  limited.watch(server)
  server.on('connect', (_request, socket) => { refuseSocket(socket, new Problem('bad-request'), options.clock) })
  // RFC 9110 §10.1.1: a server may ignore an expectation that it doesn't know.
  server.on('checkExpectation', (request, response) => { server.emit('request', request, response) })
  // Out of memory for sockets, for example: then each new connection fails. Errors before the server listens reject `listen`.
  let failure: Error | undefined
  const unaccepted = createRareLine(options.clock, unacceptedLineEveryMs, (times) => {
    log.error({ code: 'accept-failed', err: failure, times }, 'a connection could not be accepted: the machine lacks memory, or the process file descriptors. See err, and raise the limit of that')
  })
  server.on('error', (err) => {
    if (!server.listening) return
    failure = err
    unaccepted.add(1)
  })
  server.on('close', unaccepted.flush)
  return server
}
