/** The people of a store: made once, found by state, handle and name, renamed by several instances at once. Deletion is in people-erase.test.ts. */
import t from 'tap'
import { handleOf, type KnownState } from '../../src/domain/person.ts'
import type { PersonRegister } from '../../src/login/people-port.ts'
import { createPeople } from '../../src/people/people.ts'
import { handleList, listOfState, nameList } from '../../src/people/person-record.ts'
import { onEveryStore, type Harness } from './store-harness.ts'
import { createInterruption } from '../support/interrupted-store.ts'
import { subFor } from '../support/subs.ts'

/** One register per instance, on a time of day that the test moves. */
const registersOf = ({ clock, stores }: Harness) => {
  let ahead = 0
  const shifted = { ...clock, now: () => clock.now() + ahead }
  const registers = stores.map((store) => createPeople(store, shifted)) as [PersonRegister, ...PersonRegister[]] // as many as stores
  return { registers, people: registers[0], store: stores[0], clock: shifted, pass: (ms: number) => { ahead += ms } }
}

const seen = { state: 'active', isSeen: true } as const

const subsOf = (people: readonly { readonly sub: string }[]): string[] => people.map(({ sub }) => sub)

/** Reads all pages of a state. */
const allOf = async (people: PersonRegister, state: KnownState, limit: number): Promise<string[][]> => {
  const pages: string[][] = []
  for (let after: string | null | undefined; after !== null;) {
    const page = await people.list(state, { after: after ?? null, limit })
    pages.push(subsOf(page.people))
    after = page.next
  }
  return pages
}

await onEveryStore(t, 'people: a person is made once when several instances do so', async (t, harness) => {
  const { registers, people, store, clock } = registersOf(harness)
  const sub = subFor(1)
  t.hasStrict(await people.read(sub), { sub, state: 'unknown', name: null, groups: [], isOwner: false, recordedAt: null, firstSeenAt: null, lastSeenAt: null })
  const made = await Promise.all([...registers, ...registers].map((one, index) => one.create(sub, { ...seen, groups: [`g${index}`] })))
  t.equal(made.filter((person) => person !== undefined).length, 1)
  const person = await people.read(sub)
  t.strictSame(person.groups, [`g${made.findIndex((one) => one !== undefined)}`])
  t.strictSame(made.find((one) => one !== undefined), person, 'create: gives the person as they are read')
  t.equal(person.firstSeenAt, person.recordedAt)
  t.ok(Math.abs(clock.now() - (person.recordedAt ?? 0)) < 60_000)
  t.equal(await people.count('active'), 1)
  t.strictSame(await allOf(people, 'active', 9), [[sub]])
  t.equal(await store.lengthOfList(handleList), 1)

  await people.create(subFor(2), { state: 'waiting', isSeen: false })
  t.hasStrict(await people.read(subFor(2)), { state: 'waiting', firstSeenAt: null, lastSeenAt: null })
})

await onEveryStore(t, 'people: a state is changed by one caller when several change it, and the lists follow', async (t, harness) => {
  const { registers, people } = registersOf(harness)
  const sub = subFor(1)
  t.equal(await people.setState(sub, ['waiting'], 'active'), false, 'nobody')
  await people.create(sub, { state: 'waiting', isSeen: true })
  const lengths = async () => await Promise.all((['waiting', 'active', 'blocked'] as const).map(people.count))
  t.strictSame(await lengths(), [1, 0, 0])
  const allowed = await Promise.all([...registers, ...registers].map((one) => one.setState(sub, ['waiting', 'blocked'], 'active')))
  t.equal(allowed.filter(Boolean).length, 1)
  t.strictSame(await lengths(), [0, 1, 0])
  t.equal(await people.setState(sub, ['waiting'], 'blocked'), false)
  for (let round = 0; round < 20; round++) {
    // Back and forth at once: whatever comes last, the person is in the list of their state and in no other.
    const [blocked, back] = await Promise.all([registers.at(-1)?.setState(sub, ['active'], 'blocked'), people.setState(sub, ['blocked'], 'active')])
    const { state } = await people.read(sub)
    t.equal(state, blocked === true && back === false ? 'blocked' : 'active')
    t.strictSame(await lengths(), state === 'blocked' ? [0, 0, 1] : [0, 1, 0])
    if (state === 'blocked') await people.setState(sub, ['blocked'], 'active')
  }
})

