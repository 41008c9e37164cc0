import t, { type Test } from 'tap'
import { createPeople } from '../../../src/people/people.ts'
import { createStore } from '../../../src/stores/store.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

const setUp = (t: Test) => {
  const clock = createFakeClock()
  const store = createStore('sqlite::memory:', { clock, log: createRecordingLog() })
  t.teardown(() => store.close())
  const people = createPeople(store, clock)
  return { store, people, nameOf: async (sub: string) => (await people.read(sub)).name }
}

await t.test('people: a person has the name they chose, and none before that or after removing it', async (t) => {
  const { people, store, nameOf } = setUp(t)
  t.equal(await nameOf('ming'), null)
  await people.rename('ming', '小雨')
  t.equal(await nameOf('ming'), '小雨')
  t.equal(await nameOf('hong'), null)
  await people.rename('ming', '')
  t.equal(await nameOf('ming'), null)
  t.equal(await store.read('person-name:ming'), undefined)
})

await t.test('people: a name that an earlier release stored is not shown when it imitates others', async (t) => {
  const { people, store, nameOf } = setUp(t)
  await store.write('person-name:ming', { schema: 1, name: 'admin' }, null)
  t.equal(await nameOf('ming'), null)
  await people.create('ming', { state: 'active', isSeen: true })
  t.equal(await nameOf('ming'), null)
  t.strictSame(await people.find('admin'), [])
})

await t.test('people: a name is neither read nor changed when a later release has stored it', async (t) => {
  const { people, store, nameOf } = setUp(t)
  const later = { schema: 2, name: '小雨' }
  await store.write('person-name:ming', later, null)
  for (const call of [() => nameOf('ming'), () => people.rename('ming', '小明'), () => people.rename('ming', '')] as Array<() => Promise<unknown>>) await t.rejects(call(), { code: 'store-unavailable' })
  t.strictSame(await store.read('person-name:ming'), later)
})

await t.test('people: a record is neither read nor changed when a later release has stored it', async (t) => {
  const { people, store } = setUp(t)
  const later = { schema: 2, version: 7, sub: 'ming', state: 'active' }
  await store.write('person:ming', later, null)
  const calls: Array<() => Promise<unknown>> = [
    () => people.read('ming'),
    () => people.setState('ming', ['active'], 'blocked'),
    () => people.rename('ming', '小明'),
    () => people.setGroups('ming', () => []),
    () => people.erase('ming', async () => {}),
  ]
  for (const call of calls) await t.rejects(call(), { code: 'store-unavailable' })
  t.strictSame(await store.read('person:ming'), later)
})
