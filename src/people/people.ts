/** Who has been here: one record for each person, and sorted lists in which they are found. The record decides. README.md says what is stored, and what a page costs. */
import { isHandle, whyNotName, type Person } from '../domain/person.ts'
import { assertKnownSchema, firstVersion, schema } from '../domain/record.ts'
import { Problem } from '../errors.ts'
import type { PersonRegister } from '../login/people-port.ts'
import type { Clock } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { createErase } from './erase.ts'
import { createSettle } from './person-lists.ts'
import { asPerson, foldedName, handleEntry, handleList, isSearchable, keptMs, listOfState, nameEntry, nameList, sinceOf, stateEntry, subOf, type NameRecord, type PersonRecord } from './person-record.ts'

/** An entry that its record contradicts is removed once it is this old: sooner, a change of the record may be under way. */
const staleAfterMs = 3600_000

/** A scan that is repeated is noted again after this. */
const noteEveryMs = 60_000

/** How many people a search finds at the most, by handle and by name. */
const maxFound = 50

export const createPeople = (store: Store, clock: Clock): PersonRegister => {
  const records = createRecords<PersonRecord>(store, { prefix: 'person:' })
  const names = createRecords<NameRecord>(store, { prefix: 'person-name:' })
  const settle = createSettle(store, records)

  /** The record that a person was read from, so that a change in the same call needs no second read. */
  const recordOf = new WeakMap<Person, PersonRecord>()

  const personOf = (sub: string, record: PersonRecord | undefined, named: NameRecord | undefined): Person => {
    for (const found of [record, named]) if (found !== undefined) assertKnownSchema(found)
    // An earlier release accepted names that imitate others: they are not shown.
    const name = named !== undefined && whyNotName(named.name) === null ? named.name : null
    if (record === undefined) return unknown(sub, name)
    const person = asPerson(record, name)
    recordOf.set(person, record)
    return person
  }

  const readMany = async (subs: readonly string[]): Promise<Array<{ readonly person: Person, readonly record: PersonRecord | undefined, readonly named: NameRecord | undefined }>> => {
    const found = await store.readMany<unknown>([...subs.map(records.keyOf), ...subs.map(names.keyOf)])
    return subs.map((sub, index) => {
      const [record, named] = [found[index] as PersonRecord | undefined, found[subs.length + index] as NameRecord | undefined] // as stored under these keys
      return { person: personOf(sub, record, named), record, named }
    })
  }

  const read = async (sub: string): Promise<Person> => {
    const [{ person, record, named }] = await readMany([sub]) as [Awaited<ReturnType<typeof readMany>>[number]] // there is one for each
    const isUnlisted = record?.isErased === false && namesIn(named).some((name) => !record.listedNames.includes(name))
    if (isUnlisted) await listName(sub).catch(() => {}) // the person was read all the same, and the next read tries again
    else if (record !== undefined && record.unsettled !== null) await settleSoon(sub)
    return person
  }

  /** Changes a record; undefined where there is none. `next` runs once per try. */
  const change = async (sub: string, next: (record: PersonRecord) => PersonRecord, first?: Promise<PersonRecord>): Promise<{ readonly before: PersonRecord, readonly after: PersonRecord } | undefined> => {
    const { before, after } = await records.update(sub, (record) => record && next(record), () => keptMs, first)
    return before && after && { before, after }
  }

  /** The change is stored already, and is reported as done even where this fails: then the next read of the person finishes it. */
  const settleSoon = (...call: Parameters<typeof settle>): Promise<boolean> => settle(...call).then(() => true, () => false)

  const create: PersonRegister['create'] = async (sub, { state, groups = [], isSeen, ticket }) => {
    const now = clock.now()
    const record: PersonRecord = {
      schema,
      version: firstVersion(),
      sub,
      state,
      stateSince: now,
      groups,
      isOwner: false,
      recordedAt: now,
      firstSeenAt: isSeen ? now : null,
      lastSeenAt: isSeen ? now : null,
      tickets: ticket === undefined ? [] : [ticket],
      listedNames: [],
      unsettled: [],
      isErased: false,
    }
    if (!await records.claim(sub, record, keptMs)) return undefined
    // The name of somebody who was here before there were records. Read after the record is stored: who sets one from now on lists it.
    const [isSettled, named] = await Promise.all([settleSoon(sub, [], record), names.read(sub).catch(() => undefined)])
    if (named !== undefined) await listName(sub).catch(() => {})
    return personOf(sub, isSettled ? { ...record, unsettled: null } : record, named)
  }

  const setState: PersonRegister['setState'] = async (sub, from, to) => {
    const { before, after } = await records.update(sub, (record) => record === undefined || !from.includes(record.state)
      ? record
      : {
          ...record,
          state: to,
          stateSince: clock.now(),
          unsettled: [...record.unsettled ?? [], { list: listOfState(record.state), text: stateEntry(record) }],
          isErased: record.isErased && to === 'blocked',
        }, () => keptMs)
    if (after !== undefined && after.unsettled !== null) await settleSoon(sub, [], after)
    return after !== before
  }

  /** Lists a person under the name that they have now, and under no other. Of overlapping changes of the name the one that gets here last is right. */
  const listName = async (sub: string): Promise<void> => {
    for (;;) {
      const listedNames = namesIn(await names.read(sub))
      const changed = await change(sub, (record) => record.listedNames.join('\0') === listedNames.join('\0')
        ? record
        : { ...record, listedNames, unsettled: [...record.unsettled ?? [], ...record.listedNames.map((name) => ({ list: nameList, text: nameEntry(name, sub) }))] })
      if (changed !== undefined && changed.after.unsettled !== null) await settle(sub, [], changed.after)
      if (namesIn(await names.read(sub)).join('\0') === listedNames.join('\0')) return
    }
  }

  const rename: PersonRegister['rename'] = async (sub, name, begunUnder) => {
    await names.read(sub) // rejects where another release has stored the name
    const stillUnder = (recordedAt: number | undefined): void => {
      if (begunUnder !== undefined && begunUnder !== null && begunUnder !== recordedAt) throw new Problem('person-unknown')
    }
    // Listed first: a name that somebody has can be found.
    const changed = await change(sub, (record) => {
      stillUnder(record.recordedAt)
      return { ...record, listedNames: [...new Set([...record.listedNames, ...name === '' ? [] : [name]])], unsettled: record.unsettled ?? [], isErased: false }
    })
    const recordedAt = changed?.after.recordedAt
    stillUnder(recordedAt)
    if (changed !== undefined) await settle(sub, [], changed.after)
    const named: NameRecord = { schema, name }
    if (name === '') await names.remove(sub)
    else await names.write(sub, named, null)
    await listName(sub)
    if (recordedAt === undefined || (await records.read(sub))?.recordedAt === recordedAt) return
    // Their data was deleted meanwhile: the name goes, too, unless another one is there by now.
    await store.removeClaim(names.keyOf(sub), named)
    await listName(sub)
    throw new Problem('person-unknown')
  }

  const list: PersonRegister['list'] = async (state, { after, limit }) => {
    const entries = await store.readList(listOfState(state), { prefix: '', after, limit })
    const found = await readMany(entries.map(subOf))
    const isRight = (entry: string, index: number): boolean => {
      const record = found[index]?.record
      return record?.state === state && stateEntry(record) === entry
    }
    const stale = entries.filter((entry, index) => !isRight(entry, index) && clock.now() - sinceOf(entry) > staleAfterMs)
    await Promise.all(stale.map((entry) => store.removeFromList(listOfState(state), entry)))
    return {
      people: found.filter((_, index) => isRight(entries[index] ?? '', index)).map(({ person }) => person),
      next: entries.length < limit ? null : entries.at(-1) ?? null,
    }
  }

  const find: PersonRegister['find'] = async (text) => {
    const folded = foldedName(text)
    if (!isSearchable(folded)) return []
    const handle = folded.startsWith('wx-') ? folded : `wx-${folded}`
    const entries = await Promise.all([
      store.readList(handleList, { prefix: handle, after: null, limit: maxFound }),
      store.readList(nameList, { prefix: folded, after: null, limit: maxFound }),
    ])
    const subs = [...new Set(entries.flat().map(subOf))].slice(0, maxFound)
    const found = await readMany(subs)
    return found.filter(({ record, person }) => record !== undefined && (handleEntry(person.sub).startsWith(handle) || foldedName(person.name ?? '').startsWith(folded))).map(({ person }) => person)
  }

  return {
    read,
    create,
    setState,
    rename,
    list,
    find,
    erase: createErase(store, clock, { records, names, settle }),
    count: (state) => store.lengthOfList(listOfState(state)),
    ensureListed: async (person) => { if (recordOf.get(person)?.unsettled !== null) await settle(person.sub) },
    ticketsOf: async (sub) => (await records.read(sub))?.tickets.map(({ id }) => id) ?? [],
    byHandle: async (handle) => {
      if (!isHandle(handle)) return undefined
      const entries = await store.readList(handleList, { prefix: `${handle}:`, after: null, limit: 1 })
      const [record] = await records.readMany(entries.map(subOf))
      return record?.sub
    },
    noteScan: async (person, ticket) => {
      const now = clock.now()
      const found = recordOf.get(person)
      const changed = await change(person.sub, (record) => {
        const isNoted = record.tickets.some(({ id }) => id === ticket.id) && now - (record.lastSeenAt ?? 0) < noteEveryMs
        if (record.recordedAt !== person.recordedAt || record.state === 'blocked' || (isNoted && !record.isErased)) return record
        const others = record.tickets.filter(({ id, storedUntil }) => id !== ticket.id && storedUntil > now)
        // Whoever scans while their data is being deleted, or after that broke off, is here again.
        const isBack = record.isErased && { isErased: false, unsettled: record.unsettled ?? [] }
        return { ...record, firstSeenAt: record.firstSeenAt ?? now, lastSeenAt: now, tickets: [...others, ticket], ...isBack }
      }, found && Promise.resolve(found))
      if (changed?.before.isErased === true && !changed.after.isErased) await settleSoon(person.sub, [], changed.after)
      return changed !== undefined && changed.after.recordedAt === person.recordedAt && changed.after.state !== 'blocked'
    },
    setGroups: async (sub, next) => (await change(sub, (record) => ({ ...record, groups: next(record.groups) }))) !== undefined,
    setOwner: async (sub, isOwner) => (await change(sub, (record) => ({ ...record, isOwner }))) !== undefined,
  }
}

const namesIn = (named: NameRecord | undefined): readonly string[] => named === undefined ? [] : [named.name]

const unknown = (sub: string, name: string | null): Person =>
  ({ sub, state: 'unknown', name, groups: [], isOwner: false, recordedAt: null, firstSeenAt: null, lastSeenAt: null })
