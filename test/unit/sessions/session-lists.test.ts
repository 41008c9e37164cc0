import t, { type Test } from 'tap'
import type { Store } from '../../../src/login/store-port.ts'
import { createPeople } from '../../../src/sessions/people.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

const hourMs = 3_600_000

const setUp = (t: Test) => {
  const clock = createFakeClock()
  const inner = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => inner.close())
  const writes: Array<[key: string, ttlMs: number | null]> = []
  const store: Store = {
    ...inner,
    claim: (key, value, ttlMs) => { writes.push([key, ttlMs]); return inner.claim(key, value, ttlMs) },
    replace: (key, version, value, ttlMs) => { writes.push([key, ttlMs]); return inner.replace(key, version, value, ttlMs) },
  }
  const people = createPeople(store, clock)
  return { clock, store, people, writes, add: (id: string, endsAt = clock.now() + hourMs, confirmedAt = clock.now()) => people.addSession('ming', id, endsAt, confirmedAt) }
}

await t.test('people: a person has the name they chose, and none before that or after removing it', async (t) => {
  const { people, store } = setUp(t)
  t.equal(await people.nameOf('ming'), null)
  await people.rename('ming', '小雨')
  t.equal(await people.nameOf('ming'), '小雨')
  t.equal(await people.nameOf('hong'), null)
  await people.rename('ming', '')
  t.equal(await people.nameOf('ming'), null)
  t.equal(await store.read('person-name:ming'), undefined)
})

await t.test('people: a name that an earlier release stored is not shown when it imitates others', async (t) => {
  const { people, store } = setUp(t)
  await store.write('person-name:ming', { schema: 1, name: 'admin' }, null)
  t.equal(await people.nameOf('ming'), null)
})

await t.test('people: a name is neither read nor changed when a later release has stored it', async (t) => {
  const { people, store } = setUp(t)
  const later = { schema: 2, name: '小雨' }
  await store.write('person-name:ming', later, null)
  for (const call of [() => people.nameOf('ming'), () => people.rename('ming', '小明'), () => people.rename('ming', '')] as Array<() => Promise<unknown>>) await t.rejects(call(), { code: 'store-unavailable' })
  t.strictSame(await store.read('person-name:ming'), later)
})

await t.test('people: sessions are listed newest first, once each, until their ends', async (t) => {
  const { clock, people, add } = setUp(t)
  t.strictSame(await people.sessionsOf('ming'), [])
  t.equal(await add('a'), true)
  t.equal(await add('b', clock.now() + 2 * hourMs), true)
  t.strictSame(await people.sessionsOf('ming'), ['b', 'a'])
  t.equal(await add('a'), true, 'again')
  t.strictSame(await people.sessionsOf('ming'), ['b', 'a'])
  t.equal(await add('a', clock.now() + 2), true, 'with another end')
  t.strictSame(await people.sessionsOf('ming'), ['a', 'b'])
  t.strictSame(await people.sessionsOf('hong'), [])
  clock.advance(1)
  t.strictSame(await people.sessionsOf('ming'), ['a', 'b'])
  clock.advance(1)
  t.strictSame(await people.sessionsOf('ming'), ['b'])
})

await t.test('people: nothing is written when a session is added that is listed already', async (t) => {
  const { add, writes } = setUp(t)
  await add('a')
  writes.length = 0
  await add('a')
  t.strictSame(writes, [])
})

await t.test('people: the list is stored for as long as its last session, and for at least a second', async (t) => {
  const { clock, people, add, writes } = setUp(t)
  await add('a', clock.now() + 3 * hourMs)
  await add('b', clock.now() + 2 * hourMs)
  await people.removeSessions('ming', ['a'])
  await people.removeSessions('ming', ['b'])
  t.strictSame(writes.map(([, ttlMs]) => ttlMs), [3 * hourMs, 3 * hourMs, 2 * hourMs, 1000])
})

await t.test('people: only the given sessions leave the list when some are removed', async (t) => {
  const { people, add } = setUp(t)
  for (const id of ['a', 'b', 'c']) await add(id)
  await people.removeSessions('ming', ['a', 'c', 'x'])
  t.strictSame(await people.sessionsOf('ming'), ['b'])
})

await t.test('people: what was approved before opens no session for two hours when all were ended', async (t) => {
  const { clock, people, add } = setUp(t)
  const cutoff = clock.now()
  await add('a')
  await add('b')
  t.strictSame(await people.recordSignOut('ming', cutoff), ['a', 'b'])
  t.equal(await add('c', cutoff + hourMs, cutoff), false)
  t.equal(await add('d', cutoff + hourMs, cutoff + 1), true)
  t.strictSame(await people.sessionsOf('ming'), ['d', 'b', 'a'], 'the caller removes the ended ones')
  await people.recordSignOut('ming', cutoff - 1000)
  t.equal(await add('e', cutoff + hourMs, cutoff), false, 'an earlier time does not undo it')
  clock.advance(2 * hourMs - 1)
  t.equal(await add('f', clock.now() + hourMs, cutoff), false)
  t.equal(await people.addSession('hong', 'g', clock.now() + hourMs, cutoff), true)
})

await t.test('people: a session opens when all were ended more than two hours ago', async (t) => {
  const { clock, people, add } = setUp(t)
  const cutoff = clock.now()
  t.strictSame(await people.recordSignOut('ming', cutoff), [])
  clock.advance(2 * hourMs)
  t.equal(await add('a', clock.now() + hourMs, cutoff), true)
})

await t.test('people: no change is lost when several are made at once', async (t) => {
  const { people, add } = setUp(t)
  const ids = Array.from({ length: 8 }, (_, n) => `id-${n}`)
  t.strictSame(await Promise.all(ids.map((id) => add(id))), ids.map(() => true))
  t.strictSame([...await people.sessionsOf('ming')].sort(), ids)
})

await t.test('people: the list is neither read nor changed when a later release has stored it', async (t) => {
  const { people, store, add } = setUp(t)
  await store.write('person-sessions:ming', { schema: 2, version: 1, sessions: [] }, null)
  for (const call of [() => people.sessionsOf('ming'), () => add('a'), () => people.recordSignOut('ming', 1), () => people.removeSessions('ming', ['a'])] as Array<() => Promise<unknown>>) await t.rejects(call(), { code: 'store-unavailable' })
})

await t.test('people: unknown members of a list stay when it changes', async (t) => {
  const { store, clock, add } = setUp(t)
  await store.write('person-sessions:ming', { schema: 1, version: 3, sessions: [], later: 'x' }, null)
  await add('a')
  t.strictSame(await store.read('person-sessions:ming'), { schema: 1, version: 4, sessions: [{ id: 'a', endsAt: clock.now() + hourMs }], later: 'x' })
})
