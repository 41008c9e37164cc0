/** The deletion of a person: nothing is left of them in the store, whatever breaks off or comes in between; who is blocked stays blocked. */
import t, { type Test } from 'tap'
import { handleOf } from '../../src/domain/person.ts'
import { Problem } from '../../src/errors.ts'
import type { PersonRegister } from '../../src/login/people-port.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createPeople } from '../../src/people/people.ts'
import { entriesOf, handleList, listOfState, nameList, type PersonRecord } from '../../src/people/person-record.ts'
import { onEveryStore, type Harness } from './store-harness.ts'
import { subFor } from '../support/subs.ts'
import { linesWith } from '../support/store-dump.ts'
import { turns } from '../support/waiting.ts'

const sub = subFor(1)
const names = ['anna', 'bert', 'carl']
const traces = [sub, handleOf(sub), ...names]
const active = { state: 'active', isSeen: true } as const
const nothingElse = async (): Promise<void> => {}

/** Somebody who was here: seen, renamed, in groups, with tickets. */
const live = async (people: PersonRegister): Promise<void> => {
  await people.create(sub, { ...active, groups: ['staff'] })
  await people.rename(sub, 'Anna')
  await people.rename(sub, 'Bert')
  await people.setOwner(sub, true)
  await people.noteScan(await people.read(sub), { id: 'ticket-1', storedUntil: Date.now() + 1e12 })
}

/** Everything that is listed, by list. */
const listed = async (store: Store): Promise<string[]> => {
  const lists = [handleList, nameList, ...(['waiting', 'active', 'blocked'] as const).map(listOfState)]
  return (await Promise.all(lists.map(async (list) => (await store.readList(list, { prefix: '', after: null, limit: 100 })).map((text) => `${list} ${text}`)))).flat()
}

/** Asserts that the lists have what the record says, and nothing else. */
const assertSettled = async (t: Test, store: Store, message: string): Promise<PersonRecord | undefined> => {
  const record = await store.read<PersonRecord>(`person:${sub}`)
  const expected = record === undefined ? [] : entriesOf(record).map(({ list, text }) => `${list} ${text}`)
  t.strictSame((await listed(store)).sort(), [...expected].sort(), `${message}: the lists agree with the record`)
  return record
}

const assertNothing = async (t: Test, { stores: [store], dump }: Harness, message: string): Promise<void> => {
  t.strictSame(await listed(store), [], message)
  t.equal(await store.read(`person:${sub}`), undefined, message)
  t.equal(await store.read(`person-name:${sub}`), undefined, message)
  t.strictSame(linesWith(await dump(), traces), [], message)
}

/** A store whose nth call fails, before or after it has done its work. */
const failingAt = (store: Store, n: number, when: 'before' | 'after') => {
  const plan = { left: n }
  const failing = new Proxy(store, {
    get: (target, name: keyof Store) => (...args: unknown[]) => {
      const work = (): unknown => (target[name] as (...args: unknown[]) => unknown)(...args)
      return --plan.left === 0 ? fail(when === 'after' ? work : () => {}) : work()
    },
  })
  return { failing, plan }
}

const fail = async (work: () => unknown): Promise<never> => {
  await work()
  throw new Problem('store-unavailable')
}

await onEveryStore(t, 'erase: nothing is left of a person, and their tickets are told', async (t, harness) => {
  const { stores: [store], clock } = harness
  const people = createPeople(store, clock)
  await people.erase(sub, async (tickets) => { t.strictSame(tickets, [], 'nobody') })
  await people.rename(sub, 'Carl')
  await people.erase(sub, nothingElse)
  await assertNothing(t, harness, 'a name without a record')

  await live(people)
  const other = subFor(2)
  await people.create(other, active)
  const before = await people.read(sub)
  let told: readonly string[] = []
  await people.erase(sub, async (tickets) => {
    told = tickets
    const { recordedAt } = await people.read(sub)
    t.ok(recordedAt !== null && recordedAt !== before.recordedAt, 'what began before is no longer valid while the rest is deleted')
  })
  t.strictSame(told, ['ticket-1'])
  t.hasStrict(await people.read(sub), { state: 'unknown', name: null, groups: [], isOwner: false, recordedAt: null })
  t.strictSame([await people.byHandle(handleOf(sub)), await people.find('bert'), (await people.list('active', { after: null, limit: 9 })).people.length, await people.count('active')], [undefined, [], 1, 1])
  await people.erase(other, nothingElse)
  await assertNothing(t, harness, 'after the deletion')
  await people.erase(sub, async (tickets) => { t.strictSame(tickets, [], 'again') })
})

