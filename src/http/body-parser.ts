/** Owns how a JSON body is read: UTF-8 or nothing, no prototype tricks, and an absent body is not a mistake. */
import type { FastifyInstance } from 'fastify'
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

/** JSON everywhere, unless a scope sets something else. */
export const bodyParserPlugin = fp(async (app) => { readBodies(app, parseJson) }, { name: 'body-parser' })
