/** `onChange` between processes on one Redis: each replaced key once, and null after a loss. */
import t, { type Test } from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../src/login/store-port.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { startRedis } from '../support/redis.ts'
import { sendCommand } from '../support/redis-sets.ts'
import { waitUntil } from '../support/waiting.ts'
import { systemClock } from '../../src/runtime.ts'
import { openStore, untilReady } from '../contract/store-harness.ts'

const hour = 3_600_000

/** A store with what its listener got: the keys, and how often null, which means that some may be missed. */
const openListening = async (t: Test, url: string) => {
  const store = openStore(t, url, systemClock)
  const keys: string[] = []
  const listening = { store, keys, nulls: 0, unsubscribe: () => {} }
  listening.unsubscribe = store.onChange((key) => {
    if (key === null) listening.nulls++
    else keys.push(key)
  })
  await untilReady(store)
  return listening
}

/** Replaces one value after the other until the listeners of other processes get its key, and clears what they have got so far. */
const untilNotified = async (writer: Store, listening: ReadonlyArray<{ keys: string[] }>, key: string): Promise<void> => {
  await writer.write(key, { version: 1 }, hour)
  for (let version = 1; listening.some(({ keys }) => !keys.includes(key)); version++) {
    await writer.replace(key, version, { version: version + 1 }, hour)
    await sleep(50)
  }
  for (const { keys } of listening) keys.length = 0
}

const start = async (t: Test, port?: number) => {
  const server = await startRedis(port === undefined ? {} : { port })
  t.teardown(() => server.stop())
  return server
}

await t.test('onChange: another process gets the key when a value is replaced, and nothing when it is not', async (t) => {
  const server = await start(t)
  const [here, there] = [await openListening(t, server.url), await openListening(t, server.url)]
  await untilNotified(here.store, [there], 'first:1')
  await untilNotified(there.store, [here], 'first:2')
  there.keys.length = 0
  await here.store.write('record:1', { version: 1 }, hour)
  await here.store.write('record:2', { version: 1 }, hour)
  t.equal(await here.store.replace('record:1', 7, { version: 8 }, hour), false)
  t.equal(await here.store.replace('record:1', 1, { version: 2 }, hour), true)
  t.equal(await here.store.replace('record:2', 1, { version: 2 }, hour), true)
  await waitUntil(() => there.keys.length > 1)
  t.strictSame(there.keys, ['record:1', 'record:2'])

  there.unsubscribe()
  t.equal(await there.store.replace('record:1', 2, { version: 3 }, hour), true)
  await waitUntil(() => here.keys.length > 0)
  t.strictSame(here.keys, ['record:1'], 'a process gets no key of its own replacements')
  t.equal(await here.store.replace('record:2', 2, { version: 3 }, hour), true)
  await here.store.check()
  t.equal(there.keys.length, 2, 'an unsubscribed listener gets no more')
})

await t.test('onChange: listeners get null, and keys from then on, when Redis was away', async (t) => {
  const server = await startRedis()
  const [here, there] = [await openListening(t, server.url), await openListening(t, server.url)]
  await untilNotified(here.store, [there], 'first:1')
  await server.stop()
  await waitUntil(() => here.nulls + there.nulls > 0)
  const nulls = there.nulls
  await start(t, server.port)
  await waitUntil(() => there.nulls > nulls)
  await untilReady(here.store)
  await untilNotified(here.store, [there], 'record:1')
  t.pass('keys arrive again')
})

await t.test('onChange: listeners get null, and keys from then on, when only the subscription was cut', async (t) => {
  const server = await start(t)
  const [here, there] = [await openListening(t, server.url), await openListening(t, server.url)]
  await untilNotified(here.store, [there], 'first:1')
  const nulls = there.nulls
  await sendCommand(server.port, 'CLIENT', 'KILL', 'TYPE', 'pubsub')
  await waitUntil(() => there.nulls > nulls)
  await untilNotified(here.store, [there], 'record:1')
  t.pass('keys arrive again')
})

for (const right of ['publish', 'subscribe']) {
  await t.test(`onChange: values are replaced, and listeners get null again and again, when the user may not ${right}`, async (t) => {
    const server = await start(t)
    await sendCommand(server.port, 'ACL', 'SETUSER', 'shop', 'on', '>pw', '~*', '&*', '+@all', `-${right}`)
    const log = createRecordingLog()
    const store = openStore(t, server.url.replace('//', '//shop:pw@'), systemClock, log)
    let nulls = 0
    store.onChange(() => { nulls++ })
    await untilReady(store)
    await store.write('record:1', { version: 1 }, hour)
    t.equal(await store.replace('record:1', 1, { version: 2 }, hour), true)
    t.strictSame(await store.read('record:1'), { version: 2 })
    await waitUntil(() => nulls > 3)
    t.strictSame(log.lines, ['warn: The Redis user may not subscribe or publish, so a poll learns up to 2 s late what another instance did: grant +subscribe, +publish and the channels &scan-login*'], 'one line')
  })
}
