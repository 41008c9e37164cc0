import t from 'tap'
import { createGroupFlush } from '../../../src/stores/group-flush.ts'
import { createSlowSync } from '../../support/slow-sync.ts'

await t.test('group flush: all who call before it begins share one flush', async (t) => {
  const disk = createSlowSync()
  const { flush } = createGroupFlush(disk.sync)
  const group = [flush(), flush(), flush()]
  await disk.begun(1)
  disk.end()
  await Promise.all(group)
  t.equal(disk.count(), 1)
})

await t.test('group flush: who calls while one runs waits for the next one, as it may have begun before the write', async (t) => {
  const disk = createSlowSync()
  const { flush, idle } = createGroupFlush(disk.sync)
  const settled: string[] = []
  const first = flush().then(() => settled.push('first'))
  await disk.begun(1)
  const later = [flush(), flush()].map((flushed, index) => flushed.then(() => settled.push(`later ${index}`)))
  disk.end()
  await first
  await disk.begun(2)
  t.strictSame(settled, ['first'])
  disk.end()
  await Promise.all(later)
  await idle()
  t.equal(disk.count(), 2)
})

await t.test('group flush: one that fails rejects for its group alone', async (t) => {
  const disk = createSlowSync()
  const { flush, idle } = createGroupFlush(disk.sync)
  const group = [flush(), flush()]
  await disk.begun(1)
  const next = flush()
  disk.end(new Error('EIO'))
  for (const flushed of group) await t.rejects(flushed, { message: 'EIO' })
  await disk.begun(2)
  disk.end()
  await next
  await idle()
})
