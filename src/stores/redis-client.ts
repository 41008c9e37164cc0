/** The clients of Redis (node-redis, which @keyv/redis brings and passes on), the options that all of them have, and Keyv's adapter for them. */
import KeyvRedis, { createClient, createCluster } from '@keyv/redis'

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

/** Keyv's adapter for one client. */
export type RedisStorage = KeyvRedis<string>

export const createRedisStorage = (client: RedisClient | RedisCluster, namespace: string): RedisStorage => {
  const storage = new KeyvRedis<string>(client, { throwOnErrors: true, keyPrefixSeparator: ':', namespace })
  storage.on('error', () => {}) // each is thrown as well
  // The adapter's own would connect a closed client again; ours are replaced by their owner, see redis-link.ts.
  storage.getClient = async () => client
  return storage
}
