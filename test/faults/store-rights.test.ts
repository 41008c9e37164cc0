/** The Redis user that the READMEs print has the rights that the service needs, and no others. */
import t from 'tap'
import { createClient } from '@keyv/redis'
import { startRedis } from '../support/redis.ts'
import { sendCommand, startCluster, startSentinelSet, startSingle } from '../support/redis-sets.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { systemClock } from '../../src/runtime.ts'
import { openStore, untilReady } from '../contract/store-harness.ts'
import { waitUntil } from '../support/waiting.ts'
import { textIn, type Language } from '../support/readmes.ts'

const hour = 3_600_000

/** Returns the words of the ACL SETUSER that the READMEs in a language print, with the test's password. */
const printedIn = (language: Language): string[] => {
  const [line] = /^ACL SETUSER scan-login .+$/m.exec(textIn(language)) ?? []
  if (line === undefined) throw new Error(`no README in ${language} prints an ACL SETUSER`)
  return line.split(' ').map((word) => word.startsWith('>') ? '>pw' : word)
}

const rights = printedIn('en')

await t.test('rights: the READMEs in both languages print the same user', async (t) => {
  t.strictSame(printedIn('zh-CN'), rights)
})

for (const [kind, open] of Object.entries({
  'one server': startSingle,
  'a Sentinel set': startSentinelSet,
  'a cluster': startCluster,
})) {
  await t.test(`rights: everything works on ${kind} for the user that the README prints`, async (t) => {
    const { url, servers } = await open(t)
    for (const { port } of servers) await sendCommand(port, ...rights)
    const log = createRecordingLog()
    const store = openStore(t, url.replace('://', '://scan-login:pw@'), systemClock, log)
    const other = openStore(t, url.replace('://', '://scan-login:pw@'), systemClock, log)
    const changes: Array<string | null> = []
    other.onChange((key) => { changes.push(key) })
    for (const one of [store, other]) await untilReady(one)
    await waitUntil(() => changes.length > 0) // null at first: it is subscribed

    await store.write('record:1', { version: 1 }, hour)
    await store.write('value:1', 1, null)
    t.equal(await store.replace('record:1', 1, { version: 2 }, hour), true)
    t.strictSame(await store.readMany(['record:1', 'value:1', 'none']), [{ version: 2 }, 1, undefined])
    t.equal(await store.claim('claim:1', 1, hour), true)
    t.equal(await store.removeClaim('claim:1', 1), true)
    t.strictSame(await store.claimAndRead('claim:2', 1, hour, ['record:1']), [{ version: 2 }])
    t.equal(await store.remove('value:1'), true)
    t.equal(await store.acquirePlainSlot('room', 'a', hour, 1), true)
    await store.releasePlainSlot('room', 'a')
    for (const member of ['b', 'c']) {
      const slot = { group: 'room', owner: 'a', member }
      t.equal((await store.acquireSlot(slot, { ttlMs: hour, limit: 1, ownerLimit: 2, isProvisional: member === 'b' })).isAcquired, true)
      t.equal(await store.secureSlot(slot), true)
      await store.releaseSlot(slot)
    }
    for (const [owner, member] of [['a', '1'], ['a', '2'], ['b', '3']] as const) {
      const slot = { group: 'full', owner, member }
      t.equal((await store.acquireSlot(slot, { ttlMs: hour, limit: 1, ownerLimit: 1, isProvisional: true })).isAcquired, true, 'the one before is evicted')
    }
    t.hasStrict(await store.count('window', hour), { count: 1 })
    t.hasStrict(await store.countAgainstLimits([{ key: 'wide', limit: 2 }, { key: 'narrow', limit: 1 }], hour), { count: 1 })
    t.hasStrict(await store.readLimitCounts(['wide', 'narrow']), [{ count: 1 }, { count: 1 }])
    for (let version = 2; !changes.includes('record:1'); version++) await store.replace('record:1', version, { version: version + 1 }, hour)
    t.strictSame(log.lines.filter((line) => !/Redis is (?:unreachable|reachable again)$/.test(line)), [], 'nothing is refused, which the log would show')
  })
}

await t.test('rights: other keys, other channels and other commands are refused', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  await sendCommand(server.port, ...rights)
  const client = await createClient({ url: server.url.replace('//', '//scan-login:pw@') }).connect()
  t.teardown(() => { client.destroy() })
  for (const words of [['GET', 'shop:1'], ['SET', 'x', '1'], ['PUBLISH', 'shop', '1'], ['FLUSHALL'], ['KEYS', '*'], ['CONFIG', 'GET', '*'], ['EVAL', 'return redis.call("GET", KEYS[1])', '1', 'x']]) {
    await t.rejects(client.sendCommand(words), { message: /NOPERM|ACL failure/i }, words.join(' '))
  }
})
