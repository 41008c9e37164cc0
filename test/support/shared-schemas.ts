/**
 * Lets the services of a test file share what Fastify compiles from their schemas, which are the same, and a third of what it costs to open one. Imported
 * for its effect, before the first service opens.
 */
import { createRequire } from 'node:module'

type Serializers = () => (shared: unknown, options: unknown) => (route: { readonly schema: unknown }) => unknown

const ours = createRequire(import.meta.url)
const fastifys = createRequire(ours.resolve('fastify'))

/** Puts something in the place of a package's function, for Fastify asks for it with each service. */
const wrap = <T>(name: string, change: (original: T) => T): void => {
  const original = fastifys(name) as T
  const entry = fastifys.cache[fastifys.resolve(name)]! // just loaded
  entry.exports = change(original)
}

// It keeps what it has made of a schema, but is made anew for each service.
wrap<() => unknown>('@fastify/ajv-compiler', (original) => {
  const build = original()
  return () => build
})

wrap<Serializers>('@fastify/fast-json-stringify-compiler', (original) => {
  const made = new Map<string, unknown>()
  return () => (shared, options) => {
    const compile = original()(shared, options)
    return (route) => {
      const key = JSON.stringify([shared, options, route.schema])
      if (!made.has(key)) made.set(key, compile(route))
      return made.get(key)
    }
  }
})
