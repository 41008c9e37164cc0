/** Owns what operators and machines ask: health, keys, the description of this API. */
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

/** A site may keep the keys for so long. Seconds. */
const jwksMaxAge = 300
/** A check of the store writes to it, and anybody may ask. Milliseconds. */
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
    .header('cache-control', `public, max-age=${jwksMaxAge}`)
    .send({ keys: acceptedKeys(keys.signing, clock.now()).map(({ publicJwk }) => publicJwk) }))

  // Written out and compressed once: it is long, and whoever asks for it again and again must not keep the process busy.
  let description: Promise<StaticFile> | undefined
  app.get('/openapi.json', { schema: { hide: true } }, async (request, reply) => {
    description ??= makeStaticFile('application/json; charset=utf-8', JSON.stringify(app.swagger()))
    return sendStaticFile(await description, request, reply)
  })
}
