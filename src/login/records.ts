/** Stored records that carry a schema. All are read and written here, so that none of an unknown schema is misread or overwritten. */
import { assertKnownSchema, firstVersion, type StoredRecord } from '../domain/record.ts'
import { compareAndSet } from './compare-and-set.ts'
import type { Store } from './store-port.ts'

export interface RecordOptions {
  /** A record's key in the store is this and its id. */
  readonly prefix: string
  /** Required where ids come from clients: a text that can't be an id is read as undefined, without a request to the store. */
  readonly isId?: (id: string) => boolean
}

/** Reads reject with an UnknownSchemaError where another release has stored a schema that this one doesn't know. */
export interface Records<R extends StoredRecord> {
  keyOf (id: string): string
  /** The record, or undefined. */
  read (id: string): Promise<R | undefined>
  /** The records with these ids, in one request to the store, or in a few. */
  readMany (ids: readonly string[]): Promise<Array<R | undefined>>
  /** Stores a record, over one that may be there. A `ttlMs` of null keeps it until it is removed. */
  write (id: string, record: R, ttlMs: number | null): Promise<void>
  /** Stores a record where there is none; true for the one caller who did. */
  claim (id: string, record: R, ttlMs: number): Promise<boolean>
  /** Stores `after` where `before` is still stored; true for the one caller who did. The version goes up by one. */
  replace (id: string, before: R, after: R, ttlMs: number): Promise<boolean>
  /**
   * Changes a record by compare-and-set, or creates it. `decide` runs once per try, and returns what it was given for no change. `first` as in `compareAndSet`.
   * Resolves with the record before and after; the same object twice where nothing has changed.
   */
  update (id: string, decide: (before: R | undefined) => R | undefined, ttlMs: (after: R) => number, first?: Promise<R | undefined>): Promise<{ readonly before: R | undefined, readonly after: R | undefined }>
  remove (id: string): Promise<void>
}

/** Creates the access to the records of one kind. */
export const createRecords = <R extends StoredRecord>(store: Store, { prefix, isId = () => true }: RecordOptions): Records<R> => {
  const keyOf = (id: string): string => `${prefix}${id}`
  const known = (record: R | undefined): R | undefined => {
    if (record !== undefined) assertKnownSchema(record)
    return record
  }

  // An array with one id would become the same key as the id.
  const read: Records<R>['read'] = async (id) => typeof id === 'string' && isId(id) ? known(await store.read<R>(keyOf(id))) : undefined
  const claim: Records<R>['claim'] = (id, record, ttlMs) => store.claim(keyOf(id), record, ttlMs)

  const nextVersion = (before: R | undefined, after: R): R & { version: number } => ({ ...after, version: before === undefined ? firstVersion() : (before.version ?? 0) + 1 })
  const swap = (id: string, before: R, after: R & { version: number }, ttlMs: number): Promise<boolean> =>
    store.replace(keyOf(id), before.version as number, after, ttlMs) // the store refuses to replace what has no version

  return {
    keyOf,
    read,
    readMany: async (ids) => (await store.readMany<R>(ids.map(keyOf))).map(known),
    write: (id, record, ttlMs) => store.write(keyOf(id), record, ttlMs),
    claim,
    replace: (id, before, after, ttlMs) => swap(id, before, nextVersion(before, after), ttlMs),
    update: async (id, decide, ttlMs, first) => {
      const changed = (before: R | undefined): R | undefined => {
        const after = decide(before)
        return after === before || after === undefined ? before : nextVersion(before, after)
      }
      return await compareAndSet(() => read(id), changed, async (before, after) => {
        const record = after as R & { version: number } // from `nextVersion`, as it isn't `before`
        return await (before === undefined ? claim(id, record, ttlMs(record)) : swap(id, before, record, ttlMs(record)))
      }, first)
    },
    remove: async (id) => { await store.remove(keyOf(id)) },
  }
}
