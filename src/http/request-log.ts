/** Owns what is written down about requests: one line each, with no query, no header, no body, and ids cut short. */
import fp from 'fastify-plugin'
import { startOf } from '../domain/ids.ts'

/** Keeps enough of an id to follow one login through the log, and too little to use it; an escaped spelling is an id, too. */
export const maskPath = (url: string): string =>
  url.replace(/\?.*$/s, '').replace(/[A-Za-z0-9_%-]{16,}/g, (id) => `${startOf(id)}…`)

/** Logs each answered request; polls and health checks, which come all the time, at `debug`. */
export const requestLogPlugin = fp(async (app) => {
  app.addHook('onResponse', async (request, reply) => {
    const level = request.routeOptions.config.isFrequent === true && reply.statusCode < 400 ? 'debug' : 'info'
    request.log[level]({
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
