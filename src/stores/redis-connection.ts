/**
 * One connection to Redis, of each kind. It never reconnects; its owner opens a new one. So no command is queued while Redis is unreachable, and none
 * is retried silently. This file, and what it imports, is loaded when the first connection is opened: with the embedded store a service does without it.
 */
import { unlessAborted } from '../deadline.ts'
import type { RedisAddress } from './redis-address.ts'
import { clientOptions, createCluster, createRedisStorage, makeClient, type RedisClient, type RedisCluster, type RedisStorage } from './redis-client.ts'
import { askSentinels } from './redis-sentinels.ts'

export interface RedisConnection {
  readonly client: RedisClient | RedisCluster
  readonly storage: RedisStorage
  /** A client for every server that takes writes. */
  readonly masters: readonly RedisClient[]
  /** Whether an error that a server answered means that the writes belong to another server now. */
  isFailoverError (error: unknown): boolean
  /** Rejects where a server answers that it takes no writes or is no master. `key` must be one that only this instance writes. */
  assertMaster (key: string): Promise<void>
  /** Calls `listener` once: when a server has gone, or at once where that has happened already. */
  onLost (listener: (error: unknown) => void): void
  /** Opens another connection to one of the servers: for a subscription. */
  openBeside (signal: AbortSignal): Promise<RedisConnection>
  close (): void
}

/**
 * Errors of a server whose address has failed over: it is a replica now (READONLY, MASTERDOWN), cut off from its replicas (NOREPLICAS), starting again
 * (LOADING), or in a cluster without a majority (CLUSTERDOWN). A new connection to the address may reach another server. Redis 6 quotes such an error inside
 * a script's.
 */
const failoverError = /(?:^|-)(?:READONLY|MASTERDOWN|NOREPLICAS|LOADING|CLUSTERDOWN) /

const isFailoverError = (error: unknown): boolean => error instanceof Error && failoverError.test(error.message)

/** For the key of `assertMaster`. */
const checkKeyTtlMs = 10_000

/** Opens a connection; rejects where that fails. It has no timeout of its own: the caller aborts `signal`. `namespace` is the prefix of the keys in `storage`. */
export const connectToRedis = async (address: RedisAddress, namespace: string, signal: AbortSignal): Promise<RedisConnection> => {
  switch (address.kind) {
    // The client writes host, port and TLS of the URL into its `socket`.
    case 'server': return await connectToServer(makeClient({ ...clientOptions, socket: { ...clientOptions.socket }, url: address.url }), namespace, signal)
    case 'sentinel': return await connectToMaster(address, namespace, signal)
    case 'cluster': return await connectToCluster(address, namespace, signal)
  }
}

const connectToServer = async (client: RedisClient, namespace: string, signal: AbortSignal): Promise<RedisConnection> => {
  const lost = oneEvent()
  client.on('error', lost.emit)
  client.on('end', () => { lost.emit(new Error('The connection was closed')) })
  const close = () => { closeClient(client) }
  await orUndo(signal, client.connect(), close)
  return {
    client,
    storage: createRedisStorage(client, namespace),
    masters: [client],
    isFailoverError,
    // A write, as a replica answers everything else. Another refusal, such as full memory, is no reason to leave this server.
    assertMaster: async (key) => {
      await client.set(key, '1', { expiration: { type: 'PX', value: checkKeyTtlMs } }).catch((error: unknown) => { if (isFailoverError(error)) throw error })
    },
    onLost: lost.listen,
    openBeside: (signal) => connectToServer(client.duplicate(), namespace, signal),
    close,
  }
}

const connectToMaster = async (address: RedisAddress & { kind: 'sentinel' }, namespace: string, signal: AbortSignal): Promise<RedisConnection> => {
  const node = await askSentinels(address, signal)
  const client = makeClient({
    ...clientOptions, ...address.credentials, database: address.database, socket: { ...clientOptions.socket, ...node },
  })
  const connection = await connectToServer(client, namespace, signal)
  try {
    await assertRole(client)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
}

const assertRole = async (client: RedisClient): Promise<void> => {
  const answer = await client.role()
  if (answer?.role !== 'master') throw new Error(`The server named as master is a ${answer?.role}`)
}

/**
 * The library reads the topology again only when a server answers MOVED, which a dead one never does; so the loss of one master counts as the loss of the
 * connection, and the next one asks the cluster anew. Until then the other masters serve their slots.
 */
const connectToCluster = async (address: RedisAddress & { kind: 'cluster' }, namespace: string, signal: AbortSignal): Promise<RedisConnection> => {
  const lost = oneEvent()
  const cluster = createCluster({
    rootNodes: address.nodes.map((node) => ({ socket: { ...node, reconnectStrategy: false as const } })),
    defaults: { ...clientOptions, ...address.credentials },
  })
  const clients = () => cluster.masters.flatMap(({ client }) => client === undefined ? [] : [client as RedisClient]) // the same, but for the types of modules
  for (const event of ['error', 'node-error', 'node-disconnect']) cluster.on(event, lost.emit)
  let isClosed = false
  const close = () => {
    isClosed = true
    for (const client of clients()) closeClient(client)
  }
  // It may be reading its topology just now, and connects to the masters afterwards.
  cluster.on('node-ready', () => { if (isClosed) close() })
  await orUndo(signal, cluster.connect(), close)
  return {
    client: cluster,
    storage: createRedisStorage(cluster, namespace),
    get masters () { return clients() },
    isFailoverError,
    // A key would reach one master only, and a former master answers MOVED, which the library follows; so each is asked for its role.
    assertMaster: async () => { await Promise.all(clients().map(assertRole)) },
    onLost: lost.listen,
    openBeside: async (signal) => {
      const masters = clients()
      const one = masters[Math.floor(Math.random() * masters.length)]
      if (one === undefined) throw new Error('The cluster has no master')
      return await connectToServer(one.duplicate(), namespace, signal)
    },
    close,
  }
}

/** Waits for `work`; calls `undo` where the signal aborts first or the work fails. */
const orUndo = async (signal: AbortSignal, work: Promise<unknown>, undo: () => void): Promise<void> => {
  try {
    await unlessAborted(signal, work)
  } catch (error) {
    undo()
    throw error
  }
}

/** Closes a client; one that is still connecting, once it is connected: destroyed before, it would connect all the same, and stay for good. */
const closeClient = (client: RedisClient): void => {
  if (client.isReady) client.destroy()
  else client.once('ready', () => { closeClient(client) })
}

/** An event with one listener, emitted once: a listener that comes later gets it at once. */
const oneEvent = () => {
  let listener: ((error: unknown) => void) | undefined
  let emitted: { error: unknown } | undefined
  return {
    emit: (error: unknown): void => {
      emitted ??= { error }
      listener?.(error)
      listener = undefined
    },
    listen: (call: (error: unknown) => void): void => {
      if (emitted !== undefined) call(emitted.error)
      else listener = call
    },
  }
}
