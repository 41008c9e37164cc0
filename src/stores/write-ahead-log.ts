/** SQLite's write-ahead log, and the file systems that can't have it: its index is memory that processes share, and its locks have to hold (sqlite.org/wal.html). */
import { statfsSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'

/** The types of network file systems in Linux (linux/magic.h, and fs/smb for the last two). FUSE and 9p are left to SQLite's own answer: some of them are local. */
const networkTypes: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'], [0x517b, 'SMB'], [0xff534d42, 'CIFS'], [0xfe534d42, 'SMB'], [0xc36400, 'Ceph'], [0x5346414f, 'AFS'], [0xbd00bd0, 'Lustre'],
])

/** SQLITE_IOERR_LOCK, and the codes of the shared memory: SHMOPEN, SHMSIZE, SHMLOCK, SHMMAP (sqlite.org/rescode.html). */
const fileSystemFaults: ReadonlySet<unknown> = new Set([3850, 4618, 4874, 5130, 5386])

const refuse = (what: string): never => {
  throw new Error(`${what}, and SQLite's write-ahead log does not work there: put the file on a local disk, or use Redis`)
}

/** Throws an Error where a folder is on a network share: SQLite may open a file there, and lose or damage it later. */
export const refuseNetworkShare = (folder: string, typeOf = (path: string): number => statfsSync(path).type): void => {
  const name = process.platform === 'linux' ? networkTypes.get(typeOf(folder) >>> 0) : undefined
  if (name !== undefined) refuse(`it is on a network share (${name})`)
}

/** Switches the write-ahead log on. Throws an Error where the file system can't have it. */
export const useWriteAheadLog = (db: DatabaseSync): void => {
  let mode: unknown
  try {
    mode = db.prepare('PRAGMA journal_mode = WAL').get()?.journal_mode
    db.prepare('SELECT 1 FROM sqlite_schema').get() // on FUSE without shared mappings the pragma succeeds, and this fails
  } catch (error) {
    if (!fileSystemFaults.has((error as { errcode?: number }).errcode)) throw error
    mode = undefined
  }
  if (mode !== 'wal' && mode !== 'memory') refuse('its file system has no memory that programs share, or no locks') // `memory`: of :memory:
}
