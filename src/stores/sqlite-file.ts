/** Opening the embedded database: its file and folder, the write-ahead log, and what an earlier process has left in it. */
import { closeSync, fdatasync, fdatasyncSync, fsyncSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { promisify } from 'node:util'
import { schema } from './sqlite-statements.ts'
import { refuseNetworkShare, useWriteAheadLog } from './write-ahead-log.ts'

/** Opening waits longer than calls do: processes that write all the time leave the lock free for moments only. */
const openWaitMs = 5_000
/** SQLite's own checkpoint, on the event loop, after so many pages in the log (200 MB): only where those of checkpoints.ts fail for long. */
const lastResortPages = 50_000

const flushFile = promisify(fdatasync)

/** The open log of a database. */
export interface LogFile {
  readonly path: string
  /** Flushes it, off the event loop. */
  flush (): Promise<void>
  close (): void
}

/** Opens the file, or `:memory:`, which has no log. Makes the file and its folder where there is none, readable by the owner alone. Throws where that fails. */
export const openDatabase = (file: string): { readonly db: DatabaseSync, readonly logFile: LogFile | null } => {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    refuseNetworkShare(dirname(file))
    // SQLite would make it readable for everybody. It gives -wal and -shm the mode of the file.
    closeSync(openSync(file, 'a', 0o600))
  }
  const db = new DatabaseSync(file, { timeout: openWaitMs })
  useWriteAheadLog(db)
  // What a killed process wrote, and perhaps never flushed, is copied into the database and flushed before anything is answered from it.
  db.exec('PRAGMA synchronous = FULL; PRAGMA wal_checkpoint')
  createTransactions(db)(() => { db.exec(schema) })
  db.exec('PRAGMA secure_delete = ON') // what was deleted of a person is overwritten; FAST leaves a tenth of it, on pages that became free
  // NORMAL: SQLite flushes for the order of what it writes only. When a call may be answered, safe-writes.ts says.
  db.exec(`PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = ${lastResortPages}; PRAGMA busy_timeout = 0`)
  return { db, logFile: file === ':memory:' ? null : openLog(file) }
}

/** It exists while a connection is open. */
const openLog = (file: string): LogFile => {
  const path = `${file}-wal`
  const descriptor = openSync(path, 'r+')
  fdatasyncSync(descriptor)
  flushFolder(dirname(file))
  return { path, flush: () => flushFile(descriptor), close () { closeSync(descriptor) } }
}

/** The names of new files are safe only when their folder is. Windows keeps them by itself. */
const flushFolder = (folder: string): void => {
  if (process.platform === 'win32') return
  const descriptor = openSync(folder, 'r')
  fsyncSync(descriptor)
  closeSync(descriptor)
}

/** Returns a function that runs work in one transaction. Its statements are prepared once, as limits and slots take one with each call. */
export const createTransactions = (db: DatabaseSync): <T>(work: () => T) => T => {
  const begin = db.prepare('BEGIN IMMEDIATE')
  const commit = db.prepare('COMMIT')
  return (work) => {
    begin.run()
    try {
      const result = work()
      commit.run()
      return result
    } catch (error) {
      // After some faults, such as a full disk, SQLite has rolled back already.
      if (db.isTransaction) db.exec('ROLLBACK')
      throw error
    }
  }
}

/** True for SQLITE_BUSY and SQLITE_LOCKED, which are the low byte of all their extended codes (sqlite.org/rescode.html). */
export const isLocked = (error: unknown): boolean => {
  const code = (error as { errcode?: number }).errcode ?? 0
  return (code & 0xff) === 5 || (code & 0xff) === 6
}
