import t from 'tap'
import { createSafeWrites } from '../../../src/stores/safe-writes.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { createSlowSync } from '../../support/slow-sync.ts'
import { settle, waitUntil } from '../../support/waiting.ts'

await t.test('safe writes: an entry is read when it is safe, and others at once, while a flush is under way', async (t) => {
  const disk = createSlowSync()
  const writes = createSafeWrites({ sync: disk.sync, repair: async () => {}, clock: createFakeClock(), log: createRecordingLog() })
  const written = writes.written('a')
  await disk.begun(1)
  await writes.safe('b')
  let isSafe = false
  const safe = writes.safe('a').then(() => { isSafe = true })
  await settle()
  t.equal(isSafe, false)
  disk.end()
  await Promise.all([written, safe])
  await writes.safe('a')
  await writes.close()
})

await t.test('safe writes: an entry that is written again during its flush is safe after the second', async (t) => {
  const disk = createSlowSync()
  const writes = createSafeWrites({ sync: disk.sync, repair: async () => {}, clock: createFakeClock(), log: createRecordingLog() })
  const first = writes.written('a')
  await disk.begun(1)
  const second = writes.written('a')
  let isSafe = false
  const safe = writes.safe('a').then(() => { isSafe = true })
  disk.end()
  await first
  await disk.begun(2)
  await settle()
  t.equal(isSafe, false)
  disk.end()
  await Promise.all([second, safe])
})

await t.test('safe writes: every call that waits is refused when a flush fails, and nothing is called safe until the log is repaired', async (t) => {
  const disk = createSlowSync()
  const clock = createFakeClock()
  const log = createRecordingLog()
  const repairs: PromiseWithResolvers<void>[] = []
  const repair = () => {
    const one = Promise.withResolvers<void>()
    repairs.push(one)
    return one.promise
  }
  const writes = createSafeWrites({ sync: disk.sync, repair, clock, log })
  const kept = writes.written('kept')
  await disk.begun(1)
  disk.end()
  await kept

  const waiting = [writes.written('a'), writes.written('b')]
  await disk.begun(2)
  const later = writes.written('c')
  disk.end(new Error('EIO'))
  for (const one of [...waiting, later]) await t.rejects(one)
  t.equal(disk.count(), 2, 'the next flush might succeed, and prove nothing')
  t.throws(() => writes.assertWritable(), { message: 'The disk has failed to keep what was written', cause: { message: 'EIO' } })
  for (const key of ['a', 'b', 'c']) await t.rejects(writes.safe(key), `${key} may be lost`)
  await writes.safe('kept')
  await t.rejects(writes.written('d'))

  t.equal(writes.isBusyWithDisk(), false)
  clock.advance(1_000)
  t.equal(writes.isBusyWithDisk(), true, 'a repair may hang as a flush may')
  repairs[0]?.reject(new Error('EIO'))
  await settle()
  t.equal(writes.isBusyWithDisk(), false)
  t.throws(() => writes.assertWritable(), 'a repair that fails changes nothing')
  clock.advance(1_000)
  await waitUntil(() => repairs.length === 2)
  repairs[1]?.resolve()
  await settle()
  writes.assertWritable()
  for (const key of ['a', 'b', 'c', 'd']) await writes.safe(key)
  const again = writes.written('a')
  await disk.begun(3)
  disk.end()
  await again
  t.match(log.lines, [/^error: The disk has failed to keep what the store wrote/, /^info: The disk keeps what the store writes again$/])
  t.equal(log.lines.length, 2)
})

await t.test('safe writes: one line a minute when the disk fails and works again by turns, and one when a later failure lasts', async (t) => {
  const disk = createSlowSync()
  const clock = createFakeClock()
  const log = createRecordingLog()
  let isMended = true
  const writes = createSafeWrites({ sync: disk.sync, repair: () => isMended ? Promise.resolve() : Promise.reject(new Error('EIO')), clock, log })
  const fail = async (flushes: number): Promise<void> => {
    const refused = t.rejects(writes.written('a'))
    await disk.begun(flushes)
    disk.end(new Error('EIO'))
    await refused
  }
  for (let flushes = 1; flushes <= 50; flushes++) {
    await fail(flushes)
    clock.advance(1_000)
    await settle()
  }
  t.match(log.lines, [/^error: The disk has failed/, /^info: The disk keeps .* again$/])
  t.equal(log.lines.length, 2)
  isMended = false
  await fail(51)
  for (let second = 0; second < 600; second++) {
    clock.advance(1_000)
    await settle()
  }
  isMended = true
  clock.advance(1_000)
  await settle()
  t.strictSame(log.codes, ['disk-failed', 'disk-failed'])
  t.match(log.lines.slice(2), [/^error: The disk has failed/, /^info: The disk keeps .* again$/])
  t.equal(log.lines.length, 4)
})

await t.test('safe writes: closing waits for the flush, and ends the repairs', async (t) => {
  const disk = createSlowSync()
  const clock = createFakeClock()
  let repairs = 0
  const writes = createSafeWrites({ sync: disk.sync, repair: async () => { repairs += 1 }, clock, log: createRecordingLog() })
  const refused = t.rejects(writes.written('a'))
  await disk.begun(1)
  const closed = writes.close()
  disk.end(new Error('EIO'))
  await Promise.all([refused, closed])
  clock.advance(10_000)
  t.equal(repairs, 0)
})
