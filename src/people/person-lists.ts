/**
 * Keeps the sorted lists in agreement with the records. A record is changed first, and says what the lists may have against it (`unsettled`); then the lists are
 * changed, and the record says so. What breaks off in between is known from the record, so it can be finished, and no entry is left of a record that is removed.
 */
import type { Records } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { entriesOf, keptMs, type ListEntry, type PersonRecord } from './person-record.ts'

/**
 * Makes the lists agree with a person's record. `also` are entries that the lists may have beside those that the record names; `first` is the record where it was
 * just stored. Starts over where the record has changed meanwhile: whoever changed it may have been ahead of what was added or removed here.
 */
export type Settle = (sub: string, also?: readonly ListEntry[], first?: PersonRecord) => Promise<void>

export const createSettle = (store: Store, records: Records<PersonRecord>): Settle => async (sub, also = [], first) => {
  let entries = also
  for (let read = first; ; read = undefined) {
    const record = read ?? await records.read(sub)
    const wanted = record === undefined ? [] : entriesOf(record)
    const unwanted = uniqueEntries([...entries, ...record?.unsettled ?? []]).filter((entry) => !wanted.some((other) => areEqual(entry, other)))
    if (wanted.length + unwanted.length === 0 && record === undefined) return
    await Promise.all([
      ...wanted.map(({ list, text }) => store.addToList(list, text)),
      ...unwanted.map(({ list, text }) => store.removeFromList(list, text)),
    ])
    const isSettled = record !== undefined && record.unsettled !== null
      ? await records.replace(sub, record, { ...record, unsettled: null }, keptMs)
      : (await records.read(sub))?.version === record?.version
    if (isSettled) return
    entries = [...wanted, ...unwanted]
  }
}

const areEqual = (a: ListEntry, b: ListEntry): boolean => a.list === b.list && a.text === b.text

/** Each entry once. */
export const uniqueEntries = (entries: readonly ListEntry[]): readonly ListEntry[] =>
  entries.filter((entry, index) => entries.findIndex((other) => areEqual(entry, other)) === index)
