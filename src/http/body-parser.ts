/** Owns how a JSON body is read: UTF-8 or nothing, no prototype tricks, and an absent body is not a mistake. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { Problem } from '../errors.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads bytes as JSON; no bytes are no body. Throws `bad-request`. */
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
 * Sets how bodies are read, in place of what was set before: JSON by `read`. Of any other type is only the empty one, as some clients name
 * a type for no bytes at all; the rest is `unsupported-media-type`.
 */
export const readBodies = (app: FastifyInstance, read: (body: Buffer) => unknown): void => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => read(body))
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => {
    if (body.length > 0) throw new Problem('unsupported-media-type')
    return read(body)
  })
}

/**
 * Whether a call says that it brings a body that isn't JSON: a page of another site can send no other without being asked for leave. Chunks of no
 * type may be none at all, which only reading them tells.
 */
const isOfOtherType = ({ method, headers }: FastifyRequest): boolean => {
  if (method === 'GET' || method === 'HEAD') return false // theirs means nothing and is not read
  const type = headers['content-type']
  const hasBody = Number(headers['content-length'] ?? 0) > 0 || (headers['transfer-encoding'] !== undefined && type !== undefined)
  return hasBody && !/^application\/json[ \t]*(?:;|$)/i.test(type ?? '')
}

/** JSON everywhere, unless a scope sets something else; another type is refused before anything is read or counted. */
export const bodyParserPlugin = fp(async (app) => {
  readBodies(app, parseJson)
  app.addHook('onRequest', async (request) => {
    if (!request.is404 && isOfOtherType(request)) throw new Problem('unsupported-media-type')
  })
}, { name: 'body-parser' })
