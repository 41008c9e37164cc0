import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { createCheckpoints, writesPerCheckpoint } from '../../../src/stores/checkpoints.ts'
import { openDatabase } from '../../../src/stores/sqlite-file.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { waitUntil } from '../../support/waiting.ts'

const failed = 'checkpoint-failed'

const open = (t: Test) => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-checkpoints-'))
  const file = join(folder, 'store.db')
  const { db, logFile } = openDatabase(file)
  const log = createRecordingLog()
  const checkpoints = createCheckpoints(file, { clock: createFakeClock(), log })
  t.teardown(async () => {
    await checkpoints.close()
    logFile?.close()
    db.close()
    rmSync(folder, { recursive: true })
  })
  const insert = db.prepare('INSERT OR REPLACE INTO entries VALUES (?, ?, 0)')
  let round = 0
  /** Makes the writes of one round, and counts them. */
  const write = (): void => {
    round += 1
    for (let i = 0; i < writesPerCheckpoint; i++) insert.run(`entry:${i}`, `${round} ${'x'.repeat(500)}`)
    count()
  }
  const count = (): void => { for (let i = 0; i < writesPerCheckpoint; i++) checkpoints.written() }
  const number = () => db.prepare("SELECT text FROM entries WHERE key = 'checkpoint'").get()?.text
  /** Waits for the checkpoint of a round. */
  const done = async (): Promise<void> => { await waitUntil(() => number() === `{"value":${round}}` && !checkpoints.isRunning()) }
  return { db, file, log, checkpoints, write, count, number, done }
}

await t.test('checkpoints: the log is copied into the database after so many writes, and does not grow further', async (t) => {
  const { db, file, log, write, done } = open(t)
  write()
  t.equal(statSync(file).size < 100_000, true, 'no checkpoint on the event loop')
  await done()
  t.ok(readFileSync(file).includes(`1 ${'x'.repeat(500)}`))
  const { size } = statSync(`${file}-wal`)
  for (let more = 0; more < 3; more++) {
    write()
    await done()
  }
  t.ok(statSync(`${file}-wal`).size < 1.5 * size)
  t.equal(db.prepare('PRAGMA integrity_check').get()?.integrity_check, 'ok')
  t.strictSame(log.lines, [])
})

await t.test('checkpoints: writers are kept waiting for moments only, and nothing is logged, while somebody reads for long', async (t) => {
  const { file, log, checkpoints, write, done } = open(t)
  write()
  await done()
  const reader = new DatabaseSync(file, { readOnly: true })
  reader.exec('BEGIN; SELECT count(*) FROM entries')
  const writer = new DatabaseSync(file, { timeout: 0 })
  const waits: number[] = []
  for (let round = 0; round < 4; round++) {
    write()
    let refusedFrom: number | undefined
    let longest = 0
    while (checkpoints.isRunning()) {
      try {
        writer.exec('BEGIN IMMEDIATE; ROLLBACK')
        refusedFrom = undefined
      } catch {
        refusedFrom ??= performance.now()
        longest = Math.max(longest, performance.now() - refusedFrom)
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    waits.push(longest)
  }
  t.ok(Math.min(...waits) < 700, `${waits.map(Math.round).join(', ')} ms: the shortest, as flushes take long on a busy machine`)
  t.strictSame(log.lines, [])
  for (const db of [writer, reader]) db.close()
})

await t.test('checkpoints: closing copies what is left, so that the database has nothing to flush when it closes', async (t) => {
  const { file, checkpoints, db } = open(t)
  db.exec("INSERT INTO entries VALUES ('last', 'in the database', NULL)")
  checkpoints.written()
  await checkpoints.close()
  t.ok(readFileSync(file).includes('in the database'))
  t.equal(checkpoints.isRunning(), false)
})

await t.test('checkpoints: one that fails is logged, and the next one follows', async (t) => {
  const { file, log, write, count, number } = open(t)
  const other = new DatabaseSync(file)
  other.exec('BEGIN IMMEDIATE')
  count()
  await waitUntil(() => log.lines.length > 0 || number() !== undefined)
  other.exec('COMMIT')
  other.close()
  t.strictSame(log.codes, [failed])
  write()
  await waitUntil(() => number() !== undefined)
  t.equal(number(), '{"value":2}')
})

await t.test('checkpoints: a thread that ends is replaced at the next one', async (t) => {
  const log = createRecordingLog()
  const clock = createFakeClock()
  const checkpoints = createCheckpoints(join(import.meta.dirname, 'none', 'store.db'), { clock, log })
  const writes = (): void => { for (let i = 0; i < writesPerCheckpoint; i++) checkpoints.written() }
  t.teardown(() => checkpoints.close())
  for (let times = 0; times < 3; times++) {
    writes()
    await waitUntil(() => !checkpoints.isRunning()) // it has ended then
  }
  t.strictSame(log.codes, [failed], 'one line an hour')
  clock.advance(3_600_000)
  t.strictSame(log.codes, [failed, failed])
})
