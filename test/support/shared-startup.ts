/**
 * Work that every service does at its start and that gives the same result each time, done once for all services of a test file: Fastify's compiled
 * schemas, a third of what opening a service costs, and the pages compressed by brotli at its highest quality. Imported for its effect, before the first
 * service opens.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { promisify } from 'node:util'
import zlib from 'node:zlib'

type Serializers = () => (shared: unknown, options: unknown) => (route: { readonly schema: unknown }) => unknown

const ours = createRequire(import.meta.url)
const fastifys = createRequire(ours.resolve('fastify'))

/** Replaces a package's function, which Fastify requires again for each service. */
const wrap = <T>(name: string, change: (original: T) => T): void => {
  const original = fastifys(name) as T
  const entry = fastifys.cache[fastifys.resolve(name)]! // just loaded
  entry.exports = change(original)
}

// The compiler caches by schema, but Fastify builds a compiler for each service.
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

const compress = promisify(zlib.brotliCompress)
const compressed = new Map<string, ReturnType<typeof compress>>()

const brotliCompress = (bytes: Buffer, options: zlib.BrotliOptions, done: zlib.CompressCallback): void => {
  const key = JSON.stringify([options, bytes.toString('base64')])
  const result = compressed.get(key) ?? compress(bytes, options)
  compressed.set(key, result)
  result.then((made) => { done(null, made) }, (error: Error) => { done(error, Buffer.alloc(0)) })
}
Object.assign(zlib, { brotliCompress })
syncBuiltinESMExports()
