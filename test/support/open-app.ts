/** A service in the test's own process, with everything that its configuration names. */
import type { FastifyInstance } from 'fastify'
import { buildApp } from '../../src/app.ts'
import type { ServiceConfig } from '../../src/config.ts'
import { openRuntime } from '../../src/runtime.ts'
import type { TeardownScope } from './teardown-scope.ts'

/** Builds it; it doesn't listen yet. Closed when the test ends, open connections included. */
export const openApp = async (t: TeardownScope, config: ServiceConfig): Promise<FastifyInstance> => {
  const runtime = await openRuntime(config)
  t.teardown(runtime.close)
  const app = await buildApp(runtime, config)
  t.teardown(async () => {
    app.server.closeAllConnections()
    await app.close()
  })
  return app
}