await onEveryStore(t, 'people: are listed newest first in pages, without entries that their records contradict', async (t, harness) => {
  const { people, store, clock, pass } = registersOf(harness)
  for (let n = 0; n < 5; n++) {
    await people.create(subFor(n), seen)
    pass(1000)
  }
  const newest = [4, 3, 2, 1, 0].map(subFor)
  t.strictSame((await allOf(people, 'active', 2)).filter((page) => page.length > 0), [newest.slice(0, 2), newest.slice(2, 4), newest.slice(4)])
  t.strictSame(await allOf(people, 'active', 5), [newest, []])
  t.strictSame(await allOf(people, 'waiting', 5), [[]])

  // Whoever gets into a state last is its newest.
  await people.setState(subFor(0), ['active'], 'blocked')
  pass(1000)
  await people.setState(subFor(0), ['blocked'], 'active')
  t.strictSame((await allOf(people, 'active', 9)).flat(), [subFor(0), ...newest.slice(0, 4)])

  // Too many: of nobody, of an earlier time, and of another state.
  const stale = (sub: string, ageMs = 0): string => `${String(9_999_999_999_999 - clock.now() + ageMs).padStart(13, '0')}:${sub}`
  const entries = [stale(subFor(9)), stale(subFor(1), 500)]
  for (const entry of entries) await store.addToList(listOfState('active'), entry)
  await store.addToList(listOfState('waiting'), stale(subFor(1)))
  t.strictSame((await allOf(people, 'active', 2)).flat(), [subFor(0), ...newest.slice(0, 4)], 'list: skips an entry of nobody, and a second one')
  t.strictSame((await allOf(people, 'waiting', 2)).flat(), [])
  t.equal(await people.count('active'), 7)
  pass(3_590_000)
  t.strictSame((await allOf(people, 'active', 2)).flat(), [subFor(0), ...newest.slice(0, 4)])
  t.equal(await people.count('active'), 7, 'list: leaves an entry too many for an hour')
  pass(20_000)
  await allOf(people, 'active', 2)
  await allOf(people, 'waiting', 2)
  t.equal(await people.count('active'), 5, 'list: removes it after that')
  t.equal(await people.count('waiting'), 0)
  t.strictSame((await allOf(people, 'active', 9)).flat(), [subFor(0), ...newest.slice(0, 4)], 'list: and no other')
})

await onEveryStore(t, 'people: are found by the beginning of their handle or name, whatever its case and width', async (t, harness) => {
  const { people, store } = registersOf(harness)
  const names = ['Li Lei', 'li na', 'ＬＩ ＭＩＮＧ', '小明', '小雨🙂', '🙂🙂', 'ΟΔΥΣΣΕΥΣ', 'ﷺ'.repeat(30), 'Ⅷ', 'x:y']
  for (const [n, name] of names.entries()) {
    await people.create(subFor(n), seen)
    await people.rename(subFor(n), name)
  }
  const found = async (text: string) => subsOf(await people.find(text)).sort()
  const expected = (...ns: number[]) => ns.map(subFor).sort()
  t.strictSame(await found('li'), expected(0, 1, 2), 'find: folds case and width')
  t.strictSame(await found('ｌｉ ｍ'), expected(2))
  t.strictSame(await found('  LI N '), expected(1))
  t.strictSame(await found('lei'), [], 'find: looks at the beginning')
  t.strictSame(await found('小'), expected(3, 4))
  t.strictSame(await found('小明'), expected(3))
  t.strictSame(await found('🙂'), expected(5))
  t.strictSame(await found('οδυσ'), expected(6), 'find: takes a sigma for a sigma')
  t.strictSame(await found('ΟΔΥΣ'), expected(6))
  t.strictSame(await found('ﷺ'.repeat(29)), expected(7), 'find: compares as much of a long name as an entry has')
  t.strictSame(await found('viii'), expected(8))
  t.strictSame(await found('x:'), expected(9))
  for (const text of ['', ' ', '\0', 'li\0', '\ud83d', '\u{10ffff}', 'y', '%', '*', '\\']) t.strictSame(await found(text), [], JSON.stringify(text))

  const sub = subFor(3)
  const handle = handleOf(sub)
  t.strictSame(await found(handle), [sub])
  t.strictSame(await found(handle.toUpperCase().slice(0, 12)), [sub])
  t.strictSame(await found(handle.slice(3, 12)), [sub], 'find: takes a handle without its prefix')
  t.equal(await people.byHandle(handle), sub)
  for (const text of [handle.slice(0, -1), handle.toUpperCase(), '', 'wx-', '\0', `${handle}a`, handleOf(subFor(99))]) t.equal(await people.byHandle(text), undefined, JSON.stringify(text))
  await store.addToList(handleList, `${handleOf(subFor(99))}:${subFor(99)}`)
  t.equal(await people.byHandle(handleOf(subFor(99))), undefined, 'byHandle: nobody when only the entry is there')
  t.strictSame(await found(handleOf(subFor(99))), [])

  await Promise.all(Array.from({ length: 60 }, async (_, n) => {
    await people.create(subFor(100 + n), seen)
    await people.rename(subFor(100 + n), `many ${n}`)
  }))
  t.equal((await people.find('many')).length, 50, 'find: has a bound')
})

