/** An instance's bounded memory of who is over a limit. The store has the counts that it forgets. */
import t from 'tap'
import { createLimitCounts, maxRemembered } from '../../src/http/limit-counts.ts'
import type { LimitedWindow, Store } from '../../src/login/store-port.ts'
import { createStore } from '../../src/stores/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'

await t.test('limit counts: a client stays over its limit, by the store\'s count, when a flood of others pushes it out of memory', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  let asked = 0
  const counted: Store = {
    ...store,
    countAgainstLimits: (windows, windowMs) => {
      asked++
      return store.countAgainstLimits(windows, windowMs)
    },
    readLimitCounts: (keys) => {
      asked++
      return store.readLimitCounts(keys)
    },
  }
  const { Store: PluginStore, firstOver } = createLimitCounts(counted, clock, (key, max) => [{ key, limit: max }])
  const counts = new PluginStore({})
  const ask = (key: string) => new Promise((resolve) => { counts.incr(key, (_error, result) => { resolve(result?.current) }, 60_000, 1) })

  for (let i = 0; i <= maxRemembered; i++) {
    await ask(`limit:${i}`)
    await ask(`limit:${i}`)
  }
  asked = 0
  t.equal(await ask(`limit:${maxRemembered}`), 3)
  t.equal(asked, 0, 'the latest is remembered')
  t.equal(await ask('limit:0'), 3, 'the first is still over its limit')
  t.equal(asked, 1, 'by the store\'s count')

  asked = 0
  const windowOf = (n: number) => ({ key: `limit:${n}`, limit: 1 })
  t.strictSame(await firstOver([windowOf(0)]), windowOf(0))
  t.equal(asked, 0, 'it is remembered now')
  t.strictSame(await firstOver([windowOf(1)]), windowOf(1))
  t.strictSame(await firstOver([windowOf(1)]), windowOf(1))
  t.equal(asked, 1, 'a check without counting asks the store only once, too')
})

await t.test('limit counts: a check without counting returns the widest window that is over its limit', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const windows = [{ key: 'wide', limit: 4 }, { key: 'narrow', limit: 2 }] as const
  const [wide, narrow] = windows
  const check = () => createLimitCounts(store, clock, () => windows).firstOver(windows)
  const count = (windows: readonly [LimitedWindow, ...LimitedWindow[]]) => store.countAgainstLimits(windows, 60_000)
  for (let n = 0; n < 5; n++) t.equal(await check(), undefined)
  for (let n = 0; n < 2; n++) await count(windows)
  t.equal(await check(), undefined, 'at the limit is not over it')
  await count(windows)
  t.equal(await check(), narrow)
  for (let n = 0; n < 2; n++) await count([wide, { key: 'neighbour', limit: 2 }])
  t.equal(await check(), narrow, 'the wide one is at its limit, but not over')
  await count([wide, { key: 'neighbour', limit: 2 }])
  t.equal(await check(), wide)
  clock.advance(60_000)
  t.equal(await check(), undefined)
})
