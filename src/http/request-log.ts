/** Owns what is written down about requests: one line each, with no query, no header, no body, and ids cut short. */
import fp from 'fastify-plugin'
import { startOf } from '../domain/ids.ts'
import type { Clock } from '../login/ports.ts'
import { createLogLimit } from './log-limit.ts'
import { clientNetworksOf } from './visitor.ts'

/**
 * Lines a minute for one network, an IPv4 /24 or IPv6 /48, as a stranger may have all addresses of it; those beyond are at `debug`, with one line for their
 * number. A login causes about twenty.
 */
const perMinute = { failed: 240, refused: 240, answered: 2400 }

/** Keeps enough of an id to follow one login through the log, and too little to use it; an escaped spelling is an id, too. */
export const maskPath = (url: string): string =>
  url.replace(/\?.*$/s, '').replace(/[A-Za-z0-9_%-]{16,}/g, (id) => `${startOf(id)}…`)

/** Logs each answered request; polls and health checks, which come all the time, at `debug`, and so what one client sends too much of. */
export const requestLogPlugin = fp<{ clock: Clock }>(async (app, { clock }) => {
  const lines = createLogLimit(clock, (kind, client, repeated) => { app.log.info({ client, repeated, kind }, 'answered more, at debug level') })
  app.addHook('onClose', async () => { lines.flush() })

  app.addHook('onResponse', async (request, reply) => {
    const isFrequent = request.routeOptions.config.isFrequent === true && reply.statusCode < 400
    const kind = reply.statusCode >= 500 ? 'failed' : reply.statusCode >= 400 ? 'refused' : 'answered'
    const isTold = !isFrequent && lines.allows(kind, clientNetworksOf(request)[0], perMinute[kind])
    request.log[isTold ? 'info' : 'debug']({
      method: request.method,
      path: maskPath(request.url),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    }, 'answered')
  })
}, { name: 'request-log' })

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Asked for again and again in a healthy service. */
    isFrequent?: boolean
  }
}
