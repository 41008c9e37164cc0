import { mkdtempSync, openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { repairLog, validBytes } from '../../../src/stores/log-repair.ts'

const open = (t: Test) => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-repair-'))
  const file = join(folder, 'store.db')
  const db = new DatabaseSync(file)
  db.exec('PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0; CREATE TABLE entries (text TEXT)')
  t.teardown(() => {
    db.close()
    rmSync(folder, { recursive: true })
  })
  const insert = db.prepare('INSERT INTO entries VALUES (?)')
  const write = (text: string): void => { insert.run(text) }
  return { db, file, path: `${file}-wal`, write }
}

const damage = (path: string, at: number): void => {
  const file = openSync(path, 'r+')
  writeSync(file, Buffer.from([readFileSync(path).readUInt8(at) ^ 1]), 0, 1, at)
  closeSync(file)
}

await t.test('log repair: the valid part of a log is what SQLite recovers, byte for byte', async (t) => {
  const { db, path, write } = open(t)
  for (let i = 0; i < 50; i++) write('x'.repeat(i * 50))
  write('end') // one frame
  const log = readFileSync(path)
  t.equal(await validBytes(log), log.length)
  t.equal(await validBytes(log.subarray(0, log.length - 1)), log.length - 4120, 'without the last frame, which is cut')
  for (const [at, what] of [[4, 'the header'], [40, 'the salt of the first frame'], [100, 'the first page']] as const) {
    const damaged = Buffer.from(log)
    damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at)
    t.equal(await validBytes(damaged), 0, `nothing is valid with ${what} damaged`)
  }
  t.equal(await validBytes(Buffer.alloc(0)), 0)
  db.exec('PRAGMA wal_checkpoint')
  write('new')
  const round = readFileSync(path)
  t.equal(round.length, log.length)
  t.equal(await validBytes(round), 32 + 4120, 'frames of the round before are no part of the log')
})

await t.test('log repair: the event loop turns while a large log is checked', async (t) => {
  const { db, path, write } = open(t)
  db.exec('BEGIN')
  for (let i = 0; i < 2_500; i++) write('x'.repeat(4_000))
  db.exec('COMMIT')
  const log = readFileSync(path)
  let turns = 0
  const turning = setInterval(() => { turns += 1 }, 0)
  const valid = await validBytes(log)
  clearInterval(turning)
  t.equal(valid, log.length)
  t.ok(turns > 1, `${turns} turns`)
})

await t.test('log repair: it succeeds on a log that can be read back, and other connections can write before and after', async (t) => {
  const { db, file, path, write } = open(t)
  for (let i = 0; i < 50; i++) write('x'.repeat(i * 50))
  const other = new DatabaseSync(file)
  let refused: unknown
  const repaired = repairLog(db, path, write)
  try {
    other.exec('INSERT INTO entries VALUES (1)')
  } catch (error) {
    refused = error
  }
  t.hasStrict(refused, { errcode: 5 }, 'not meanwhile: the log must not change')
  await repaired
  other.exec('INSERT INTO entries VALUES (1)')
  t.strictSame(db.prepare('SELECT count(*) AS n FROM entries').get()?.n, 52)
  t.equal(db.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok')
  other.close()
})

await t.test('log repair: it fails where the log can\'t be read as it was written, and leaves the database usable', async (t) => {
  const { db, path, write } = open(t)
  for (let i = 0; i < 50; i++) write('x'.repeat(i * 50))
  const at = 32 + 10 * 4120 + 500
  damage(path, at)
  await t.rejects(repairLog(db, path, write), { message: 'The write-ahead log can\'t be read as it was written' })
  damage(path, at)
  await repairLog(db, path, write)
  await t.rejects(repairLog(db, `${path}-elsewhere`, write), { code: 'ENOENT' })
  write('after')
  t.equal(db.isTransaction, false)
})
