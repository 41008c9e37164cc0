/** A copy of the embedded store, by SQLite's own online backup, and what is in one. */
import { closeSync, openSync } from 'node:fs'
import { backup, DatabaseSync } from 'node:sqlite'
import { assertKnownSchema } from '../../domain/record.ts'
import type { KeyMark } from '../../sessions/key-mark.ts'
import { schema } from '../../stores/sqlite-statements.ts'
import type { Manifest } from './manifest.ts'

/** More than a database has: in several steps, the copy would begin anew whenever the service has written between two of them. */
const allPages = 2 ** 31 - 1

/** Copies the store of a service that may be running into a new file, as it is at one moment. The copy is one file, without a log of its own. */
export const copyStore = async (from: string, to: string): Promise<void> => {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5000 })
  try {
    closeSync(openSync(to, 'wx', 0o600))
    await backup(source, to, { rate: allPages })
  } finally {
    source.close()
  }
  const copy = new DatabaseSync(to)
  try {
    copy.exec('PRAGMA journal_mode = DELETE')
  } finally {
    copy.close()
  }
}

export interface StoreFacts {
  readonly facts: NonNullable<Manifest['store']>
  /** Undefined where no service of this release has worked on the store. */
  readonly mark: KeyMark | undefined
}

/** Reads what is in a copy. Throws an Error where it is damaged. */
export const factsOf = (path: string, now: number): StoreFacts => {
  const db = new DatabaseSync(path, { readOnly: true })
  try {
    const [{ quick_check: check } = {}] = db.prepare('PRAGMA quick_check(1)').all()
    if (check !== 'ok') throw new Error(`it is damaged: ${String(check)}`)
    const tables = tablesIn(db)
    if (!tables.includes('entries')) throw new Error('it is no store of scan-login')
    const schemas = db.prepare("SELECT DISTINCT coalesce(json_extract(text, '$.value.schema'), 1) AS one FROM entries WHERE json_valid(text)").all().map(({ one }) => Number(one))
    const mark = db.prepare("SELECT json_extract(text, '$.value') AS mark FROM entries WHERE key = 'mark:keys'").get()?.mark
    return {
      facts: { tables, record_schemas: schemas.sort((a, b) => a - b), people: count(db, "key GLOB 'person:*'"), logins: count(db, `key GLOB 'session:*' AND ends_at > ${Math.floor(now)} AND json_extract(text, '$.value.endedAt') IS NULL`) },
      mark: typeof mark === 'string' ? JSON.parse(mark) as KeyMark : undefined, // as key-mark.ts stores it
    }
  } finally {
    db.close()
  }
}

const count = (db: DatabaseSync, which: string): number => Number(db.prepare(`SELECT count(*) AS number FROM entries WHERE ${which}`).get()?.number)

const tablesIn = (db: DatabaseSync): readonly string[] & string[] =>
  db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*' ORDER BY name").all().map(({ name }) => String(name))

/** Throws where this release would misread a store: it doesn't know a table, or the schema of a record. */
export const assertReadable = ({ tables, record_schemas: schemas }: StoreFacts['facts']): void => {
  const db = new DatabaseSync(':memory:')
  db.exec(schema)
  const known = tablesIn(db)
  db.close()
  const unknown = tables.filter((table) => !known.includes(table))
  if (unknown.length > 0) throw new Error(`the store in the backup has tables that this release doesn't know (${unknown.join(', ')}): restore it with the release that made it, or a newer one`)
  for (const one of schemas) {
    try {
      assertKnownSchema({ schema: one })
    } catch (cause) {
      throw new Error(`the store in the backup has records of schema ${one}, which this release doesn't know: restore it with the release that made it, or a newer one`, { cause })
    }
  }
}
