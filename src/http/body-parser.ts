/** Owns how a JSON body is read: UTF-8 or nothing, no prototype tricks, and an absent body is not a mistake. */
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

/** Replaces Fastify's parsers: JSON only. */
export const bodyParserPlugin = fp(async (app) => {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => parseJson(body))
}, { name: 'body-parser' })
