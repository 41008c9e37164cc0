import t, { type Test } from 'tap'
import { schema } from '../../../src/domain/record.ts'
import { createRecords } from '../../../src/login/records.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

interface Counter { readonly schema: typeof schema, readonly version?: number, readonly count: number }

const open = (t: Test) => {
  const store = createStore('sqlite::memory:', { clock: createFakeClock(), log: createRecordingLog() })
  t.teardown(() => store.close())
  const counters = createRecords<Counter>(store, { prefix: 'counter:', isId: (id) => /^[a-z]$/.test(id) })
  /** Adds one, in a record that may not be there yet. */
  const add = (id: string) => counters.update(id, (before) => ({ schema, ...before, count: (before?.count ?? 0) + 1 }), () => 1000)
  return { store, counters, add }
}

await t.test('records: one is read as it was written when its schema is known', async (t) => {
  const { store, counters } = open(t)
  await counters.write('a', { schema, count: 1 }, null)
  t.strictSame(await store.read('counter:a'), { schema, count: 1 })
  t.strictSame(await counters.read('a'), { schema, count: 1 })
  await store.write('counter:b', { count: 2 }, 1000)
  t.strictSame(await counters.readMany(['a', 'b', 'c']), [{ schema, count: 1 }, { count: 2 }, undefined], 'and when it has none, as in the first one')
  await counters.remove('a')
  t.equal(await counters.read('a'), undefined, 'and what is not there is undefined')
})

await t.test('records: nothing is read or overwritten by a change when the schema is unknown', async (t) => {
  const { store, counters, add } = open(t)
  await store.write('counter:a', { schema: 2, version: 1 }, null)
  for (const call of [() => counters.read('a'), () => counters.readMany(['b', 'a']), () => add('a')] as Array<() => Promise<unknown>>) {
    await t.rejects(call(), { code: 'store-unavailable' })
  }
  t.strictSame(await store.read('counter:a'), { schema: 2, version: 1 })
})

await t.test('records: an id finds nothing, and is no RangeError of the store, when it can\'t be one', async (t) => {
  const { counters } = open(t)
  t.equal(await counters.read('not an id'), undefined)
  await counters.write('a', { schema, count: 1 }, null)
  t.equal(await counters.read(['a'] as unknown as string), undefined, 'a list reads as text like its only id')
})

await t.test('records: no change is lost when several come at once', async (t) => {
  const { store, add } = open(t)
  const results = await Promise.all(Array.from({ length: 8 }, () => add('a')))
  t.strictSame(results.map(({ after }) => after?.count).sort(), [1, 2, 3, 4, 5, 6, 7, 8])
  t.hasStrict(await store.read('counter:a'), { schema, count: 8 })
})

await t.test('records: nothing is written when a change returns what it was given', async (t) => {
  const { store, counters, add } = open(t)
  t.strictSame(await counters.update('a', (before) => before, () => 1000), { before: undefined, after: undefined })
  await add('a')
  const { before, after } = await counters.update('a', (before) => before, () => 1000)
  t.equal(after, before)
  const kept = await counters.update('a', () => undefined, () => 1000)
  t.equal(kept.after, kept.before, 'nor when it returns nothing')
  t.strictSame(await store.read('counter:a'), before)
})

await t.test('records: a change that began before a record was removed does not overwrite the one that was made since', async (t) => {
  const { store, counters, add } = open(t)
  await add('a')
  const old = await counters.read('a') as Counter // just added
  await counters.remove('a')
  await add('a')
  t.equal(await counters.replace('a', old, { ...old, count: 9 }, 1000), false)
  t.hasStrict(await store.read('counter:a'), { count: 1 })
})

await t.test('records: one of two replacements wins when both start from the same record', async (t) => {
  const { store, counters } = open(t)
  const first: Counter = { schema, version: 1, count: 1 }
  t.equal(await counters.claim('a', first, 1000), true)
  t.equal(await counters.claim('a', first, 1000), false)
  t.strictSame((await Promise.all([5, 5].map((count) => counters.replace('a', first, { ...first, count }, 1000)))).sort(), [false, true])
  t.strictSame(await store.read('counter:a'), { schema, version: 2, count: 5 })
})
