/** What an instance remembers of who is over a limit: so many and no more, and what it forgets the store knows. */
import t from 'tap'
import { createLimitCounts, maxRemembered } from '../../src/http/limit-counts.ts'
import type { LimitedWindow, Store } from '../../src/login/store-port.ts'
import { createStore } from '../../src/stores/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'

await t.test('limit counts: a flood of others frees nobody, for the store is asked, when more are over their limit than are remembered', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  let asked = 0
  const counted: Store = {
    ...store,
    countWithin: (windows, windowMs) => {
      asked++
      return store.countWithin(windows, windowMs)
    },
    countsWithin: (keys) => {
      asked++
      return store.countsWithin(keys)
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
  t.equal(asked, 0, 'who came last is remembered')
  t.equal(await ask('limit:0'), 3, 'who came first is still over it')
  t.equal(asked, 1, 'for the store was asked')

  asked = 0
  const windowOf = (n: number) => ({ key: `limit:${n}`, limit: 1 })
  t.strictSame(await firstOver([windowOf(0)]), windowOf(0))
  t.equal(asked, 0, 'as it is remembered now')
  t.strictSame(await firstOver([windowOf(1)]), windowOf(1))
  t.strictSame(await firstOver([windowOf(1)]), windowOf(1))
  t.equal(asked, 1, 'nor is it asked twice where one only looks')
})

await t.test('limit counts: the widest window over its limit is told and nothing is counted, when one only looks', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const windows = [{ key: 'wide', limit: 4 }, { key: 'narrow', limit: 2 }] as const
  const [wide, narrow] = windows
  const look = () => createLimitCounts(store, clock, () => windows).firstOver(windows)
  const count = (windows: readonly [LimitedWindow, ...LimitedWindow[]]) => store.countWithin(windows, 60_000)
  for (let n = 0; n < 5; n++) t.equal(await look(), undefined)
  for (let n = 0; n < 2; n++) await count(windows)
  t.equal(await look(), undefined, 'full is not over')
  await count(windows)
  t.equal(await look(), narrow)
  for (let n = 0; n < 2; n++) await count([wide, { key: 'neighbour', limit: 2 }])
  t.equal(await look(), narrow, 'while the wide one is full')
  await count([wide, { key: 'neighbour', limit: 2 }])
  t.equal(await look(), wide)
  clock.advance(60_000)
  t.equal(await look(), undefined)
})