await onEveryStore(t, 'erase: of a blocked person the block is left, and nothing else', async (t, harness) => {
  const { stores: [store], clock, dump } = harness
  const people = createPeople(store, clock)
  await live(people)
  await people.setState(sub, ['active'], 'blocked')
  for (const time of ['once', 'again']) {
    await people.erase(sub, nothingElse)
    t.hasStrict(await people.read(sub), { state: 'blocked', name: null, groups: [], isOwner: false, firstSeenAt: null, lastSeenAt: null }, time)
    const record = await assertSettled(t, store, time)
    t.strictSame(Object.keys(record ?? {}).filter((key) => !['schema', 'version', 'sub', 'state', 'stateSince', 'recordedAt', 'isErased'].includes(key)).map((key) => [key, record?.[key as keyof PersonRecord]]),
      [['groups', []], ['isOwner', false], ['firstSeenAt', null], ['lastSeenAt', null], ['tickets', []], ['listedNames', []], ['unsettled', null]])
    t.ok(linesWith(await dump(), traces).length <= 2, 'the record, and its entry among the blocked')
    t.strictSame(linesWith(await dump(), traces.slice(1)), [])
    t.strictSame((await people.list('blocked', { after: null, limit: 9 })).people.map((person) => person.sub), [sub])
  }
  await people.setState(sub, ['blocked'], 'active')
  await assertSettled(t, store, 'let in again')
  t.equal(await people.byHandle(handleOf(sub)), sub, 'let in again they are found')
  await people.erase(sub, nothingElse)
  await assertNothing(t, harness, 'let in and deleted')
})

await onEveryStore(t, 'erase: repeated after a fault, nothing is left, wherever the fault was', async (t, harness) => {
  const { stores: [store], clock } = harness
  const people = createPeople(store, clock)
  for (const isBlocked of [false, true]) {
    for (const when of ['before', 'after'] as const) {
      for (let n = 1, isOver = false; !isOver; n++) {
        await live(people)
        if (isBlocked) await people.setState(sub, ['active'], 'blocked')
        const { failing, plan } = failingAt(store, n, when)
        let deleted: readonly string[] = []
        const others = async (tickets: readonly string[]): Promise<void> => { deleted = [...deleted, ...tickets] }
        const error: unknown = await createPeople(failing, clock).erase(sub, others).then(() => undefined, (error: unknown) => error)
        isOver = plan.left > 0
        t.equal((error as Problem | undefined)?.code, isOver ? undefined : 'store-unavailable') // nothing else is thrown
        if (!isOver) await people.erase(sub, others)
        const message = `call ${n}, ${when} it is done`
        t.ok(deleted.includes('ticket-1'), `${message}: the tickets are told`)
        if (!isBlocked) {
          await assertNothing(t, harness, message)
          continue
        }
        const record = await assertSettled(t, store, message)
        t.hasStrict(record, { state: 'blocked', groups: [], tickets: [], isErased: true }, message)
        await people.setState(sub, ['blocked'], 'active')
        await people.erase(sub, nothingElse)
      }
    }
  }
})

await onEveryStore(t, 'people: what a fault has left undone is finished by the next call, and deleted with all the rest', async (t, harness) => {
  const { stores: [store], clock } = harness
  const people = createPeople(store, clock)
  for (const when of ['before', 'after'] as const) {
    for (let n = 1, isOver = false; !isOver; n++) {
      const { failing, plan } = failingAt(store, n, when)
      const broken = createPeople(failing, clock)
      const tried = async (work: () => Promise<unknown>): Promise<void> => { await work().catch(work) }
      await tried(() => broken.create(sub, { state: 'waiting', isSeen: true }))
      await tried(() => broken.rename(sub, 'Anna'))
      await tried(() => broken.setState(sub, ['waiting'], 'active'))
      await tried(() => broken.rename(sub, 'Bert'))
      isOver = plan.left > 0
      t.hasStrict(await people.read(sub), { state: 'active', name: 'Bert' })
      await assertSettled(t, store, `call ${n}, ${when} it is done`)
      await people.erase(sub, nothingElse)
      await assertNothing(t, harness, `call ${n}, ${when} it is done: deleted`)
    }
  }
})

