import { once } from 'node:events'
import { createServer } from 'node:http'

/**
 * Serves an Express app at its address until the test ends.
 * @param {import('../teardown-scope.ts').TeardownScope} scope
 * @param {import('node:http').RequestListener} app
 * @param {string} url
 */
export const listenOn = async (scope, app, url) => {
  const server = createServer(app).listen(Number(new URL(url).port), '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
}
