/** An address of Redis that points to another server while connections to the old one stay open: the service follows within seconds. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/runtime.ts'
import { openStore, untilReady } from '../contract/store-harness.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { openMovingAddress } from '../support/moving-address.ts'
import { openDeployment, waitUntilReady as untilServiceReady } from '../support/service-process.ts'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { startRedis, type RedisServer } from '../support/redis.ts'
import { isReplicated, sendCommand } from '../support/redis-sets.ts'
import { waitAtMost } from '../support/waiting.ts'

const hour = 3_600_000
/** Far more than it takes, for a busy machine. */
const patienceMs = 20_000

const start = async (t: Test, args: readonly string[] = []): Promise<RedisServer> => {
  const server = await startRedis({ args })
  t.teardown(() => server.stop())
  return server
}

/** Starts a server, its replica, and an address that points to the first. */
const startPair = async (t: Test, args?: readonly string[]) => {
  const first = await start(t, args)
  const second = await start(t, ['--replicaof', '127.0.0.1', String(first.port)])
  while (!String(await sendCommand(second.port, 'INFO', 'replication')).includes('master_link_status:up')) await sleep(50)
  return { first, second, address: await openMovingAddress(t, first.port) }
}

const isWithin = waitAtMost(patienceMs)

/** How the old server is made to refuse writes; it still answers TIME and PING. */
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
  await t.test(`E9 redis: the store is writable again within seconds, without any call, when its address points to another server and the old one answers ${refusal}`, async (t) => {
    const { first, second, address } = await startPair(t)
    const log = createRecordingLog()
    const url = `redis://127.0.0.1:${address.port}`
    const store = openStore(t, url, systemClock, log)
    const other = openStore(t, url, systemClock)
    const changes: Array<string | null> = []
    other.onChange((key) => { changes.push(key) })
    for (const one of [store, other]) await untilReady(one)
    await store.write('record:1', { version: 1 }, hour)
    t.ok(await isReplicated(first, second))

    await sendCommand(second.port, 'REPLICAOF', 'NO', 'ONE')
    address.pointTo(second.port)
    await demote(first, second)
    t.ok(await isWithin(() => log.lines.includes('info: Redis is reachable again')), 'the new server is found without a call')
    t.strictSame([log.codes, log.lines.at(-1), log.lines.length], [['redis-unreachable'], 'info: Redis is reachable again', 2])
    t.equal(await store.replace('record:1', 1, { version: 2 }, hour), true)
    t.strictSame(await store.read('record:1'), { version: 2 })
    t.match(await sendCommand(second.port, 'GET', 'scan-login:record:1'), '"version":2', 'the new server has the value')
    t.ok(await isWithin(() => other.check().then(() => true, () => false)))
    let version = 2
    t.ok(await isWithin(async () => {
      await store.replace('record:1', version, { version: version + 1 }, hour)
      version++
      return changes.includes('record:1')
    }), 'listeners get changes through the new server')
  })
}

await t.test('E9 redis: reads are answered for some seconds, and then refused, when the address points to a server that refuses writes', async (t) => {
  const { first, second, address } = await startPair(t)
  const store = openStore(t, `redis://127.0.0.1:${address.port}`, systemClock)
  await untilReady(store)
  await store.write('value:1', 'kept', hour)
  t.ok(await isReplicated(first, second))
  await sendCommand(first.port, 'REPLICAOF', '127.0.0.1', String(second.port))
  t.ok(await isWithin(() => store.check().then(() => false, () => true)), 'the store is not ready')
  for (let round = 0; round < 10; round++) {
    t.equal(await store.read('value:1'), 'kept')
    await sleep(100)
  }
  t.ok(await isWithin(() => store.read('value:1').then(() => false, ({ code }) => code === 'store-unavailable')), 'its values may be out of date')
  await sendCommand(second.port, 'REPLICAOF', 'NO', 'ONE')
  address.pointTo(second.port)
  t.ok(await isWithin(() => store.check().then(() => true, () => false)), 'the store works again with another server')
  t.equal(await store.read('value:1'), 'kept')
})

await t.test('E9 service: logins continue without a restart when the address of Redis points to another server', async (t) => {
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
  t.ok(await isWithin(async () => await make() === 201), 'tickets can be made again')
  t.ok(await isWithin(async () => (await deployment.call({ path: '/healthz' })).status === 200), 'the service is ready')
})
