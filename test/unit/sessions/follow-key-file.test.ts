import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { followKeyFile } from '../../../src/sessions/follow-key-file.ts'
import { makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'
import { rotateKeys } from '../../../src/sessions/rotate-keys.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/log.ts'

const followed = (t: Test) => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'keys.json')
  makeKeyFile(path)
  const clock = createFakeClock()
  const log = createRecordingLog()
  const keys = followKeyFile(path, clock, log)
  return { path, clock, log, keys, kids: () => keys.signing.map(({ kid }) => kid) }
}

/** The subject key of another file. */
const otherSubject = (t: Test): string => (JSON.parse(readFileSync(followed(t).path, 'utf8')) as { subject: string }).subject

await t.test('key file while running: a rotated one counts within five seconds', async (t) => {
  const { path, clock, log, keys, kids } = followed(t)
  const [old] = kids()
  clock.advance(60_000)
  t.strictSame(log.lines, [], 'what stays the same is no news')
  rotateKeys(path, clock.now())
  clock.advance(5000)
  t.strictSame(kids(), readKeyFile(path).signing.map(({ kid }) => kid))
  t.equal(kids()[1], old)
  t.strictSame(log.lines, [`info: ${path} has changed: its signing keys count from now on`])
  clock.advance(60_000)
  t.equal(log.lines.length, 1)
  keys.stop()
  rmSync(path)
  clock.advance(60_000)
  t.equal(log.lines.length, 1, 'and nobody looks any more after the end')
})

await t.test('key file while running: one that can\'t be used changes nothing, is told once, and counts when it is mended', async (t) => {
  const { path, clock, log, kids } = followed(t)
  const before = kids()
  const good = readFileSync(path, 'utf8')
  const onward = '; it goes on with the keys as they were until that is mended, and would not start with these'
  const others = JSON.stringify({ ...JSON.parse(good) as object, subject: otherSubject(t) })
  const spoil: ReadonlyArray<[spoiled: () => void, told: string]> = [
    [() => { writeFileSync(path, good.slice(0, 100)) }, `${path} is not a key file of scan-login (npm run keys makes one)`],
    [() => { writeFileSync(path, others) }, `${path} has another subject key or cookie key`],
    [() => { chmodSync(path, 0o644) }, `${path} can be read by others: chmod 600 it`],
    [() => { rmSync(path) }, `${path} can't be read: ENOENT: no such file or directory, open '${path}'`],
  ]
  for (const [spoiled, told] of spoil) {
    spoiled()
    clock.advance(60_000)
    t.strictSame(kids(), before)
    t.equal(log.lines.at(-1), `error: ${told}${onward}`)
  }
  t.equal(log.lines.length, spoil.length, 'each once')
  writeFileSync(path, good, { mode: 0o600 })
  rotateKeys(path, clock.now())
  clock.advance(5000)
  t.equal(kids().length, 2)
  t.equal(log.lines.at(-1), `info: ${path} has changed: its signing keys count from now on`)
})

await t.test('key file while running: one that is mended is no news, and is told again when it is spoiled as before', async (t) => {
  const { path, clock, log, kids } = followed(t)
  const before = kids()
  const error = `error: ${path} can be read by others: chmod 600 it; it goes on with the keys as they were until that is mended, and would not start with these`
  for (const mode of [0o644, 0o600, 0o644]) {
    chmodSync(path, mode)
    clock.advance(10_000)
  }
  t.strictSame(log.lines, [error, error])
  t.strictSame(kids(), before)
})

await t.test('key file while running: the log has the ids of the keys when they change', async (t) => {
  const { path } = followed(t)
  const clock = createFakeClock()
  const told: object[] = []
  const keys = followKeyFile(path, clock, { ...createRecordingLog(), info: (fields) => { told.push(fields) } })
  rotateKeys(path, clock.now())
  clock.advance(5000)
  t.strictSame(told, [{ kids: keys.signing.map(({ kid }) => kid) }])
  t.equal(keys.signing.length, 2)
})
