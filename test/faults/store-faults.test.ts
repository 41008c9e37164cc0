/** Calls while Redis is down, frozen, full or read-only: they get `store-unavailable` in time, and work again when the fault is over. */
import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Store } from '../../src/login/store-port.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { freePort, startRedis } from '../support/redis.ts'
import { sendCommand } from '../support/redis-sets.ts'
import { systemClock } from '../../src/runtime.ts'
import { openStore, untilReady } from '../contract/store-harness.ts'

const hour = 3_600_000
/** Every call is answered within 6 s, whatever fails behind the service. */
const answerWithinMs = 6_000

const slot = { group: 'room', owner: 'a', member: 'b' }
const reads: Record<string, (store: Store) => Promise<unknown>> = {
  read: (store) => store.read('value:1'),
}
const readings: Record<string, (store: Store) => Promise<unknown>> = {
  readLimitCounts: (store) => store.readLimitCounts(['count:2', 'count:3']),
}
const writes: Record<string, (store: Store) => Promise<unknown>> = {
  write: (store) => store.write('value:2', 1, hour),
  claim: (store) => store.claim('claim:1', 1, hour),
  claimAndRead: (store) => store.claimAndRead('claim:3', 1, hour, ['value:1']),
  replace: (store) => store.replace('record:1', 1, { version: 2 }, hour),
  acquirePlainSlot: (store) => store.acquirePlainSlot('room', 'a', hour, 1),
  acquireSlot: (store) => store.acquireSlot(slot, { ttlMs: hour, limit: 1, ownerLimit: 1, isProvisional: true }),
  count: (store) => store.count('count:1', hour),
  countAgainstLimits: (store) => store.countAgainstLimits([{ key: 'count:2', limit: 100 }, { key: 'count:3', limit: 100 }], hour),
  check: (store) => store.check(),
}
const removals: Record<string, (store: Store) => Promise<unknown>> = {
  remove: (store) => store.remove('value:1'),
  removeClaim: (store) => store.removeClaim('claim:2', 1),
  releasePlainSlot: (store) => store.releasePlainSlot('room', 'a'),
  secureSlot: (store) => store.secureSlot(slot),
  releaseSlot: (store) => store.releaseSlot(slot),
}
const all = { ...reads, ...readings, ...writes, ...removals }

const inTime = async <T>(work: Promise<T>): Promise<T> => {
  const abort = new AbortController()
  const late = sleep(answerWithinMs, undefined, { signal: abort.signal }).then(() => { throw new Error('No answer in time') })
  late.catch(() => {}) // aborted below
  return await Promise.race([work, late]).finally(() => { abort.abort() })
}

const assertRefused = async (t: Test, store: Store, calls: typeof all, condition: string) => {
  await Promise.all(Object.entries(calls).map(([name, call]) => t.rejects(
    inTime(call(store)), { code: 'store-unavailable', status: 503, retryAfterSeconds: 2 },
    `${name}: store-unavailable in time when ${condition}`,
  )))
}

const prepare = async (store: Store) => {
  await untilReady(store)
  await store.write('value:1', 'kept', hour)
  await store.write('record:1', { version: 1 }, hour)
  await store.claim('claim:2', 1, hour)
}

const assertWorks = async (t: Test, store: Store, condition: string) => {
  await untilReady(store)
  t.equal(await store.claim('claim:after', 1, hour), true, `claim: works when ${condition}`)
  t.equal(await store.remove('claim:after'), true, `remove: works when ${condition}`)
}

const start = async (t: Test, options: Parameters<typeof startRedis>[0] = {}) => {
  const server = await startRedis(options)
  t.teardown(() => server.stop())
  return server
}

await t.test('redis store: every call gets store-unavailable when Redis has stopped, and works when it has started again', async (t) => {
  const log = createRecordingLog()
  const server = await startRedis()
  const store = openStore(t, server.url, systemClock, log)
  await prepare(store)
  await server.stop()
  await assertRefused(t, store, all, 'Redis has ended')
  await assertRefused(t, store, all, 'Redis is known to have ended')
  await start(t, { port: server.port })
  await assertWorks(t, store, 'Redis is reachable again')
  t.equal(await store.read('value:2'), undefined, 'write: is not carried out later when it was refused')
  t.strictSame([log.codes, log.lines.at(-1), log.lines.length], [['redis-unreachable'], 'info: Redis is reachable again', 2], 'log: one line at the beginning and one at the end of the outage')
})

