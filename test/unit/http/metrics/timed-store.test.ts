import t from 'tap'
import { timeStore, type StoreCall } from '../../../../src/http/metrics/timed-store.ts'
import { createStore } from '../../../../src/stores/store.ts'
import { createFakeClock } from '../../../support/fake-clock.ts'
import { createRecordingLog } from '../../../support/recording-log.ts'

await t.test('timed store: each call is reported with its result unchanged, and one that fails with its error', async (t) => {
  const clock = createFakeClock()
  const own = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => own.close())
  const calls: StoreCall[] = []
  const slow = {
    ...own,
    async read<T> (key: string) {
      clock.advance(250)
      return await own.read<T>(key)
    },
  }
  const store = timeStore(slow, clock, (call) => { calls.push(call) })
  await store.write('key', { a: 1 }, null)
  t.strictSame(await store.read('key'), { a: 1 })
  t.equal(await store.replace('key', 1, { version: 2 }, 1000), false)
  await t.rejects(store.write('not a key', 1, null), RangeError)
  t.strictSame(calls, [
    { operation: 'write', outcome: 'ok', ms: 0 },
    { operation: 'read', outcome: 'ok', ms: 250 },
    { operation: 'replace', outcome: 'ok', ms: 0 },
    { operation: 'write', outcome: 'failed', ms: 0 },
  ])
})

await t.test('timed store: every method is timed but those that ask nothing of the database', async (t) => {
  const own = createStore('sqlite::memory:', { clock: createFakeClock(), log: createRecordingLog() })
  t.teardown(() => own.close())
  const store = timeStore(own, createFakeClock(), () => {})
  const same = Object.entries(store).filter(([name, method]) => method === own[name as keyof typeof own]).map(([name]) => name)
  t.strictSame(same.sort(), ['close', 'now', 'onChange', 'timeErrorMs'])
  t.strictSame(Object.keys(store).sort(), Object.keys(own).sort())
})
