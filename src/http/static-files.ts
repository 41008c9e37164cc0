/** Static content as it is sent: compressed once, when it is made, with an ETag for each encoding. Nothing that holds a secret is sent so, as its compressed length could tell something. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'
import Negotiator from 'negotiator'
import { Problem } from '../errors.ts'

const encodings = ['br', 'gzip', 'identity'] as const // what we like best comes first
type Encoding = (typeof encodings)[number]

/** A form of a file for one encoding. Its bytes are shared by all who wait for them, however many. */
interface Representation { readonly bytes: Buffer, readonly etag: string }

export interface StaticFile {
  readonly type: string
  /** A part of the address under which this content, and no other, is found for ever. */
  readonly version: string
  readonly representations: Readonly<Record<Encoding, Representation>>
}

/** Compresses a text at the highest qualities: for what is made once, at the start, as it is kept as long as the process. */
export const makeStaticFile = async (type: string, text: string): Promise<StaticFile> => {
  const identity = Buffer.from(text)
  const [br, gz] = await Promise.all([
    promisify(brotliCompress)(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: identity.length } }),
    promisify(gzip)(identity, { level: 9 }),
  ])
  const hash = createHash('sha256').update(identity).digest('base64url').slice(0, 22)
  return {
    type,
    version: hash,
    representations: {
      br: { bytes: br, etag: `"${hash}-br"` },
      gzip: { bytes: gz, etag: `"${hash}-gzip"` },
      identity: { bytes: identity, etag: `"${hash}"` },
    },
  }
}

/** Chooses by `Accept-Encoding`: what is accepted as gladly as others by what we like best. Who refuses even `identity` gets it all the same (RFC 9110 §12.5.3). */
export const encodingFor = (request: FastifyRequest): Encoding => {
  const negotiator = new Negotiator(request.raw) as unknown as { encodings (available: readonly string[], options: { preferred: readonly string[] }): string[] } // newer than its types
  const [chosen] = negotiator.encodings(encodings, { preferred: encodings })
  return encodings.find((encoding) => encoding === chosen) ?? 'identity'
}

/** Tells whether the address names this very version. */
export const isOfVersion = ({ version }: StaticFile, { query }: FastifyRequest): boolean => (query as { v?: unknown }).v === version // a query is an object

/** How long a copy is good: for ever under the address with this very version, else until it is asked after. */
const cacheControlFor = (file: StaticFile, request: FastifyRequest): string => isOfVersion(file, request) ? 'public, max-age=31536000, immutable' : 'no-cache'

/** Sends a file, or tells a client that it has it already. */
export const sendStaticFile = (file: StaticFile, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const encoding = encodingFor(request)
  const { bytes, etag } = file.representations[encoding]
  const match = request.headers['if-match']
  if (match !== undefined && match.trim() !== '*' && !match.split(',').some((tag) => tag.trim() === etag)) {
    throw new Problem('bad-request', { detail: 'If-Match names another file', status: 412 })
  }
  reply.headers({ etag, vary: 'Accept-Encoding', 'cache-control': cacheControlFor(file, request) })
  if (fresh(request.headers, { etag })) return reply.code(304).send()
  if (encoding !== 'identity') reply.header('content-encoding', encoding)
  return reply.type(file.type).send(bytes)
}
