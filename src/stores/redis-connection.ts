/**
 * One connection to Redis, of each kind. It never reconnects; its owner opens a new one. So no command is queued while Redis is down, and none
 * is retried silently.
 */
import { unlessAborted } from '../deadline.ts'
import type { RedisAddress } from './redis-address.ts'
import { clientOptions, createCluster, makeClient, type RedisClient, type RedisCluster } from './redis-client.ts'
import { askSentinels } from './redis-sentinels.ts'

export interface RedisConnection {
  readonly client: RedisClient | RedisCluster
  /** Every server that takes writes. */
  readonly masters: readonly RedisClient[]
  /** Tells whether an error that a server answered means that another server is to be asked. */
  isMisplaced (error: unknown): boolean
  /** Rejects where a server answers that it takes no writes, or that it is no master. `key` is one that only this instance writes. */
  assertMaster (key: string): Promise<void>
  /** Calls `listener` once: when a server has gone, or at once where that has happened already. */
  onLost (listener: (error: unknown) => void): void
  close (): void
}

/**
 * A server behind an address that has failed over: it is a replica now (READONLY, MASTERDOWN), cut off from its replicas (NOREPLICAS), starting
 * again (LOADING), or in a cluster without a majority (CLUSTERDOWN). Asked anew, the address may lead elsewhere. Redis 6 quotes it in a script's error.
 */
const misplaced = /(?:^|-)(?:READONLY|MASTERDOWN|NOREPLICAS|LOADING|CLUSTERDOWN) /

const isMisplaced = (error: unknown): boolean => error instanceof Error && misplaced.test(error.message)

/** For the key of `assertMaster`. Milliseconds. */
const checkKeyTtlMs = 10_000

/** Makes a connection, as `address` says; rejects where that doesn't work out. Whoever calls gives up on it in time, by `signal`. */
export const connectToRedis = async (address: RedisAddress, signal: AbortSignal): Promise<RedisConnection> => {
  switch (address.kind) {
    case 'server': return await connectToServer(makeClient({ ...clientOptions, url: address.url }), signal)
    case 'sentinel': return await connectToMaster(address, signal)
    case 'cluster': return await connectToCluster(address, signal)
  }
}

/** Makes a second connection beside the first, to one server of those behind it: for listening. */
export const connectBeside = ({ masters }: RedisConnection, signal: AbortSignal): Promise<RedisConnection> => {
  const one = masters[Math.floor(Math.random() * masters.length)]
  return one === undefined ? Promise.reject(new Error('The cluster has no master')) : connectToServer(one.duplicate(), signal)
}

const connectToServer = async (client: RedisClient, signal: AbortSignal): Promise<RedisConnection> => {
  const lost = oneEvent()
  client.on('error', lost.emit)
  client.on('end', () => { lost.emit(new Error('The connection was closed')) })
  const close = () => { letGo(client) }
  await giveUpOn(signal, client.connect(), close)
  return {
    client,
    masters: [client],
    isMisplaced,
    // A write, as a replica answers all else. Another refusal, such as that the memory is full, is no reason to ask another server.
    assertMaster: async (key) => {
      await client.set(key, '1', { expiration: { type: 'PX', value: checkKeyTtlMs } }).catch((error: unknown) => { if (isMisplaced(error)) throw error })
    },
    onLost: lost.listen,
    close,
  }
}

/** The master that the Sentinels name. */
const connectToMaster = async (address: RedisAddress & { kind: 'sentinel' }, signal: AbortSignal): Promise<RedisConnection> => {
  const node = await askSentinels(address, signal)
  const client = makeClient({
    ...clientOptions, ...address.credentials, database: address.database, socket: { ...clientOptions.socket, ...node },
  })
  const connection = await connectToServer(client, signal)
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
  if (answer?.role !== 'master') throw new Error(`What is named as a master is a ${answer?.role}`)
}

/**
 * The masters of a cluster. The library reads anew who they are only when a server sends it elsewhere, which a dead one never does; so
 * the loss of one is the loss of the connection, and the next asks the cluster again. Until there is a next the others serve their slots.
 */
const connectToCluster = async (address: RedisAddress & { kind: 'cluster' }, signal: AbortSignal): Promise<RedisConnection> => {
  const lost = oneEvent()
  const cluster = createCluster({
    rootNodes: address.nodes.map((node) => ({ socket: { ...node, reconnectStrategy: false as const } })),
    defaults: { ...clientOptions, ...address.credentials },
  })
  const clients = () => cluster.masters.flatMap(({ client }) => client === undefined ? [] : [client as RedisClient]) // the same, less their modules
  for (const event of ['error', 'node-error', 'node-disconnect']) cluster.on(event, lost.emit)
  let isClosed = false
  const close = () => {
    isClosed = true
    for (const client of clients()) letGo(client)
  }
  // It may be asking just now who its masters are, and connects to them afterwards.
  cluster.on('node-ready', () => { if (isClosed) close() })
  await giveUpOn(signal, cluster.connect(), close)
  return {
    client: cluster,
    get masters () { return clients() },
    isMisplaced,
    // A key would reach one master only, and a former master sends its writer on (MOVED), so each is asked what it is.
    assertMaster: async () => { await Promise.all(clients().map(assertRole)) },
    onLost: lost.listen,
    close,
  }
}

/** Waits for `work`; when the signal aborts first, or the work fails, what it has made so far is undone. */
const giveUpOn = async (signal: AbortSignal, work: Promise<unknown>, undo: () => void): Promise<void> => {
  try {
    await unlessAborted(signal, work)
  } catch (error) {
    undo()
    throw error
  }
}

/** Closes a client, or as soon as it is there one that still connects: destroyed before, it would connect all the same and stay for good. */
const letGo = (client: RedisClient): void => {
  if (client.isReady) client.destroy()
  else client.once('ready', () => { letGo(client) })
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