await onEveryStore(t, 'people: somebody is found by their last name only when several names are set at once', async (t, harness) => {
  const { registers, people, store } = registersOf(harness)
  const sub = subFor(1)
  await people.create(sub, seen)
  for (let round = 0; round < 30; round++) {
    const names = ['anna', 'bert', '', 'dora'].map((name) => name && `${name} ${round}`)
    await Promise.all(names.map((name, index) => (registers[index % registers.length] ?? people).rename(sub, name)))
    const { name } = await people.read(sub)
    t.ok(name === null || names.includes(name), String(name))
    for (const one of names.filter(Boolean)) t.strictSame(subsOf(await people.find(one)), one === name ? [sub] : [], `${one} when the name is ${name}`)
    t.equal(await store.lengthOfList(nameList), name === null ? 0 : 1)
  }
})

await onEveryStore(t, 'people: a name from before there were records is found once there is one', async (t, harness) => {
  const { people } = registersOf(harness)
  await people.rename(subFor(1), '小雨')
  t.hasStrict(await people.read(subFor(1)), { state: 'unknown', name: '小雨' })
  t.strictSame(await people.find('小雨'), [])
  await people.create(subFor(1), seen)
  t.strictSame(subsOf(await people.find('小雨')), [subFor(1)])
})

await onEveryStore(t, 'people: a name is found when it is set at any moment while the record is made', async (t, { clock, stores: [store] }) => {
  const people = createPeople(store, clock)
  const interruption = createInterruption()
  const interrupted = createPeople(interruption.wrap(store), clock)
  for (let step = 1, wasReached = true; wasReached; step++) {
    const sub = subFor(200 + step)
    interruption.plan(step, 'before', () => people.rename(sub, `name ${step}`))
    await interrupted.create(sub, seen)
    wasReached = interruption.end()
    if (wasReached) t.strictSame(subsOf(await people.find(`name ${step}`)), [sub], `step ${step}`)
    else t.ok(step > 3)
  }
})

await onEveryStore(t, 'people: groups and the owner are changed by all who change them at once', async (t, harness) => {
  const { registers, people } = registersOf(harness)
  const sub = subFor(1)
  t.equal(await people.setGroups(sub, () => ['a']), false)
  t.equal(await people.setOwner(sub, true), false)
  t.equal((await people.read(sub)).state, 'unknown')
  await people.create(sub, seen)
  const groups = registers.map((_, index) => `group-${index}`)
  await Promise.all([...registers.map((one, index) => one.setGroups(sub, (before) => [...before, groups[index] ?? ''])), people.setOwner(sub, true)])
  const person = await people.read(sub)
  t.strictSame([...person.groups].sort(), groups)
  t.equal(person.isOwner, true)
  await people.setOwner(sub, false)
  t.hasStrict(await people.read(sub), { isOwner: false, state: 'active' })
})

await onEveryStore(t, 'people: a scan is noted, and its tickets for as long as they are stored', async (t, harness) => {
  const { people, store, clock, pass } = registersOf(harness)
  const sub = subFor(1)
  await people.create(sub, { state: 'active', isSeen: false })
  const ticket = (id: string) => ({ id, storedUntil: clock.now() + 300_000 })
  t.equal(await people.noteScan(await people.read(sub), ticket('a')), true)
  const { firstSeenAt } = await people.read(sub)
  pass(100_000)
  t.equal(await people.noteScan(await people.read(sub), ticket('b')), true)
  const person = await people.read(sub)
  t.equal(person.firstSeenAt, firstSeenAt)
  t.ok((person.lastSeenAt ?? 0) - (firstSeenAt ?? 0) >= 100_000)
  const ticketsOf = async () => (await store.read<{ tickets: Array<{ id: string }> }>(`person:${sub}`))?.tickets.map(({ id }) => id)
  t.strictSame(await ticketsOf(), ['a', 'b'])
  pass(250_000)
  await people.noteScan(person, ticket('c'))
  t.strictSame(await ticketsOf(), ['b', 'c'])
  t.equal(await people.noteScan(await people.read(subFor(9)), ticket('d')), false, 'noteScan: is false for nobody')
  t.equal((await people.read(subFor(9))).state, 'unknown')
})
