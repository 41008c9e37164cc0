/** Owns the schema that a stored record carries: how two releases get along on one store while one takes the other's place. */
import { Problem } from '../errors.ts'

/**
 * The schema of the records that this release writes.
 *
 * A further member needs no new schema: a release that doesn't know it passes over it, and keeps it, as every change starts from the whole record. It
 * has to be one that may be missing, for such a release makes records without it.
 *
 * The schema is raised where an older release would misunderstand: a member goes, means something else, or must not be passed over. That takes two
 * releases. The first understands the old schema and the new one, and still writes the old one, into which it has to fit what it knows. The second writes
 * the new one. So at each moment of a deploy all instances understand all records, and whoever skips a release is refused for as long as the deploy lasts.
 */
export const schema = 1

const understoodSchemas: readonly unknown[] = [schema]

/**
 * A record that this release doesn't understand. It is there, so it must neither look absent nor be written over; and whoever asks again
 * may reach an instance of the release that wrote it, while this one will never understand.
 */
export class AnotherReleasesRecord extends Problem {
  constructor (found: unknown) {
    const cause = new Error(`A stored record has schema ${String(found)}, and this release understands ${understoodSchemas.join(', ')}`)
    super('store-unavailable', { detail: 'This was stored by another release', cause })
  }
}

/** Lets a record through that this release understands; throws an AnotherReleasesRecord for another. A record without a schema is of the first one. */
export const understood = <R extends { readonly schema: typeof schema }>(record: R | undefined): R | undefined => {
  if (record === undefined) return undefined
  const found: unknown = record.schema ?? 1
  if (understoodSchemas.includes(found)) return record
  throw new AnotherReleasesRecord(found)
}
