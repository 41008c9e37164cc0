/** The request log: one line each, without query, headers and body, and with shortened ids. */
import fp from 'fastify-plugin'
import { startOf } from '../domain/ids.ts'
import type { Clock } from '../login/ports.ts'
import { createLogLimit } from '../log-limit.ts'
import { clientPrefixesOf } from './visitor.ts'

/**
 * Lines a minute for one network, an IPv4 /24 or IPv6 /48, as an attacker may have all its addresses. Further ones are at `debug`, with one line for their
 * number. A login causes about twenty.
 */
const linesPerMinute = { failed: 240, refused: 240, answered: 2400 }

/** Shortens the ids in a path: enough is left to follow one login through the log, too little to use it. Escaped spellings count as ids, too. */
const maskPath = (url: string): string =>
  url.replace(/\?.*$/s, '').replace(/[A-Za-z0-9_%-]{16,}/g, (id) => `${startOf(id)}…`)

/** Logs each answered request at `info`; at `debug` frequent ones (polls, health checks), and those of a network with too many lines. */
export const requestLogPlugin = fp<{ clock: Clock }>(async (app, { clock }) => {
  const lines = createLogLimit(clock, (kind, client, repeated) => { app.log.info({ client, repeated, kind }, 'further requests were logged at debug level') })
  app.addHook('onClose', async () => { lines.flush() })

  app.addHook('onResponse', (request, reply, done) => {
    const isFrequent = request.routeOptions.config.isFrequent === true && reply.statusCode < 400
    const kind = reply.statusCode >= 500 ? 'failed' : reply.statusCode >= 400 ? 'refused' : 'answered'
    const isLogged = !isFrequent && lines.allows(kind, clientPrefixesOf(request)[0], linesPerMinute[kind])
    request.log[isLogged ? 'info' : 'debug']({
      method: request.method,
      path: maskPath(request.url),
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime),
    }, 'answered')
    done()
  })
}, { name: 'request-log' })

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Called all the time in a healthy service, so that it is logged at `debug`. */
    isFrequent?: boolean
  }
}
