import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TeardownScope } from './teardown-scope.ts'

/** Listens on a free port of this machine until the test ends, and returns the server's origin. */
export const listen = async (scope: TeardownScope, server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  scope.teardown(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // an object for a server on a port
}
