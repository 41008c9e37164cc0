/**
 * Who has been here. One record for each person, and sorted lists in which they are found. The record decides: an entry of a list is added before the record that
 * it is for, and removed after, so a list may have an entry too many, which readers leave out, and never one too few.
 */
import { whyNotName, type Person } from '../domain/person.ts'
import { assertKnownSchema, schema, type StoredRecord } from '../domain/record.ts'
import type { Clock, PersonRegister } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { asPerson, foldedName, handleEntry, handleList, listOfState, nameEntry, nameList, sinceOf, stateEntry, subOf, type PersonRecord } from './person-record.ts'

/** As stored. An earlier release stored names alone. */
interface NameRecord extends StoredRecord { readonly name: string }

/** What is replaced by version has to end, and a person's record doesn't: a hundred years. */
const keptMs = 100 * 365 * 86_400_000

/** An entry that its record contradicts is removed once it is this old. Sooner, the record may be about to be stored. */
const staleAfterMs = 3600_000

/** A scan that is repeated is noted again after this. */
const noteEveryMs = 60_000

/** How many people a search finds at the most, by handle and by name. */
export const maxFound = 50

export const createPeople = (store: Store, clock: Clock): PersonRegister => {
  const records = createRecords<PersonRecord>(store, { prefix: 'person:' })
  const names = createRecords<NameRecord>(store, { prefix: 'person-name:' })

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

  const readMany = async (subs: readonly string[]): Promise<Array<{ readonly person: Person, readonly record: PersonRecord | undefined }>> => {
    const found = await store.readMany<unknown>([...subs.map(records.keyOf), ...subs.map(names.keyOf)])
    return subs.map((sub, index) => {
      const record = found[index] as PersonRecord | undefined // as stored under these keys
      return { person: personOf(sub, record, found[subs.length + index] as NameRecord | undefined), record }
    })
  }

  const read = async (sub: string): Promise<Person> => {
    const [found] = await readMany([sub])
    return found?.person ?? unknown(sub, null) // there is one for each
  }

  /** Changes a record; undefined where there is none. `next` runs once per try. */
  const change = async (sub: string, next: (record: PersonRecord) => PersonRecord, first?: Promise<PersonRecord>): Promise<{ readonly before: PersonRecord, readonly after: PersonRecord } | undefined> => {
    const { before, after } = await records.update(sub, (record) => record && next(record), () => keptMs, first)
    return before && after && { before, after }
  }

  const setState: PersonRegister['setState'] = async (sub, from, to) => {
    for (;;) {
      const record = await records.read(sub)
      if (record === undefined || !from.includes(record.state)) return false
      const changed = { ...record, state: to, stateSince: clock.now() }
      await store.addToList(listOfState(to), stateEntry(changed))
      if (!await records.replace(sub, record, changed, keptMs)) continue
      await store.removeFromList(listOfState(record.state), stateEntry(record))
      return true
    }
  }

  const create: PersonRegister['create'] = async (sub, { state, groups = [], isSeen, ticket }) => {
    const now = clock.now()
    const named = await names.read(sub)
    const record: PersonRecord = {
      schema,
      version: 1,
      sub,
      state,
      stateSince: now,
      groups,
      isOwner: false,
      recordedAt: now,
      firstSeenAt: isSeen ? now : null,
      lastSeenAt: isSeen ? now : null,
      tickets: ticket === undefined ? [] : [ticket],
      listedNames: named === undefined ? [] : [named.name],
    }
    await Promise.all([
      store.addToList(listOfState(state), stateEntry(record)),
      store.addToList(handleList, handleEntry(sub)),
      ...record.listedNames.map((name) => store.addToList(nameList, nameEntry(name, sub))),
    ])
    return await records.claim(sub, record, keptMs)
  }

  /** Lists a person under the name that they have now, and under no other. After overlapping changes of the name the last one to get here is right. */
  const listName = async (sub: string): Promise<void> => {
    const named = await names.read(sub)
    const listedNames = named === undefined ? [] : [named.name]
    if (named !== undefined) await store.addToList(nameList, nameEntry(named.name, sub))
    const changed = await change(sub, (record) => ({ ...record, listedNames }))
    const old = changed?.before.listedNames.filter((name) => !listedNames.includes(name)) ?? []
    await Promise.all(old.map((name) => store.removeFromList(nameList, nameEntry(name, sub))))
  }

  const rename: PersonRegister['rename'] = async (sub, name) => {
    await names.read(sub) // rejects where another release has stored the name
    if (name === '') await names.remove(sub)
    else {
      const isKnown = await change(sub, (record) => ({ ...record, listedNames: [...record.listedNames, name] }))
      if (isKnown) await store.addToList(nameList, nameEntry(name, sub))
      await names.write(sub, { schema, name }, null)
    }
    await listName(sub)
  }

  const list: PersonRegister['list'] = async (state, { after, limit }) => {
    const entries = await store.readList(listOfState(state), { prefix: '', after, limit })
    const found = await readMany(entries.map(subOf))
    const isRight = (entry: string, index: number) => {
      const record = found[index]?.record
      return record?.state === state && stateEntry(record) === entry
    }
    for (const [index, entry] of entries.entries()) {
      if (!isRight(entry, index) && clock.now() - sinceOf(entry) > staleAfterMs) await store.removeFromList(listOfState(state), entry)
    }
    return {
      people: found.filter((_, index) => isRight(entries[index] ?? '', index)).map(({ person }) => person),
      next: entries.length < limit ? null : entries.at(-1) ?? null,
    }
  }

  const find: PersonRegister['find'] = async (text) => {
    const folded = foldedName(text)
    if (folded === '') return []
    const handle = folded.startsWith('wx-') ? folded : `wx-${folded}`
    const entries = await Promise.all([
      store.readList(handleList, { prefix: handle, after: null, limit: maxFound }),
      store.readList(nameList, { prefix: folded, after: null, limit: maxFound }),
    ])
    const subs = [...new Set(entries.flat().map(subOf))].slice(0, maxFound)
    const found = await readMany(subs)
    return found.filter(({ record, person }) => record !== undefined && (handleEntry(person.sub).startsWith(handle) || foldedName(person.name ?? '').startsWith(folded))).map(({ person }) => person)
  }

  const entriesOf = (record: PersonRecord): ReadonlyArray<readonly [list: string, text: string]> => [
    [listOfState(record.state), stateEntry(record)],
    [handleList, handleEntry(record.sub)],
    ...record.listedNames.map((name) => [nameList, nameEntry(name, record.sub)] as const),
  ]

  const erase: PersonRegister['erase'] = async (sub) => {
    let record = await records.read(sub)
    while (record !== undefined && !(record.state === 'blocked' ? await records.replace(sub, record, blockedOnly(record), keptMs) : await store.removeClaim(records.keyOf(sub), record))) {
      record = await records.read(sub)
    }
    await names.remove(sub)
    if (record === undefined) return []
    const kept = record.state === 'blocked' ? stateEntry(record) : null
    await Promise.all(entriesOf(record).filter(([, text]) => text !== kept).map(([list, text]) => store.removeFromList(list, text)))
    const next = await records.read(sub) // whoever came back at this moment is found again
    if (next !== undefined && next.state !== 'blocked') await Promise.all(entriesOf(next).map(([list, text]) => store.addToList(list, text)))
    return record.tickets.map(({ id }) => id)
  }

  return {
    read,
    create,
    setState,
    rename,
    list,
    find,
    erase,
    count: (state) => store.lengthOfList(listOfState(state)),
    byHandle: async (handle) => {
      const [entry] = await store.readList(handleList, { prefix: `${handle}:`, after: null, limit: 1 })
      return entry === undefined ? undefined : subOf(entry)
    },
    noteScan: async (person, ticket) => {
      const now = clock.now()
      const found = recordOf.get(person)
      await change(person.sub, (record) => {
        const isNoted = record.tickets.some(({ id }) => id === ticket.id) && now - (record.lastSeenAt ?? 0) < noteEveryMs
        if (isNoted) return record
        const others = record.tickets.filter(({ id, storedUntil }) => id !== ticket.id && storedUntil > now)
        return { ...record, firstSeenAt: record.firstSeenAt ?? now, lastSeenAt: now, tickets: [...others, ticket] }
      }, found && Promise.resolve(found))
    },
    setGroups: async (sub, next) => (await change(sub, (record) => ({ ...record, groups: next(record.groups) }))) !== undefined,
    setOwner: async (sub, isOwner) => (await change(sub, (record) => ({ ...record, isOwner }))) !== undefined,
  }
}

const unknown = (sub: string, name: string | null): Person =>
  ({ sub, state: 'unknown', name, groups: [], isOwner: false, recordedAt: null, firstSeenAt: null, lastSeenAt: null })

/** What is kept of a blocked person who deletes their data: that they are blocked. */
const blockedOnly = ({ schema, version, sub, state, stateSince, recordedAt }: PersonRecord): PersonRecord =>
  ({ schema, version, sub, state, stateSince, recordedAt, groups: [], isOwner: false, firstSeenAt: null, lastSeenAt: null, tickets: [], listedNames: [] })
