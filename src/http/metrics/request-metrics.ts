/** Times requests by the pattern of their route, and how long woken polls wait for their answer. */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import type { Clock } from '../../login/ports.ts'
import type { WaitingRoom } from '../../login/waiting-room.ts'
import type { Instruments } from './instruments.ts'

/** Methods that routes have; a stranger may send any other. */
const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS'])

/** Changes whose polls haven't been answered yet: mostly none, as each goes with the answer. Some have no poll here. */
export const maxWoken = 10_000

export interface RequestMetrics {
  readonly plugin: FastifyPluginAsync<{ readonly basePath: string }>
  /** Returns a room that notes when it wakes polls. */
  watchWaitingRoom (room: WaitingRoom): WaitingRoom
}

export const createRequestMetrics = ({ requestSeconds, wakeUpSeconds }: Instruments, clock: Pick<Clock, 'steady'>): RequestMetrics => {
  /** By ticket: when it changed, by the steady clock. */
  const wokenAt = new Map<string, number>()

  const note = (ticketId: string): void => {
    wokenAt.delete(ticketId)
    const [oldest] = wokenAt.keys()
    if (wokenAt.size >= maxWoken && oldest !== undefined) wokenAt.delete(oldest)
    wokenAt.set(ticketId, clock.steady())
  }

  /** A poll that began before the change, and is answered now, was woken by it. */
  const timeWakeUp = ({ params, receivedAt }: FastifyRequest): void => {
    const { ticket = '' } = params as { ticket?: string } // the pattern of the route has it
    const at = wokenAt.get(ticket)
    if (at === undefined) return
    wokenAt.delete(ticket)
    if (receivedAt < at) wakeUpSeconds.observe((clock.steady() - at) / 1000)
  }

  const plugin: RequestMetrics['plugin'] = async (app, { basePath }) => {
    const pollRoute = `${basePath}/api/tickets/:ticket`
    app.decorateRequest('receivedAt', 0)
    app.addHook('onRequest', (request, _reply, done) => {
      request.receivedAt = clock.steady()
      done()
    })
    app.addHook('onResponse', (request, reply, done) => {
      const { method, routeOptions: { url } } = request
      if (url === pollRoute && method === 'GET') timeWakeUp(request)
      requestSeconds.observe({
        method: methods.has(method) ? method : 'other',
        route: url === undefined ? 'none' : url.slice(basePath.length),
        status: `${Math.floor(reply.statusCode / 100)}xx`,
      }, (clock.steady() - request.receivedAt) / 1000)
      done()
    })
  }

  return {
    plugin: fp(plugin, { name: 'request-metrics' }),
    watchWaitingRoom: (room) => ({
      enter: room.enter,
      wake: (ticketId, moved) => {
        note(ticketId)
        room.wake(ticketId, moved)
      },
      waitedFor: room.waitedFor,
      close: room.close,
      get held () { return room.held },
    }),
  }
}

declare module 'fastify' {
  interface FastifyRequest {
    /** By the steady clock. There only where metrics are on. */
    receivedAt: number
  }
}