await onEveryStore(t, 'erase: while somebody scans, is renamed or blocked, the lists stay right and a block holds', async (t, harness) => {
  const { stores, clock } = harness
  const registers = stores.map((store) => createPeople(store, clock)) as [PersonRegister, ...PersonRegister[]] // as many as stores
  const [people] = registers
  const register = (n: number): PersonRegister => registers[n % registers.length] ?? people
  const outcomes = new Set<string>()
  for (let round = 0; round < 40; round++) {
    await people.create(sub, active)
    await people.rename(sub, 'Anna')
    const person = await people.read(sub)
    const late = async <T>(factor: number, work: () => Promise<T>): Promise<T> => {
      await turns((round * factor) % 23)
      return await work()
    }
    const ticket = { id: 'ticket-2', storedUntil: clock.now() + 1e9 }
    const isRefused = async (work: Promise<unknown>): Promise<boolean> => await work.then(() => false, (error: unknown) => {
      t.hasStrict(error, { code: 'person-unknown' })
      return true
    })
    const told: string[] = []
    const others = async (tickets: readonly string[]): Promise<void> => { told.push(...tickets) }
    const [, , isNoted, isBlocked] = await Promise.all([
      late(3, () => register(1).erase(sub, others)),
      round % 3 === 0 ? late(5, () => register(2).erase(sub, others)) : undefined,
      late(7, async () => await register(2).noteScan(person, ticket)),
      round % 2 === 0 ? late(11, () => register(3).setState(sub, ['waiting', 'active'], 'blocked')) : false,
      late(13, async () => await isRefused(register(1).rename(sub, 'Carl', person.recordedAt))),
      late(5, async () => await isRefused(register(3).rename(sub, 'Bert'))),
      round % 4 === 3 ? late(17, () => register(2).create(sub, active)) : false,
    ])
    const record = await assertSettled(t, stores[0], `round ${round}`)
    if (isBlocked) t.equal(record?.state, 'blocked', `round ${round}: a block is not undone`)
    // A scan that was noted before the deletion is told to it; one that wasn't is told that it isn't noted.
    if (isNoted && record?.recordedAt !== person.recordedAt) t.ok(told.includes('ticket-2'), `round ${round}: no ticket is forgotten`)
    const after = await people.read(sub)
    if (after.name !== null && after.state !== 'unknown') t.strictSame((await people.find(after.name)).map((one) => one.sub), [sub])
    outcomes.add(`${isNoted ? 'noted' : 'too late'} ${after.state}`)
    if (record?.state === 'blocked') await people.setState(sub, ['blocked'], 'active')
    await people.erase(sub, nothingElse)
    await assertNothing(t, harness, `round ${round}: deleted once more`)
  }
  t.ok(outcomes.size > 1, [...outcomes].join())
})

await onEveryStore(t, 'erase: a change that began before it does not overwrite who came back', async (t, { stores: [store], clock }) => {
  const people = createPeople(store, clock)
  await people.create(sub, active)
  const before = await people.read(sub)
  await people.erase(sub, nothingElse)
  await people.create(sub, { ...active, groups: ['back'] })
  // `noteScan` starts from what `read` has found: a version that the new record must not have.
  await people.noteScan(before, { id: 'ticket-3', storedUntil: clock.now() + 1e9 })
  t.strictSame((await people.read(sub)).groups, ['back'])
})

await onEveryStore(t, 'erase: nothing that was begun while their data was deleted is added to somebody blocked', async (t, harness) => {
  const { stores: [store], clock } = harness
  const people = createPeople(store, clock)
  await live(people)
  let during: Awaited<ReturnType<typeof people.read>> | undefined
  await people.erase(sub, async () => {
    during ??= await people.read(sub)
    await people.setState(sub, ['active'], 'blocked')
  })
  t.equal(during?.state, 'active')
  await t.rejects(people.rename(sub, 'Carl', during?.recordedAt), { code: 'person-unknown' })
  t.equal(during && await people.noteScan(during, { id: 'ticket-4', storedUntil: clock.now() + 1e9 }), false)
  t.hasStrict(await people.read(sub), { state: 'blocked', name: null, lastSeenAt: null })
  t.hasStrict(await assertSettled(t, store, 'afterwards'), { isErased: true, tickets: [], listedNames: [] })
})
