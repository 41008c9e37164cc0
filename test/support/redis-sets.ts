/** Real Redis servers with failover: a master with replicas and Sentinels, and a cluster. Stopped when the test ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createClient } from '@keyv/redis'
import { freePort, startRedis, type RedisServer } from './redis.ts'
import type { TeardownScope } from './teardown-scope.ts'
import { waitAtMost } from './waiting.ts'

export interface RedisSet {
  readonly url: string
  readonly servers: readonly RedisServer[]
  /** Returns the server that is the key's master now. */
  masterOf (key: string): Promise<RedisServer>
  /** Waits until all servers are members again and all replicas are in sync. */
  waitUntilHealthy (): Promise<void>
}

/** How long a server may be silent before the others replace it. */
export const downAfterMs = 1_000

/** Sends one command to a server and resolves with its answer. */
export const sendCommand = async (port: number, ...words: string[]): Promise<unknown> => {
  const client = createClient({ socket: { port, host: '127.0.0.1', connectTimeout: 2_000, socketTimeout: 2_000, reconnectStrategy: false } })
  client.on('error', () => {})
  try {
    await client.connect()
    return await client.sendCommand(words)
  } finally {
    if (client.isOpen) client.destroy()
  }
}

const waitUntilTrue = async (isSo: () => Promise<boolean>): Promise<void> => {
  while (!await isSo().catch(() => false)) await sleep(50)
}

const startServer = async (scope: TeardownScope, args: readonly string[] = [], port?: number): Promise<RedisServer> => {
  const server = await startRedis({ args, ...(port !== undefined && { port }) })
  scope.teardown(() => server.stop())
  return server
}

const offsetOf = async ({ port }: RedisServer, name: 'master_repl_offset' | 'slave_repl_offset'): Promise<number> =>
  Number(new RegExp(`${name}:(\\d+)`).exec(String(await sendCommand(port, 'INFO', 'replication')))?.[1])

const isWithin = waitAtMost(20_000) // far more than it takes, for a busy machine

/** Resolves with whether a replica catches up in time with what its master has now. Redis' WAIT would only wait for writes of its own connection. */
export const isReplicated = async (master: RedisServer, replica: RedisServer): Promise<boolean> => {
  const written = await offsetOf(master, 'master_repl_offset')
  return await isWithin(async () => await offsetOf(replica, 'slave_repl_offset') >= written)
}

/** Returns the replicas of a master. */
export const replicasOf = async (set: RedisSet, master: RedisServer): Promise<readonly [RedisServer, ...RedisServer[]]> => {
  const replicas: RedisServer[] = []
  for (const server of set.servers) {
    const role = await sendCommand(server.port, 'ROLE')
    if (Array.isArray(role) && role[0] === 'slave' && Number(role[2]) === master.port) replicas.push(server)
  }
  const [first, ...others] = replicas
  if (first === undefined) throw new Error('the master has no replica')
  return [first, ...others]
}

/** Waits until every replica has what the master has now: what a master loses that ends before that isn't the store's to keep. */
export const waitUntilReplicated = async (set: RedisSet, master: RedisServer): Promise<void> => {
  for (const replica of await replicasOf(set, master)) if (!await isReplicated(master, replica)) throw new Error('a replica does not catch up')
}

/** Starts a single server, for tests of every kind of setup. */
export const startSingle = async (scope: TeardownScope): Promise<Pick<RedisSet, 'url' | 'servers'>> => {
  const server = await startServer(scope)
  return { url: server.url, servers: [server] }
}

