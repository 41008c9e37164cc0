/** Owns what one process hears of what another replaces: in Redis each key once, and a hint to look again after a loss. */
import t, { type Test } from 'tap'
import { createClient } from '@keyv/redis'
import { startRedis } from '../support/redis.ts'
import { until } from '../support/turns.ts'
import { systemClock } from '../../src/runtime.ts'
import { openStore, untilReady } from './store-harness.ts'

const hour = 3_600_000

/** A store and what it has heard. It has heard null once by then: that it can hear from now on. */
const openEar = async (t: Test, url: string) => {
  const store = openStore(t, url, systemClock)
  const heard: Array<string | null> = []
  const stop = store.onReplace((key) => { heard.push(key) })
  await untilReady(store)
  await until(() => heard.length > 0)
  return { store, heard, stop }
}

await t.test('hearing: another process is told of a key when its value is replaced, and nobody when it is not', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const [here, there] = [await openEar(t, server.url), await openEar(t, server.url)]
  await here.store.write('record:1', { version: 1 }, hour)
  await here.store.write('record:2', { version: 1 }, hour)
  t.equal(await here.store.replace('record:1', 7, { version: 8 }, hour), false)
  t.equal(await here.store.replace('record:1', 1, { version: 2 }, hour), true)
  t.equal(await here.store.replace('record:2', 1, { version: 2 }, hour), true)
  await until(() => there.heard.length > 2)
  t.strictSame(there.heard, [null, 'record:1', 'record:2'])

  there.stop()
  t.equal(await there.store.replace('record:1', 2, { version: 3 }, hour), true)
  await until(() => here.heard.length > 1)
  t.strictSame(here.heard, [null, 'record:1'], 'and not of what it did itself')
  t.equal(await here.store.replace('record:2', 2, { version: 3 }, hour), true)
  await here.store.check()
  t.equal(there.heard.length, 3, 'who has stopped hears no more')
})

await t.test('hearing: everybody is told to look again when the connection was lost, and hears from then on', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const [here, there] = [await openEar(t, server.url), await openEar(t, server.url)]
  await server.stop()
  const next = await startRedis({ port: server.port })
  t.teardown(() => next.stop())
  await until(() => there.heard.length > 1)
  await untilReady(here.store)
  await here.store.write('record:1', { version: 1 }, hour)
  t.equal(await here.store.replace('record:1', 1, { version: 2 }, hour), true)
  await until(() => there.heard.length > 2)
  t.strictSame(there.heard, [null, null, 'record:1'])
})

await t.test('hearing: a value is replaced all the same when the user may neither publish nor subscribe', async (t) => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const admin = createClient({ url: server.url })
  await admin.connect()
  await admin.sendCommand(['ACL', 'SETUSER', 'shop', 'on', '>pw', '~*', '+@all', '-publish', '-subscribe', 'resetchannels'])
  await admin.close()
  const store = openStore(t, server.url.replace('//', '//shop:pw@'), systemClock)
  await untilReady(store)
  await store.write('record:1', { version: 1 }, hour)
  t.equal(await store.replace('record:1', 1, { version: 2 }, hour), true)
  t.strictSame(await store.read('record:1'), { version: 2 })
})
