/** Addresses elsewhere in the world, and routes that pass calls on to the service as if they came from there: a demo on one machine has one address. */
import type { FastifyInstance } from 'fastify'
import type { Place } from '../domain/place.ts'

/** `near` is where a person with a phone is, `far` somebody else's computer in another country. Addresses of documentation (RFC 5737) are nobody's. */
const elsewhere: Readonly<Record<'near' | 'far', { readonly address: string, readonly place: Place }>> = {
  near: { address: '203.0.113.7', place: { country: 'CN', zh: '中国 杭州', en: 'Hangzhou, China' } },
  far: { address: '198.51.100.7', place: { country: 'US', zh: '美国 圣何塞', en: 'San Jose, United States' } },
}

export const placeElsewhere = (address: string): Place | null => Object.values(elsewhere).find((each) => each.address === address)?.place ?? null

/** Longer than the service holds a poll. */
const answerWithinMs = 90_000
const ofConnection = new Set(['connection', 'content-length', 'keep-alive', 'transfer-encoding', 'date'])

/** Under `/demo/from/near/` and `/demo/from/far/`: the whole service. `basePath` is the path of PUBLIC_URL. */
export const elsewhereRoutes = async (app: FastifyInstance, { basePath }: { basePath: string }): Promise<void> => {
  // The bytes as they came: a phone has signed them.
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body)
  for (const [name, { address }] of Object.entries(elsewhere)) {
    const prefix = `${basePath}/demo/from/${name}`
    app.route({
      method: ['GET', 'POST', 'PUT', 'DELETE'],
      url: `/demo/from/${name}/*`,
      schema: { hide: true },
      config: { answerWithinMs },
      handler: async (request, reply) => {
        const gone = new AbortController()
        reply.raw.once('close', () => gone.abort())
        const { 'content-length': _length, ...headers } = request.headers
        const answer = await app.inject({
          method: request.method as 'GET',
          url: basePath + request.raw.url?.slice(prefix.length),
          headers,
          remoteAddress: address,
          signal: gone.signal,
          ...(request.body instanceof Buffer && { payload: request.body }),
        })
        const kept = Object.entries(answer.headers).filter(([header, value]) => !ofConnection.has(header) && value !== undefined)
        return await reply.code(answer.statusCode).headers(Object.fromEntries(kept)).send(answer.statusCode === 204 || answer.statusCode === 304 ? undefined : answer.rawPayload)
      },
    })
  }
}