/** Starts a master, two replicas, and three Sentinels that replace the master when two of them find it silent. */
export const startSentinelSet = async (scope: TeardownScope, { args = [] }: { args?: readonly string[] } = {}): Promise<RedisSet> => {
  const master = await startServer(scope, args)
  const replicaOf = ['--replicaof', '127.0.0.1', String(master.port)]
  const servers = [master, await startServer(scope, [...args, ...replicaOf]), await startServer(scope, [...args, ...replicaOf])]
  const sentinels = await Promise.all([0, 1, 2].map(() => startSentinel(scope, master.port)))

  const masterPort = async (): Promise<number> => {
    for (const { port } of sentinels) {
      const answer = await sendCommand(port, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', 'mymaster').catch(() => undefined)
      if (Array.isArray(answer)) return Number(answer[1])
    }
    throw new Error('no Sentinel answers')
  }
  const waitUntilHealthy = () => waitUntilTrue(async () => {
    const states = await Promise.all(sentinels.map(async ({ port }) => String(await sendCommand(port, 'SENTINEL', 'MASTER', 'mymaster'))))
    const replicas = String(await sendCommand(await masterPort(), 'INFO', 'replication'))
    return states.every((state) => /num-slaves,2,.*num-other-sentinels,2,/.test(state)) && replicas.match(/state=online/g)?.length === 2
  })
  await waitUntilHealthy()
  return {
    url: `redis+sentinel://${sentinels.map(({ port }) => `127.0.0.1:${port}`).join()}/mymaster`,
    servers,
    masterOf: async () => await serverAt(servers, await masterPort()),
    waitUntilHealthy,
  }
}

/** Starts a Sentinel with a configuration file of its own, as a Sentinel writes its state into it. */
const startSentinel = async (scope: TeardownScope, masterPort: number): Promise<RedisServer> => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-sentinel-'))
  scope.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  const file = join(folder, 'sentinel.conf')
  writeFileSync(file, [
    `sentinel monitor mymaster 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds mymaster ${downAfterMs}`,
    'sentinel failover-timeout mymaster 3000',
  ].join('\n'))
  const sentinel = await startRedis({ file, args: ['--sentinel'] })
  scope.teardown(() => sentinel.stop())
  return sentinel
}

/** Starts three masters with a replica each. */
export const startCluster = async (scope: TeardownScope): Promise<RedisSet> => {
  const servers = await Promise.all([0, 1, 2, 3, 4, 5].map(async () => startServer(scope, [
    '--cluster-enabled', 'yes', '--cluster-node-timeout', String(downAfterMs), '--cluster-replica-validity-factor', '0',
  ], await freePort())))
  const [first, ...others] = servers as [RedisServer, ...RedisServer[]] // six were started
  for (const { port } of others) await sendCommand(first.port, 'CLUSTER', 'MEET', '127.0.0.1', String(port))
  const ids = await Promise.all(servers.map(async ({ port }) => String(await sendCommand(port, 'CLUSTER', 'MYID'))))
  const slots = [[0, 5460], [5461, 10_922], [10_923, 16_383]] as const
  for (const [index, [from, to]] of slots.entries()) await sendCommand(servers[index]!.port, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to)) // six servers, three ranges
  for (const index of [0, 1, 2]) {
    const replica = servers[index + 3]! // six servers
    await waitUntilTrue(async () => (await sendCommand(replica.port, 'CLUSTER', 'REPLICATE', ids[index]!)) === 'OK') // fails until it has met that master
  }
  const waitUntilHealthy = () => waitUntilTrue(async () => {
    const views = await Promise.all(servers.map(async ({ port }) => String(await sendCommand(port, 'CLUSTER', 'INFO')) + String(await sendCommand(port, 'INFO', 'replication'))))
    const nodes = await Promise.all(servers.map(async ({ port }) => String(await sendCommand(port, 'CLUSTER', 'NODES'))))
    return views.every((view) => /cluster_state:ok/.test(view) && /cluster_slots_ok:16384/.test(view)) &&
      views.filter((view) => /role:slave/.test(view) && /master_link_status:up/.test(view)).length === 3 &&
      nodes.every((view) => view.match(/slave /g)?.length === 3 && !/fail/.test(view))
  })
  await waitUntilHealthy()
  return {
    url: `redis+cluster://${servers.slice(0, 3).map(({ port }) => `127.0.0.1:${port}`).join()}`,
    servers,
    masterOf: async (key) => {
      for (const { port } of servers) {
        const answer = await sendCommand(port, 'GET', key).then(() => 'here', (error: Error) => error.message).catch(() => 'away')
        const role = await sendCommand(port, 'ROLE').catch(() => undefined)
        if (answer === 'here' && Array.isArray(role) && role[0] === 'master') return await serverAt(servers, port)
      }
      throw new Error('no master has this key')
    },
    waitUntilHealthy,
  }
}

const serverAt = async (servers: readonly RedisServer[], port: number): Promise<RedisServer> => {
  const server = servers.find((one) => one.port === port)
  if (server === undefined) throw new Error(`no server of ours listens on ${port}`)
  return server
}
