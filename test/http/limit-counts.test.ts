/** What an instance remembers of who is over a limit: so many and no more, and what it forgets the store knows. */
import t from 'tap'
import { createLimitCounts, remembered } from '../../src/http/limit-counts.ts'
import { createStore } from '../../src/stores/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/log.ts'

await t.test('limit counts: a flood of others frees nobody, for the store is asked, when more are over their limit than are remembered', async (t) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  let asked = 0
  const count = (key: string, windowMs: number) => {
    asked++
    return store.count(key, windowMs)
  }
  const counts = new (createLimitCounts({ ...store, count }, clock, () => {}))({})
  const ask = (key: string) => new Promise((resolve) => { counts.incr(key, (_error, result) => { resolve(result?.current) }, 60_000, 1) })

  for (let i = 0; i <= remembered; i++) {
    await ask(`limit:${i}`)
    await ask(`limit:${i}`)
  }
  asked = 0
  t.equal(await ask(`limit:${remembered}`), 2)
  t.equal(asked, 0, 'who came last is remembered')
  t.equal(await ask('limit:0'), 3, 'who came first is still over it')
  t.equal(asked, 1, 'for the store was asked')
})
