/**
 * What caches are told about each answer of the API: not to keep it, and that it depends on who asks. Some caches (of hosting panels, for example) are set up to
 * ignore `Cache-Control`; `Vary` still makes them keep people's answers apart.
 */
import fp from 'fastify-plugin'

export const varyByPerson = 'Cookie, Authorization'

/** Sets the headers first of all, so that refusals of any later hook have them. On paths without a route, too, as they may be below `/api`. */
export const apiCachingPlugin = fp<{ basePath: string }>(async (app, { basePath }) => {
  app.addHook('onRequest', (request, reply, done) => {
    const { url } = request.routeOptions
    if (url === undefined || url.startsWith(`${basePath}/api/`)) reply.headers({ 'cache-control': 'no-store', vary: varyByPerson })
    done()
  })
}, { name: 'api-caching' })
