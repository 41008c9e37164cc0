/** JSON bodies: UTF-8 only, no keys that reach for the prototype. A missing body is no mistake. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Parses a body as JSON; undefined where it is empty. Throws `bad-request`. */
export const parseJson = (bytes: Buffer): unknown => {
  if (bytes.length === 0) return undefined
  try {
    return JSON.parse(decoder.decode(bytes), refuseProto)
  } catch (cause) {
    throw new Problem('bad-request', { detail: 'The body is not JSON', cause })
  }
}

const refuseProto = (key: string, value: unknown): unknown => {
  if (key === '__proto__' || key === 'constructor') throw new SyntaxError('a key that reaches for the prototype')
  return value
}

/**
 * Reads JSON bodies with `read`, in place of the parsers that were set before. A body of another type is `unsupported-media-type`, unless it is empty: some
 * clients name a type for no bytes at all.
 */
export const readBodies = (app: FastifyInstance, read: (body: Buffer) => unknown): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request: unknown, body: Buffer, done) => { done(null, read(body)) })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request: unknown, body: Buffer, done) => {
    if (body.length > 0) throw new Problem('unsupported-media-type')
    done(null, read(body))
  })
}

/**
 * Whether a call announces a body that isn't JSON: the only bodies that a page of another site can send without a preflight. A chunked body without a type
 * may turn out to be empty, so it is read first.
 */
const isOfOtherType = ({ method, headers }: FastifyRequest): boolean => {
  if (method === 'GET' || method === 'HEAD') return false // their bodies mean nothing and are not read
  const type = headers['content-type']
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || (headers['transfer-encoding'] !== undefined && type !== undefined)
  return hasBody && !/^application\/json[ \t]*(?:;|$)/i.test(type ?? '')
}

/**
 * Reads JSON on all routes, unless a scope sets another reader. Other types are refused before anything is read or counted, and after the hooks that set
 * headers (CORS), so that pages can read the refusal.
 */
export const bodyParserPlugin = fp(async (app) => {
  readBodies(app, parseJson)
  app.addHook('preParsing', (request, _reply, _payload, done) => {
    if (!request.is404 && request.routeOptions.config.acceptsForms !== true && isOfOtherType(request)) throw new Problem('unsupported-media-type')
    done()
  })
}, { name: 'body-parser' })

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Reads bodies of other types itself. */
    acceptsForms?: boolean
  }
}
