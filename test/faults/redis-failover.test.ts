/** An address of Redis that leads elsewhere while the connections to the old server stay: the service follows by itself, within seconds. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/runtime.ts'
import { openStore, untilReady } from '../contract/store-harness.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openMovingAddress } from '../support/moving-address.ts'
import { openDeployment, waitUntilReady as untilServiceReady } from '../support/service-process.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'
import { sendCommand } from '../support/redis-sets.ts'
import { waitAtMost } from '../support/waiting.ts'

const hour = 3_600_000
/** Far more than it takes, for a busy machine; without the service's own doing it would never come. Milliseconds. */
const patienceMs = 20_000

const start = async (t: Test, args: readonly string[] = []): Promise<RedisServer> => {
  const server = await startRedis({ args })
  t.teardown(() => server.stop())
  return server
}

/** A server, its replica, and an address that leads to the first. */
const startPair = async (t: Test, args?: readonly string[]) => {
  const first = await start(t, args)
  const second = await start(t, ['--replicaof', '127.0.0.1', String(first.port)])
  while (!String(await sendCommand(second.port, 'INFO', 'replication')).includes('master_link_status:up')) await sleep(50)
  return { first, second, address: await openMovingAddress(t, first.port) }
}

const offsetOf = async ({ port }: RedisServer, name: 'master_repl_offset' | 'slave_repl_offset'): Promise<number> =>
  Number(new RegExp(`${name}:(\\d+)`).exec(String(await sendCommand(port, 'INFO', 'replication')))?.[1])

const isWithin = waitAtMost(patienceMs)

/** Whether the replica has in time all that the first server has now. Redis' WAIT waits for the writes of its own connection only. */
const isReplicated = async (first: RedisServer, second: RedisServer): Promise<boolean> => {
  const written = await offsetOf(first, 'master_repl_offset')
  return await isWithin(async () => await offsetOf(second, 'slave_repl_offset') >= written)
}

/** How the old server refuses writes once another has taken its place; it goes on answering TIME and PING. */
const refusals: Readonly<Record<string, (first: RedisServer, second: RedisServer) => Promise<void>>> = {
  READONLY: async (first, second) => { await sendCommand(first.port, 'REPLICAOF', '127.0.0.1', String(second.port)) },
  MASTERDOWN: async (first) => {
    await sendCommand(first.port, 'CONFIG', 'SET', 'replica-serve-stale-data', 'no')
    await sendCommand(first.port, 'REPLICAOF', '127.0.0.1', '1')
  },
  NOREPLICAS: async (first) => {
    await sendCommand(first.port, 'CONFIG', 'SET', 'min-replicas-max-lag', '1')
    await sendCommand(first.port, 'CONFIG', 'SET', 'min-replicas-to-write', '1')
  },
}

for (const [refusal, demote] of Object.entries(refusals)) {
  await t.test(`E9 redis: the store is writable again within seconds, nobody asking, when its address leads elsewhere and the old server says ${refusal}`, async (t) => {
    const { first, second, address } = await startPair(t)
    const log = createRecordingLog()
    const url = `redis://127.0.0.1:${address.port}`
    const store = openStore(t, url, systemClock, log)
    const other = openStore(t, url, systemClock)
    const heard: Array<string | null> = []
    other.onChange((key) => { heard.push(key) })
    for (const one of [store, other]) await untilReady(one)
    await store.write('record:1', { version: 1 }, hour)
    t.ok(await isReplicated(first, second))

    await sendCommand(second.port, 'REPLICAOF', 'NO', 'ONE')
    address.pointTo(second.port)
    await demote(first, second)
    t.ok(await isWithin(() => log.lines.includes('info: Redis is back')), 'it finds the new server by itself')
    t.strictSame(log.lines, ['error: Redis is away', 'info: Redis is back'])
    t.equal(await store.replace('record:1', 1, { version: 2 }, hour), true)
    t.strictSame(await store.read('record:1'), { version: 2 })
    t.match(await sendCommand(second.port, 'GET', 'scan-login:record:1'), '"version":2', 'it is the new server that knows')
    t.ok(await isWithin(() => other.check().then(() => true, () => false)))
    let version = 2
    t.ok(await isWithin(async () => {
      await store.replace('record:1', version, { version: version + 1 }, hour)
      version++
      return heard.includes('record:1')
    }), 'who listens hears by way of the new server')
  })
}

await t.test('E9 redis: reads are answered for some seconds more, and then no longer, while the address leads to a server that takes no writes', async (t) => {
  const { first, second, address } = await startPair(t)
  const store = openStore(t, `redis://127.0.0.1:${address.port}`, systemClock)
  await untilReady(store)
  await store.write('value:1', 'kept', hour)
  t.ok(await isReplicated(first, second))
  await sendCommand(first.port, 'REPLICAOF', '127.0.0.1', String(second.port))
  t.ok(await isWithin(() => store.check().then(() => false, () => true)), 'it is not ready')
  for (let round = 0; round < 10; round++) {
    t.equal(await store.read('value:1'), 'kept')
    await sleep(100)
  }
  t.ok(await isWithin(() => store.read('value:1').then(() => false, ({ code }) => code === 'store-unavailable')), 'what it holds may be out of date')
  await sendCommand(second.port, 'REPLICAOF', 'NO', 'ONE')
  address.pointTo(second.port)
  t.ok(await isWithin(() => store.check().then(() => true, () => false)), 'and all goes on once there is another')
  t.equal(await store.read('value:1'), 'kept')
})

await t.test('E9 service: logins go on without a restart when the address of its Redis leads elsewhere', async (t) => {
  const { first, second, address } = await startPair(t)
  const deployment = await openDeployment(t, { env: { STORE_URL: `redis://127.0.0.1:${address.port}` } })
  makeKeyFile(`${deployment.folder}/data/keys.json`)
  await deployment.start()
  await untilServiceReady(deployment)
  const make = async () => (await deployment.call({ method: 'POST', path: '/api/tickets' })).status
  t.equal(await make(), 201)
  await sendCommand(second.port, 'REPLICAOF', 'NO', 'ONE')
  address.pointTo(second.port)
  await sendCommand(first.port, 'REPLICAOF', '127.0.0.1', String(second.port))
  t.ok(await isWithin(async () => await make() === 201), 'tickets are made again')
  t.ok(await isWithin(async () => (await deployment.call({ path: '/healthz' })).status === 200), 'and it is ready')
})
