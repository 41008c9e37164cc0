import findMyWay, { type HTTPMethod } from 'find-my-way'
import type { FastifyInstance } from 'fastify'

/**
 * Learns the routes that are registered from now on, and returns the methods that a path has a route for: what `Allow` lists. Fastify answers that for the
 * pattern of a route only (`hasRoute`), so the same routes stand in a second router of the kind that Fastify uses, with its options.
 */
export const createAllowedMethods = (app: FastifyInstance): ((url: string) => readonly HTTPMethod[]) => {
  const router = findMyWay(app.initialConfig.routerOptions)
  const methods = new Set<HTTPMethod>()

  app.addHook('onRoute', ({ url, method }) => {
    if (url.endsWith('*')) return // preflights, on paths with and without other routes
    for (const name of [method].flat() as HTTPMethod[]) { // find-my-way lists Node's methods, Fastify takes any text
      methods.add(name)
      router.on(name, url, () => {})
    }
  })

  const isRoute = (name: HTTPMethod, url: string): boolean => {
    const found = router.find(name, url)
    return found !== null && !Object.values(found.params).includes('') // no ticket has an empty id: `/api/tickets/` is no path
  }

  // The router takes `OPTIONS *`, which asks about the server and no path, for `/`.
  return (url) => url.startsWith('*') ? [] : [...methods].filter((name) => isRoute(name, url)).sort()
}
