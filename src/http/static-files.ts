/** Static content, compressed once when it is created, with an ETag for each encoding. Not for secrets: a compressed length can leak them. */
import { createHash } from 'node:crypto'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip as gzipCallback } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fresh from 'fresh'
import Negotiator from 'negotiator'
import { Problem } from '../errors.ts'

const encodings = ['br', 'gzip', 'identity'] as const // by preference
type Encoding = (typeof encodings)[number]

/** A file in one encoding. All answers share its bytes. */
interface Representation { readonly bytes: Buffer, readonly etag: string }

export interface StaticFile {
  readonly type: string
  /** A query value (`?v=…`) under which the content never changes. */
  readonly version: string
  readonly representations: Readonly<Record<Encoding, Representation>>
}

/** A content in every encoding. */
export type Encoded = Readonly<Record<Encoding, Buffer>>

/** Compresses a content at the highest qualities: for what is made once, at the start or before, as it is kept as long as the process. */
export const encode = async (content: string | Buffer): Promise<Encoded> => {
  const identity = typeof content === 'string' ? Buffer.from(content) : content
  const [br, gzip] = await Promise.all([
    promisify(brotliCompress)(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: identity.length } }),
    promisify(gzipCallback)(identity, { level: 9 }),
  ])
  return { br, gzip, identity }
}

/** Compresses a content, and makes a file of it. */
export const makeStaticFile = async (type: string, content: string | Buffer): Promise<StaticFile> => staticFileOf(type, await encode(content))

export const staticFileOf = (type: string, { br, gzip, identity }: Encoded): StaticFile => {
  const hash = createHash('sha256').update(identity).digest('base64url').slice(0, 22)
  return {
    type,
    version: hash,
    representations: {
      br: { bytes: br, etag: `"${hash}-br"` },
      gzip: { bytes: gzip, etag: `"${hash}-gzip"` },
      identity: { bytes: identity, etag: `"${hash}"` },
    },
  }
}

/** Chooses by `Accept-Encoding`; among equals by our preference. A client that refuses even `identity` gets it all the same (RFC 9110 §12.5.3). */
export const encodingFor = (request: FastifyRequest): Encoding => {
  const negotiator = new Negotiator(request.raw) as unknown as { encodings (available: readonly string[], options: { preferred: readonly string[] }): string[] } // the package is newer than its types
  const [chosen] = negotiator.encodings(encodings, { preferred: encodings })
  return encodings.find((encoding) => encoding === chosen) ?? 'identity'
}

/** Whether the URL has the version of this content. */
export const isOfVersion = ({ version }: StaticFile, { query }: FastifyRequest): boolean => (query as { v?: unknown }).v === version // a query is an object

/** Immutable under a URL with this version, else to be revalidated. */
const cacheControlFor = (file: StaticFile, request: FastifyRequest): string => isOfVersion(file, request) ? 'public, max-age=31536000, immutable' : 'no-cache'

/** Sends a file, or 304 where the client has it already. */
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
