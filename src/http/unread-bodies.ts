/**
 * Calls that are answered before their body has arrived. Their connection ends with the answer: the next call on it would be taken for the body. nginx's
 * `auth_request`, for example, announces the visitor's body to us and sends none.
 */
import type { IncomingMessage, RequestListener } from 'node:http'
import fp from 'fastify-plugin'
import type { Clock } from '../login/ports.ts'
import { lingeringClose } from './lingering-close.ts'

/** Whether a part of an announced body is missing. A call without a body may be answered before Node marks it as complete. */
const isUnread = (request: IncomingMessage): boolean => request.complete === false && hasBody(request) // `inject` leaves `complete` out

const hasBody = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0

/**
 * Wraps a server's listener: reads what still arrives of a body after the answer, for a while, so that the answer isn't lost. Further calls are not answered: their
 * number has to be limited before, as Node keeps each of them.
 */
export const endUnreadBodies = (listener: RequestListener, timer: Pick<Clock, 'after'>): RequestListener => (request, response) => {
  const { socket } = request
  if (!socket.writable) { // a further call, after the last answer
    request.resume()
    return
  }
  if (hasBody(request)) {
    // Node's own listener comes after this one, and would destroy the socket.
    response.prependListener('finish', () => {
      if (!isUnread(request)) return
      request.resume()
      socket.destroySoon = () => {}
      lingeringClose(socket, timer)
    })
  }
  listener(request, response)
}

/** Tells the client that the connection ends. */
export const unreadBodiesPlugin = fp(async (app) => {
  app.addHook('onSend', ({ raw }, reply, _payload, done) => {
    if (isUnread(raw)) reply.header('connection', 'close')
    done()
  })
}, { name: 'unread-bodies' })
