/** Routes for operators and machines: health, public keys, the API's description. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { Problem } from '../../errors.ts'
import type { Clock } from '../../login/ports.ts'
import type { Store } from '../../login/store-port.ts'
import { acceptedKeys, type Keys } from '../../sessions/key-set.ts'
import * as schemas from '../schemas.ts'
import { createSharedCheck } from '../shared-check.ts'
import { makeStaticFile, sendStaticFile, type StaticFile } from '../static-files.ts'

export interface OperatingRouteDeps {
  readonly store: Store
  readonly keys: Keys
  readonly clock: Clock
}

/** How long a site may cache the keys. */
const jwksMaxAgeSeconds = 300
/** A check writes to the store, and anybody may call it. */
const rememberReadyMs = 1_000

export const operatingRoutes = ({ store, keys, clock }: OperatingRouteDeps): FastifyPluginAsyncTypebox => async (app) => {
  const health = { schema: { response: { 200: schemas.Health, ...schemas.problems } }, config: { isFrequent: true } }

  app.get('/health/live', health, () => ({ status: 'ok' as const }))

  const checkStore = createSharedCheck(clock, store.check, rememberReadyMs)
  for (const path of ['/health/ready', '/healthz']) {
    app.get(path, health, async () => {
      if (app.isShuttingDown()) throw new Problem('store-unavailable', { detail: 'The service is shutting down' })
      await checkStore()
      return { status: 'ok' as const }
    })
  }

  app.get('/.well-known/jwks.json', {
    schema: { response: { 200: schemas.Jwks, ...schemas.problems } },
  }, async (_request, reply) => await reply
    .header('cache-control', `public, max-age=${jwksMaxAgeSeconds}`)
    .send({ keys: acceptedKeys(keys.signing, clock.now()).map(({ publicJwk }) => publicJwk) }))

  // Serialised and compressed once: it is long, and repeated calls must not keep the process busy.
  let description: Promise<StaticFile> | undefined
  app.get('/openapi.json', { schema: { hide: true } }, async (request, reply) => {
    description ??= makeStaticFile('application/json; charset=utf-8', JSON.stringify(app.swagger()))
    return sendStaticFile(await description, request, reply)
  })
}
