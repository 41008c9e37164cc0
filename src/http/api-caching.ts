/**
 * What caches are told about each answer of the API: not to keep it, and that it depends on who asks. Some caches (of hosting panels, for example) are set up to
 * ignore `Cache-Control`; `Vary` still makes them keep people's answers apart.
 */
import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'

export const varyByPerson = 'Cookie, Authorization'

/** The header is named only in answers to calls that have it: for all others it would be one more thing that a cache has to compare. */
const varyFor = ({ headers }: FastifyRequest): string => headers['x-ticket-secret'] === undefined ? varyByPerson : `${varyByPerson}, X-Ticket-Secret`

/** Sets the headers first of all, so that refusals of any later hook have them. On paths without a route, too, as they may be below `/api`. */
export const apiCachingPlugin = fp<{ basePath: string }>(async (app, { basePath }) => {
  app.addHook('onRequest', (request, reply, done) => {
    const { url } = request.routeOptions
    if (url === undefined || url.startsWith(`${basePath}/api/`)) reply.headers({ 'cache-control': 'no-store', vary: varyFor(request) })
    done()
  })
}, { name: 'api-caching' })
