/**
 * Owns how one connection to Redis is made, of each kind, and when it is good no more. It never mends itself: whoever holds it makes
 * another. So no command waits for a server to come back, or is repeated behind the back of its caller.
 */
import { createClient, createCluster } from '@keyv/redis'
import type { RedisAddress } from './redis-address.ts'
import { askSentinels } from './redis-sentinels.ts'

/** A connection to one server. */
export type RedisClient = ReturnType<typeof createClient<{}, {}, {}, 2>>
/** Connections to all masters of a cluster. */
export type RedisCluster = ReturnType<typeof createCluster<{}, {}, {}, 2>>

export interface RedisConnection {
  readonly client: RedisClient | RedisCluster
  /** Every server that takes writes. */
  readonly masters: readonly RedisClient[]
  /** Tells whether an error that a server answered means that another server is to be asked. */
  isMisplaced (error: Error): boolean
  /** Calls back once, when a server has gone. */
  whenLost (call: (error: unknown) => void): void
  close (): void
}

/** All a client is given. What becomes of a connection that is lost is decided above, so the client never connects again by itself. */
export const clientOptions = {
  name: 'scan-login',
  disableClientInfo: true, // a right more to ask for
  disableOfflineQueue: true,
  // Whoever is silent for three seconds is gone; the ping keeps an idle connection younger.
  pingInterval: 1_000,
  socket: { connectTimeout: 2_000, socketTimeout: 3_000, reconnectStrategy: false },
} as const

/** Makes a connection, as `address` says; rejects where that doesn't work out. Whoever calls gives up on it in time, by `signal`. */
export const connectToRedis = async (address: RedisAddress, signal: AbortSignal): Promise<RedisConnection> => {
  switch (address.kind) {
    case 'server': return await connectToServer(createClient({ ...clientOptions, url: address.url }), signal)
    case 'sentinel': return await connectToMaster(address, signal)
    case 'cluster': return await connectToCluster(address, signal)
  }
}

/** Makes a second connection beside the first, to one server of those behind it: for listening. */
export const connectBeside = ({ masters }: RedisConnection, signal: AbortSignal): Promise<RedisConnection> => {
  const one = masters[Math.floor(Math.random() * masters.length)]
  return one === undefined ? Promise.reject(new Error('The cluster has no master')) : connectToServer(one.duplicate(), signal)
}

const connectToServer = async (client: RedisClient, signal: AbortSignal, isMisplaced = (_error: Error) => false): Promise<RedisConnection> => {
  const lost = oneEvent()
  client.on('error', lost.tell)
  client.on('end', () => { lost.tell(new Error('The connection was closed')) })
  const close = () => { letGo(client) }
  await giveUpOn(signal, client.connect(), close)
  return {
    client,
    masters: [client],
    isMisplaced,
    whenLost: lost.hear,
    close,
  }
}

/** The master that the Sentinels name. One that has become a replica says so to a write, and is left. */
const connectToMaster = async (address: RedisAddress & { kind: 'sentinel' }, signal: AbortSignal): Promise<RedisConnection> => {
  const node = await askSentinels(address, signal)
  const client = createClient({
    ...clientOptions, ...address.credentials, database: address.database, socket: { ...clientOptions.socket, ...node },
  })
  const connection = await connectToServer(client, signal, ({ message }) => /^(?:READONLY|MASTERDOWN)/.test(message))
  try {
    const answer = await client.role()
    if (answer?.role !== 'master') throw new Error(`What the Sentinels name as the master is a ${answer?.role}`)
    return connection
  } catch (error) {
    connection.close()
    throw error
  }
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
  for (const event of ['error', 'node-error', 'node-disconnect']) cluster.on(event, lost.tell)
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
    isMisplaced: ({ message }) => /^(?:CLUSTERDOWN|MASTERDOWN)/.test(message),
    whenLost: lost.hear,
    close,
  }
}

/** Waits for `work`; when the signal aborts first, or the work fails, what it has made so far is undone. */
const giveUpOn = async (signal: AbortSignal, work: Promise<unknown>, undo: () => void): Promise<void> => {
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => { reject(new Error('Redis took too long', { cause: signal.reason })) }, { once: true })
  })
  try {
    signal.throwIfAborted()
    await Promise.race([work, aborted])
  } catch (error) {
    undo()
    work.catch(() => {}) // nobody waits for it any more
    throw error
  }
}

/** Closes a client, or as soon as it is there one that still connects: destroyed before, it would connect all the same and stay for good. */
const letGo = (client: RedisClient): void => {
  if (client.isReady) client.destroy()
  else client.once('ready', () => { letGo(client) })
}

/** Something that happens once, and may have happened before somebody listens. */
const oneEvent = () => {
  let call: ((error: unknown) => void) | undefined
  let happened: { error: unknown } | undefined
  return {
    tell: (error: unknown): void => {
      happened ??= { error }
      call?.(error)
      call = undefined
    },
    hear: (listener: (error: unknown) => void): void => {
      if (happened !== undefined) listener(happened.error)
      else call = listener
    },
  }
}
