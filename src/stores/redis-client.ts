/** The clients of Redis (node-redis, which @keyv/redis brings and passes on) and the options that all of them have. */
import { createClient, createCluster } from '@keyv/redis'

export { createCluster }

/** A client of one server. */
export type RedisClient = ReturnType<typeof createClient<{}, {}, {}, 2>>
/** A client of all masters of a cluster. */
export type RedisCluster = ReturnType<typeof createCluster<{}, {}, {}, 2>>

export const clientOptions = {
  name: 'scan-login',
  disableClientInfo: true, // CLIENT SETINFO would need another ACL right
  disableOfflineQueue: true,
  // The link's check finds a silent server within seconds. The socket's own timeout would take a stall of this process for silence, so it is long, and only
  // closes sockets that were given up while their server was silent.
  socket: { connectTimeout: 2_000, socketTimeout: 30_000, reconnectStrategy: false },
} as const

let first: RedisClient | undefined

/**
 * Makes a client that is not connected. `createClient` makes a class with a method for each of 400 commands whenever the options, the address among them,
 * differ from the last call's, which takes longer than to connect; a duplicate shares the class of the first.
 */
export const makeClient = (options: Parameters<typeof createClient<{}, {}, {}, 2>>[0] = {}): RedisClient => {
  first ??= createClient<{}, {}, {}, 2>()
  return first.duplicate<{}, {}, {}, 2, {}>(options)
}
