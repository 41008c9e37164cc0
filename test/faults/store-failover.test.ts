/** Calls and notifications while a Redis set replaces a master that was killed, frozen or demoted. */
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Store } from '../../src/login/store-port.ts'
import { systemClock } from '../../src/runtime.ts'
import { downAfterMs, replicasOf, sendCommand, startCluster, startSentinelSet, waitUntilReplicated, type RedisSet } from '../support/redis-sets.ts'
import type { RedisServer } from '../support/redis.ts'
import { openStore, untilReady } from '../contract/store-harness.ts'

const hour = 3_600_000
/** Every call is answered within 6 s, whatever fails behind the service. */
const answerWithinMs = 6_000

/** In a cluster these are on different masters. */
const keys = Array.from({ length: 12 }, (_, index) => `record:${index}`)

const waitUntilNotified = async (writer: Store, changes: string[], key: string): Promise<void> => {
  await writer.write(key, { version: 1 }, hour)
  for (let version = 1; !changes.includes(key); version++) {
    await writer.replace(key, version, { version: version + 1 }, hour)
    await sleep(50)
  }
}

/** Waits until each of these keys can be read and written again. */
const waitUntilUsable = async (store: Store, wanted: readonly string[]): Promise<void> => {
  for (const key of wanted) {
    while (!await store.read(key).then(async () => { await store.write(`probe-${key}`, 1, hour) }).then(() => true, () => false)) await sleep(50)
  }
  await untilReady(store)
}

/** Claims and reads from all stores without a pause; `stop` returns the results. */
const startLoad = (stores: readonly Store[]) => {
  const won = new Map<string, number>()
  const codes = new Set<string>()
  let longestMs = 0
  let isOver = false
  let round = 0
  const attempt = async <T>(call: () => Promise<T>): Promise<T | undefined> => {
    const begun = performance.now()
    try {
      return await call()
    } catch (error) {
      codes.add((error as { code: string }).code)
      return undefined
    } finally {
      longestMs = Math.max(longestMs, performance.now() - begun)
    }
  }
  const work = async (): Promise<void> => {
    const goesOn = () => !isOver
    while (goesOn()) {
      const key = `claim:${round++}`
      const claims = await Promise.all(stores.map((store) => attempt(() => store.claim(key, 1, hour))))
      won.set(key, claims.filter((claim) => claim === true).length)
      await Promise.all(keys.map((one, index) => attempt(() => stores[index % stores.length]!.read(one)))) // the index is in range
      await sleep(20)
    }
  }
  const working = work()
  return {
    stop: async () => {
      isOver = true
      await working
      return { most: Math.max(...won.values()), codes: [...codes], longestMs }
    },
  }
}

const faults: Readonly<Record<string, { begin: (server: RedisServer, set: RedisSet) => Promise<void>, end?: (server: RedisServer) => void }>> = {
  'is killed and stays away': { begin: async (server) => { await server.stop() } },
  'is frozen': { begin: async (server) => { server.kill('SIGSTOP') }, end: (server) => { server.kill('SIGCONT') } },
}

const kinds: Readonly<Record<string, (t: Test) => Promise<RedisSet>>> = { sentinel: startSentinelSet, cluster: startCluster }

for (const [kind, startSet] of Object.entries(kinds)) {
  for (const [what, { begin, end }] of Object.entries(faults)) {
    await t.test(`${kind}: every call is answered in time, no claim has two winners, and all calls work again, when a master ${what}`, async (t) => {
      const set = await startSet(t)
      const stores = [openStore(t, set.url, systemClock), openStore(t, set.url, systemClock)] as const
      const changes: string[] = []
      stores[1].onChange((key) => { if (key !== null) changes.push(key) })
      for (const store of stores) await untilReady(store)
      for (const key of keys) await stores[0].write(key, { version: 1 }, hour)
      await waitUntilNotified(stores[0], changes, 'first:1')

      const load = startLoad(stores)
      const server = await set.masterOf(`scan-login:${keys[0]}`)
      await waitUntilReplicated(set, server)
      await begin(server, set)
      // Until the others have noticed, agreed, and one has taken over.
      await sleep(downAfterMs)
      for (const store of stores) await waitUntilUsable(store, keys)
      const { most, codes, longestMs } = await load.stop()
      t.equal(most, 1, 'a claim has at most one winner')
      t.strictSame(codes, ['store-unavailable'])
      t.ok(longestMs < answerWithinMs, `the longest answer took ${Math.round(longestMs)} ms`)

      for (const store of stores) t.strictSame(await store.readMany(keys), keys.map(() => ({ version: 1 })))
      changes.length = 0
      for (const key of keys) await waitUntilNotified(stores[0], changes, key)
      t.pass('listeners get changes from every master')

      end?.(server)
      await sleep(downAfterMs)
      for (const store of stores) await waitUntilUsable(store, keys)
      t.equal(await stores[0].claim('claim:after', 1, hour), true)
      t.equal(await stores[1].claim('claim:after', 1, hour), false)
    })
  }
}

await t.test('sentinel: calls work again when the master is demoted', async (t) => {
  const set = await startSentinelSet(t)
  const store = openStore(t, set.url, systemClock)
  await untilReady(store)
  await store.write('value:1', 'kept', hour)
  const before = await set.masterOf('')
  await sendCommand(Number(new URL(set.url.replace(/,.*/, '').replace('redis+sentinel', 'redis')).port), 'SENTINEL', 'FAILOVER', 'mymaster')
  while ((await set.masterOf('')).port === before.port) await sleep(50)
  await waitUntilUsable(store, keys)
  t.equal(await store.read('value:1'), 'kept')
  t.equal(await store.claim('claim:1', 1, hour), true)
})

await t.test('cluster: calls work again when a slot moves to another master', async (t) => {
  const set = await startCluster(t)
  const store = openStore(t, set.url, systemClock)
  await untilReady(store)
  await store.write('record:1', { version: 1 }, hour)
  const from = await set.masterOf('scan-login:record:1')
  const [replica] = await replicasOf(set, from)
  await sendCommand(replica.port, 'CLUSTER', 'FAILOVER')
  while ((await set.masterOf('scan-login:record:1')).port !== replica.port) await sleep(50)
  await waitUntilUsable(store, ['record:1'])
  t.equal(await store.replace('record:1', 1, { version: 2 }, hour), true)
  t.strictSame(await store.read('record:1'), { version: 2 })
})
