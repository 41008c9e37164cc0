import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t from 'tap'
import { refuseNetworkShare, useWriteAheadLog } from '../../../src/stores/write-ahead-log.ts'

const remedy = 'and SQLite\'s write-ahead log does not work there: put the file on a local disk, or use Redis'
const noMemory = { message: `its file system has no memory that programs share, or no locks, ${remedy}` }
const folder = mkdtempSync(join(tmpdir(), 'scan-login-wal-'))
t.teardown(() => { rmSync(folder, { recursive: true }) })

await t.test('write-ahead log: it is on when the file system can have it, and not missed in memory', async (t) => {
  for (const [path, mode] of [[join(folder, 'a.db'), 'wal'], [':memory:', 'memory']] as const) {
    const db = new DatabaseSync(path)
    useWriteAheadLog(db)
    t.hasStrict(db.prepare('PRAGMA journal_mode').get(), { journal_mode: mode })
    db.close()
  }
})

await t.test('write-ahead log: refused when SQLite has no shared memory or no locks on a file system', async (t) => {
  for (const vfs of ['unix-none', 'unix-dotfile']) {
    const db = new DatabaseSync(`file:${join(folder, `${vfs}.db`)}?vfs=${vfs}`)
    t.throws(() => useWriteAheadLog(db), noMemory, vfs)
    db.close()
  }
})

/** A database whose file system answers as FUSE does without shared mappings, and NFS without locks. */
const failing = (errcode: number): DatabaseSync => {
  const db = new DatabaseSync(':memory:')
  const prepare = db.prepare.bind(db)
  db.prepare = (sql) => {
    if (sql.startsWith('PRAGMA')) return prepare(sql)
    throw Object.assign(new Error('disk I/O error'), { errcode })
  }
  t.teardown(() => { db.close() })
  return db
}

await t.test('write-ahead log: refused when its index can\'t be mapped or locked, and other faults stay as they are', async (t) => {
  for (const errcode of [5386, 5130, 4874, 4618, 3850]) t.throws(() => useWriteAheadLog(failing(errcode)), noMemory, String(errcode))
  t.throws(() => useWriteAheadLog(failing(11)), { message: 'disk I/O error', errcode: 11 })
})

await t.test('write-ahead log: a network share is refused by the type of its file system', { skip: process.platform === 'linux' ? false : 'the types are those of Linux' }, async (t) => {
  for (const [type, name] of [[0x6969, 'NFS'], [0xff534d42, 'CIFS'], [0xff534d42 | 0, 'CIFS'], [0xfe534d42, 'SMB'], [0xc36400, 'Ceph']] as const) {
    t.throws(() => refuseNetworkShare(folder, () => type), { message: `it is on a network share (${name}), ${remedy}` })
  }
  for (const type of [0xef53, 0x01021994, 0x794c7630, 0x58465342, 0x9123683e, 0x65735546, 0x01021997]) refuseNetworkShare(folder, () => type)
  refuseNetworkShare(folder)
})