await t.test('redis store: every call gets store-unavailable when Redis was never there, and works when it comes up', async (t) => {
  const port = await freePort()
  const store = openStore(t, `redis://127.0.0.1:${port}`, systemClock)
  await assertRefused(t, store, all, 'Redis was never there')
  await start(t, { port })
  await assertWorks(t, store, 'Redis came up late')
})

await t.test('redis store: every call gets store-unavailable when Redis freezes, and works when it runs again', async (t) => {
  const log = createRecordingLog()
  const server = await start(t)
  const store = openStore(t, server.url, systemClock, log)
  await prepare(store)
  server.kill('SIGSTOP')
  await assertRefused(t, store, all, 'Redis is frozen')
  await assertRefused(t, store, all, 'Redis is still frozen')
  server.kill('SIGCONT')
  await assertWorks(t, store, 'Redis runs again')
  t.ok(log.codes.includes('redis-unreachable'), 'log: one line when Redis is frozen')
})

await t.test('redis store: reads work over a new connection when the old one falls silent under load', async (t) => {
  const server = await start(t)
  const sockets: Socket[] = []
  const proxy = createServer((near) => {
    const far = connect(server.port, '127.0.0.1')
    sockets.push(near.on('error', () => {}), far.on('error', () => {}))
    near.pipe(far).pipe(near)
  })
  await new Promise<void>((resolve) => { proxy.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  const { port } = proxy.address() as { port: number } // an AddressInfo if it listens on a port
  const store = openStore(t, `redis://127.0.0.1:${port}`, systemClock)
  await prepare(store)
  // Bytes are still accepted, and nothing comes back: a machine that is gone looks like this as long as the client writes.
  for (const socket of sockets) socket.unpipe().resume()

  const giveUpAt = Date.now() + 20_000
  const outcomes: string[] = []
  const readOnce = async () => {
    outcomes.push(await inTime(store.read('value:1')).then(() => 'answered', (error: { code?: string }) => String(error.code)))
  }
  const reads = []
  while (!outcomes.includes('answered') && Date.now() < giveUpAt) {
    reads.push(readOnce())
    await sleep(100)
  }
  await Promise.all(reads)
  t.ok(outcomes.includes('answered'), 'read: works over a new connection when the old one fell silent under load')
  t.strictSame(new Set(outcomes), new Set(['store-unavailable', 'answered']), 'read: store-unavailable in time when the connection is silent')
})

await t.test('redis store: writes get store-unavailable, and reads work, when Redis has no memory left', async (t) => {
  const server = await start(t, { args: ['--maxmemory-policy', 'noeviction'] })
  const store = openStore(t, server.url, systemClock)
  await prepare(store)
  await sendCommand(server.port, 'CONFIG', 'SET', 'maxmemory', '1')
  await assertRefused(t, store, writes, 'Redis has no memory left')
  t.equal(await store.read('value:1'), 'kept', 'read: works when Redis has no memory left')
  t.strictSame(await store.read('record:1'), { version: 1 }, 'replace: changes nothing when Redis has no memory left')
  await sendCommand(server.port, 'CONFIG', 'SET', 'maxmemory', '0')
  await assertWorks(t, store, 'Redis has memory again')
  t.equal(await store.claim('claim:1', 1, hour), true, 'claim: is true when it was refused for lack of memory before')
  t.equal((await store.count('count:1', hour)).count, 1, 'count: starts at 1 when it was refused for lack of memory before')
})

await t.test('redis store: a warning is logged when Redis may evict entries', async (t) => {
  const warning = 'warn: Redis may evict entries when its memory is full, used nonces and ended sessions too: set maxmemory-policy to noeviction'
  const linesWith = async (...args: string[]) => {
    const server = await start(t, { args })
    const log = createRecordingLog()
    const store = openStore(t, server.url, systemClock, log)
    await untilReady(store)
    // Redis answers in order, so the command sent at the start of the connection has its answer now.
    await store.check()
    return log.lines
  }
  t.strictSame(await linesWith('--maxmemory', '100mb', '--maxmemory-policy', 'allkeys-lru'), [warning], 'log: a warning when Redis may evict')
  t.strictSame(await linesWith('--maxmemory', '100mb', '--maxmemory-policy', 'noeviction'), [], 'log: no warning when Redis refuses instead')
  t.strictSame(await linesWith('--maxmemory-policy', 'allkeys-lru'), [], 'log: no warning when memory has no limit')
})

await t.test('redis store: writes get store-unavailable, and reads work, when Redis has become a replica', async (t) => {
  const server = await start(t)
  const store = openStore(t, server.url, systemClock)
  await prepare(store)
  await sendCommand(server.port, 'REPLICAOF', '127.0.0.1', String(await freePort()))
  await assertRefused(t, store, { ...writes, ...removals }, 'Redis is a read-only replica')
  t.equal(await store.read('value:1'), 'kept', 'read: works when Redis is a read-only replica')
  await sendCommand(server.port, 'REPLICAOF', 'NO', 'ONE')
  await assertWorks(t, store, 'Redis is a primary again')
})

await t.test('redis store: every call gets store-unavailable when the password is wrong', async (t) => {
  const server = await start(t)
  await sendCommand(server.port, 'CONFIG', 'SET', 'requirepass', 'right')
  const store = openStore(t, `redis://:wrong@127.0.0.1:${server.port}`, systemClock)
  await assertRefused(t, store, all, 'the password is wrong')
  await assertWorks(t, openStore(t, `redis://:right@127.0.0.1:${server.port}`, systemClock), 'the password is right')
})

await t.test('redis store: reads get store-unavailable when the entry is damaged, and a write replaces it', async (t) => {
  const server = await start(t)
  const store = openStore(t, server.url, systemClock)
  await prepare(store)
  for (const text of ['', '{', 'null', '5', '[]', '{"values":1}']) {
    await sendCommand(server.port, 'SET', 'scan-login:value:1', text)
    await assertRefused(t, store, reads, `the text is ${text || 'empty'}`)
    t.equal(await store.claim('value:1', 1, hour), false, `claim: is false when the text is ${text || 'empty'}`)
  }
  await sendCommand(server.port, 'SET', 'scan-login:record:1', '{"value":{"version":1')
  await t.rejects(store.replace('record:1', 1, { version: 2 }, hour), { code: 'store-unavailable' }, 'replace: store-unavailable when the text is truncated')
  await sendCommand(server.port, 'DEL', 'scan-login:value:1')
  await sendCommand(server.port, 'RPUSH', 'scan-login:value:1', 'a')
  await assertRefused(t, store, reads, 'the entry has another type')
  await store.write('value:1', 'new', hour)
  t.equal(await store.read('value:1'), 'new', 'write: replaces a damaged entry')
})

await t.test('redis store: counting gets store-unavailable when the count is damaged', async (t) => {
  const server = await start(t)
  const store = openStore(t, server.url, systemClock)
  await untilReady(store)
  const counting: typeof all = {
    count: (store) => store.count('count:1', hour),
    countAgainstLimits: (store) => store.countAgainstLimits([{ key: 'count:2', limit: 100 }], hour),
    readLimitCounts: (store) => store.readLimitCounts(['count:2']),
  }
  const keys = ['scan-login-counts:count:1', 'scan-login-counts:{count:2}:count:2']
  for (const text of ['', 'many', '{"value":1}']) {
    for (const key of keys) await sendCommand(server.port, 'SET', key, text)
    await assertRefused(t, store, counting, `the text is ${text || 'empty'}`)
  }
  for (const key of keys) {
    await sendCommand(server.port, 'DEL', key)
    await sendCommand(server.port, 'RPUSH', key, 'a')
  }
  await assertRefused(t, store, counting, 'the count has another type')
})

await t.test('redis store: another application\'s entry is neither read nor removed when its key is similar', async (t) => {
  const server = await start(t)
  const store = openStore(t, server.url, systemClock)
  await prepare(store)
  await sendCommand(server.port, 'SET', 'value:3', 'theirs')
  t.equal(await store.read('value:3'), undefined, 'read: is undefined when the key is another application\'s')
  t.equal(await store.remove('value:3'), false, 'remove: is false when the key is another application\'s')
  await store.write('places:room', 1, hour)
  t.equal(await store.acquirePlainSlot('room', 'a', hour, 1), true, 'acquirePlainSlot: works when an entry has a similar key')
})

await t.test('redis store: close resolves, and a pending call gets store-unavailable, when Redis is frozen, absent or just being connected', async (t) => {
  const server = await start(t)
  const port = await freePort()
  const ready = openStore(t, server.url, systemClock)
  await untilReady(ready)
  const frozen = openStore(t, server.url, systemClock)
  await untilReady(frozen)
  server.kill('SIGSTOP')
  const pending = t.rejects(frozen.read('value:1'), { code: 'store-unavailable' }, 'read: store-unavailable when the store is closed during the call')
  await frozen.close()
  await pending
  server.kill('SIGCONT')
  await openStore(t, `redis://127.0.0.1:${port}`, systemClock).close()
  await openStore(t, server.url, systemClock).close()
  t.pass('close: resolves when Redis is frozen, absent or just being connected')
})
