/** The schema of stored records: it lets two releases share one store while one takes the other's place. */
import { Problem } from '../errors.ts'
import { randomBytes } from './random-pool.ts'

/**
 * The schema of the records that this release writes.
 *
 * A new member needs no new schema: a release that doesn't know it ignores it, and keeps it, as every change starts from the whole record. The
 * member has to be optional, as that release also writes records without it.
 *
 * Raise the schema where an older release would misunderstand: a member goes, changes its meaning, or must not be ignored. That takes two
 * releases. The first reads the old schema and the new one, and still writes the old one, so what it knows has to fit into that. The second writes
 * the new one. At each moment of a deploy all instances then know all records. Whoever skips a release gets 503 for as long as the deploy lasts.
 */
export const schema = 1

const knownSchemas: readonly unknown[] = [schema]

/** `version` counts the changes of a record that is changed by compare-and-set. */
export interface StoredRecord { readonly schema: typeof schema, readonly version?: number }

/**
 * Makes the version of a new record, at random: whoever holds a record that was removed and then made again must not find the old version, and overwrite the new record
 * with what was in the old one. Leaves room for 2^52 changes.
 */
export const firstVersion = (): number => 1 + randomBytes(6).readUIntBE(0, 6)

/**
 * A stored record has a schema that this release doesn't know. The record exists, so it must neither look absent nor be overwritten. A client
 * that tries again may reach an instance of the release that wrote it; this release will never know it.
 */
export class UnknownSchemaError extends Problem {
  constructor (found: unknown) {
    const cause = new Error(`A stored record has schema ${String(found)}, and this release knows ${knownSchemas.join(', ')}`)
    super('store-unavailable', { detail: 'This was stored by another release', cause })
  }
}

/** Throws an UnknownSchemaError for a record that this release doesn't know. A record without a schema is of the first one. */
export const assertKnownSchema = (record: { readonly schema?: unknown }): void => {
  const found = record.schema ?? 1
  if (!knownSchemas.includes(found)) throw new UnknownSchemaError(found)
}
