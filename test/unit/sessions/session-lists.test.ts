import t, { type Test } from 'tap'
import type { Store } from '../../../src/login/store-port.ts'
import { createSessionLists } from '../../../src/sessions/session-lists.ts'
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
  const lists = createSessionLists(store, clock)
  return { clock, store, lists, writes, add: (id: string, endsAt = clock.now() + hourMs, confirmedAt = clock.now()) => lists.addSession('ming', id, endsAt, confirmedAt) }
}

await t.test('session lists: sessions are listed newest first, once each, until their ends', async (t) => {
  const { clock, lists, add } = setUp(t)
  t.strictSame(await lists.sessionsOf('ming'), [])
  t.equal(await add('a'), true)
  t.equal(await add('b', clock.now() + 2 * hourMs), true)
  t.strictSame(await lists.sessionsOf('ming'), ['b', 'a'])
  t.equal(await add('a'), true, 'again')
  t.strictSame(await lists.sessionsOf('ming'), ['b', 'a'])
  t.equal(await add('a', clock.now() + 2), true, 'with another end')
  t.strictSame(await lists.sessionsOf('ming'), ['a', 'b'])
  t.strictSame(await lists.sessionsOf('hong'), [])
  clock.advance(1)
  t.strictSame(await lists.sessionsOf('ming'), ['a', 'b'])
  clock.advance(1)
  t.strictSame(await lists.sessionsOf('ming'), ['b'])
})

await t.test('session lists: nothing is written when a session is added that is listed already', async (t) => {
  const { add, writes } = setUp(t)
  await add('a')
  writes.length = 0
  await add('a')
  t.strictSame(writes, [])
})

await t.test('session lists: the list is stored for as long as its last session, and for at least a second', async (t) => {
  const { clock, lists, add, writes } = setUp(t)
  await add('a', clock.now() + 3 * hourMs)
  await add('b', clock.now() + 2 * hourMs)
  await lists.removeSessions('ming', ['a'])
  await lists.removeSessions('ming', ['b'])
  t.strictSame(writes.map(([, ttlMs]) => ttlMs), [3 * hourMs, 3 * hourMs, 2 * hourMs, 1000])
})

await t.test('session lists: only the given sessions leave the list when some are removed', async (t) => {
  const { lists, add } = setUp(t)
  for (const id of ['a', 'b', 'c']) await add(id)
  await lists.removeSessions('ming', ['a', 'c', 'x'])
  t.strictSame(await lists.sessionsOf('ming'), ['b'])
})

await t.test('session lists: what was approved before opens no session for two hours when all were ended', async (t) => {
  const { clock, lists, add } = setUp(t)
  const cutoff = clock.now()
  await add('a')
  await add('b')
  t.strictSame(await lists.recordSignOut('ming', cutoff), ['a', 'b'])
  t.equal(await add('c', cutoff + hourMs, cutoff), false)
  t.equal(await add('d', cutoff + hourMs, cutoff + 1), true)
  t.strictSame(await lists.sessionsOf('ming'), ['d', 'b', 'a'], 'the caller removes the ended ones')
  await lists.recordSignOut('ming', cutoff - 1000)
  t.equal(await add('e', cutoff + hourMs, cutoff), false, 'an earlier time does not undo it')
  clock.advance(2 * hourMs - 1)
  t.equal(await add('f', clock.now() + hourMs, cutoff), false)
  t.equal(await lists.addSession('hong', 'g', clock.now() + hourMs, cutoff), true)
})

await t.test('session lists: a session opens when all were ended more than two hours ago', async (t) => {
  const { clock, lists, add } = setUp(t)
  const cutoff = clock.now()
  t.strictSame(await lists.recordSignOut('ming', cutoff), [])
  clock.advance(2 * hourMs)
  t.equal(await add('a', clock.now() + hourMs, cutoff), true)
})

await t.test('session lists: no change is lost when several are made at once', async (t) => {
  const { lists, add } = setUp(t)
  const ids = Array.from({ length: 8 }, (_, n) => `id-${n}`)
  t.strictSame(await Promise.all(ids.map((id) => add(id))), ids.map(() => true))
  t.strictSame([...await lists.sessionsOf('ming')].sort(), ids)
})

await t.test('session lists: the list is neither read nor changed when a later release has stored it', async (t) => {
  const { lists, store, add } = setUp(t)
  await store.write('person-sessions:ming', { schema: 2, version: 1, sessions: [] }, null)
  for (const call of [() => lists.sessionsOf('ming'), () => add('a'), () => lists.recordSignOut('ming', 1), () => lists.removeSessions('ming', ['a'])] as Array<() => Promise<unknown>>) await t.rejects(call(), { code: 'store-unavailable' })
})

await t.test('session lists: unknown members of a list stay when it changes', async (t) => {
  const { store, clock, add } = setUp(t)
  await store.write('person-sessions:ming', { schema: 1, version: 3, sessions: [], later: 'x' }, null)
  await add('a')
  t.strictSame(await store.read('person-sessions:ming'), { schema: 1, version: 4, sessions: [{ id: 'a', endsAt: clock.now() + hourMs }], later: 'x' })
})
