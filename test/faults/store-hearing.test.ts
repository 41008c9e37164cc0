/** Owns what one process hears of what another replaces: in Redis each key once, and a hint to look again after a loss. */
import t, { type Test } from 'tap'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Store } from '../../src/login/store-port.ts'
import { createRecordingLog } from '../support/log.ts'
import { startRedis } from '../support/redis.ts'
import { say } from '../support/redis-sets.ts'
import { until } from '../support/turns.ts'
import { systemClock } from '../../src/runtime.ts'
import { openStore, untilReady } from '../contract/store-harness.ts'

const hour = 3_600_000

/** A store, the keys it has heard, and how often it was told that it may have missed some. */
const openEar = async (t: Test, url: string) => {
  const store = openStore(t, url, systemClock)
  const heard: string[] = []
  const ear = { store, heard, looks: 0, stop: () => {} }
  ear.stop = store.onChange((key) => {
    if (key === null) ear.looks++
    else heard.push(key)
  })
  await untilReady(store)
  return ear
}

/** Replaces one value after the other until another process hears of it; what it has heard so far is forgotten. */
const untilHeard = async (speaker: Store, ears: ReadonlyArray<{ heard: string[] }>, key: string): Promise<void> => {
  await speaker.write(key, { version: 1 }, hour)
  for (let version = 1; ears.some(({ heard }) => !heard.includes(key)); version++) {
    await speaker.replace(key, version, { version: version + 1 }, hour)
    await sleep(50)
  }
  for (const { heard } of ears) heard.length = 0
}

const start = async (t: Test, port?: number) => {
  const server = await startRedis(port === undefined ? {} : { port })
  t.teardown(() => server.stop())
  return server
}

await t.test('hearing: another process is told of a key when its value is replaced, and nobody when it is not', async (t) => {
  const server = await start(t)
  const [here, there] = [await openEar(t, server.url), await openEar(t, server.url)]
  await untilHeard(here.store, [there], 'first:1')
  await untilHeard(there.store, [here], 'first:2')
  there.heard.length = 0
  await here.store.write('record:1', { version: 1 }, hour)
  await here.store.write('record:2', { version: 1 }, hour)
  t.equal(await here.store.replace('record:1', 7, { version: 8 }, hour), false)
  t.equal(await here.store.replace('record:1', 1, { version: 2 }, hour), true)
  t.equal(await here.store.replace('record:2', 1, { version: 2 }, hour), true)
  await until(() => there.heard.length > 1)
  t.strictSame(there.heard, ['record:1', 'record:2'])

  there.stop()
  t.equal(await there.store.replace('record:1', 2, { version: 3 }, hour), true)
  await until(() => here.heard.length > 0)
  t.strictSame(here.heard, ['record:1'], 'and not of what it did itself')
  t.equal(await here.store.replace('record:2', 2, { version: 3 }, hour), true)
  await here.store.check()
  t.equal(there.heard.length, 2, 'who has stopped hears no more')
})

await t.test('hearing: everybody is told to look again, and hears from then on, when Redis was away', async (t) => {
  const server = await startRedis()
  const [here, there] = [await openEar(t, server.url), await openEar(t, server.url)]
  await untilHeard(here.store, [there], 'first:1')
  await server.stop()
  await until(() => here.looks + there.looks > 0)
  const looks = there.looks
  await start(t, server.port)
  await until(() => there.looks > looks)
  await untilReady(here.store)
  await untilHeard(here.store, [there], 'record:1')
  t.pass('it hears again')
})

await t.test('hearing: everybody is told to look again, and hears from then on, when only the subscription was cut', async (t) => {
  const server = await start(t)
  const [here, there] = [await openEar(t, server.url), await openEar(t, server.url)]
  await untilHeard(here.store, [there], 'first:1')
  const looks = there.looks
  await say(server.port, 'CLIENT', 'KILL', 'TYPE', 'pubsub')
  await until(() => there.looks > looks)
  await untilHeard(here.store, [there], 'record:1')
  t.pass('it hears again')
})

for (const right of ['publish', 'subscribe']) {
  await t.test(`hearing: a value is replaced, and everybody told to look again and again, when the user may not ${right}`, async (t) => {
    const server = await start(t)
    await say(server.port, 'ACL', 'SETUSER', 'shop', 'on', '>pw', '~*', '&*', '+@all', `-${right}`)
    const log = createRecordingLog()
    const store = openStore(t, server.url.replace('//', '//shop:pw@'), systemClock, log)
    let looks = 0
    store.onChange(() => { looks++ })
    await untilReady(store)
    await store.write('record:1', { version: 1 }, hour)
    t.equal(await store.replace('record:1', 1, { version: 2 }, hour), true)
    t.strictSame(await store.read('record:1'), { version: 2 })
    await until(() => looks > 3)
    t.strictSame(log.lines, ['warn: Redis lets this user not subscribe or not publish: who waits at one instance hears late of what happens at another'], 'it is said once')
  })
}
