/**
 * The one seam to Keyv: reading, writing and removing a value go through it. The other methods of `Backend` talk to the database directly, as each has
 * to be one atomic step and Keyv's interface (get, set, delete, has, clear) has none of them:
 *
 * - compare-and-set (`replace`), set-if-absent (`claim`) and delete-if-equal (`removeClaim`): Keyv's `set` and `delete` have no condition. A read before
 *   them leaves a gap in which a second caller wins, too: in 200 of 200 rounds, on Redis and in one process' memory alike.
 * - slots and counts: a number or several keys change together.
 * - changes made by other processes: Keyv tells of none.
 *
 * Both ways use the same text for a value (`encode`), so what one writes the other reads.
 */
import { Keyv, type KeyvStoreAdapter } from 'keyv'

export type { KeyvStoreAdapter }

/** Plain storage. Faults are thrown as the database throws them; keys and times to live are checked by the caller. */
export interface Values {
  read<T> (key: string): Promise<T | undefined>
  readMany<T> (keys: readonly string[]): Promise<Array<T | undefined>>
  write (key: string, value: unknown, ttlMs: number | undefined): Promise<void>
  /** True for the one caller who found it. */
  remove (key: string): Promise<boolean>
}

/**
 * Writes the text of a value: Keyv's envelope without the `expires` that Keyv would add. Keyv compares that with the reader's own clock, so an instance whose
 * clock is ahead would delete entries for all instances. Here the database alone ends an entry.
 */
export const encode = ({ value }: { value?: unknown }): string => JSON.stringify({ value })

/** Reads the text of a value. Throws where it isn't one, so that a damaged entry never looks like an absent one. */
export const decode = <Value>(text: string): { value: Value } => {
  const envelope: unknown = JSON.parse(text)
  if (typeof envelope !== 'object' || envelope === null || !Object.hasOwn(envelope, 'value')) {
    throw new Error('The stored text has an unknown format')
  }
  return envelope as { value: Value } // the caller knows the type of what it wrote under the key
}

/** Opens Keyv over a database. */
export const createValues = (storage: KeyvStoreAdapter): Values => {
  const keyv = new Keyv(storage, {
    namespace: storage.namespace ?? '',
    useKeyPrefix: false, // the adapter for Redis adds the namespace itself
    throwOnErrors: true, // otherwise a failed set would resolve with true, and a failed get with undefined
    serialize: encode,
    deserialize: decode,
  })
  return {
    read: (key) => keyv.get(key),
    readMany: async (keys) => await keyv.getMany([...keys]),
    write: async (key, value, ttlMs) => { await keyv.set(key, value, ttlMs) },
    remove: (key) => keyv.delete(key),
  }
}
