import { chmodSync, existsSync, lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { replaceFile } from '../../../src/sessions/replace-file.ts'

const makeFolder = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-replace-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return folder
}

const to = (text: string | null) => () => ({ text, result: 'done' })

await t.test('replace file: a new one is made with its folder, for its owner only, where it may be missing', async (t) => {
  const path = join(makeFolder(t), 'data/file.json')
  t.throws(() => replaceFile(path, to('a')), { code: 'ENOENT' })
  t.equal(replaceFile(path, to('a'), { mayBeMissing: true }), 'done')
  t.equal(readFileSync(path, 'utf8'), 'a')
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(readdirSync(join(path, '..')), ['file.json'])
})

await t.test('replace file: an old one keeps the rights that it may keep, and a symbolic link stays one', async (t) => {
  const folder = makeFolder(t)
  const [path, link] = [join(folder, 'file'), join(folder, 'link')]
  writeFileSync(path, 'a')
  chmodSync(path, 0o664)
  symlinkSync('file', link)
  replaceFile(link, to('b'), { keptRights: 0o644 })
  t.strictSame([readFileSync(path, 'utf8'), statSync(path).mode & 0o777, lstatSync(link).isSymbolicLink()], ['b', 0o644, true])
  replaceFile(path, to('c'), { keptRights: 0o600 })
  t.equal(statSync(path).mode & 0o777, 0o600)
})

await t.test('replace file: it stays as it is, and nothing is left over, when the change is none or fails', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'file')
  writeFileSync(path, 'a')
  t.equal(replaceFile(path, to(null)), 'done')
  t.throws(() => replaceFile(path, () => { throw new Error('no') }), { message: 'no' })
  t.equal(readFileSync(path, 'utf8'), 'a')
  t.strictSame(readdirSync(folder), ['file'])
})

await t.test('replace file: one process changes it at a time', async (t) => {
  const folder = makeFolder(t)
  const path = join(folder, 'file')
  writeFileSync(path, 'a')
  replaceFile(path, () => {
    t.throws(() => replaceFile(path, to('b')), { message: `${path}.new exists: another change is running, or one was interrupted. In that case delete it` })
    return { text: 'c', result: undefined }
  })
  t.equal(readFileSync(path, 'utf8'), 'c')
  t.throws(() => replaceFile(join(path, 'x'), to('b'), { mayBeMissing: true }), { message: /can't be made: / })
  t.notOk(existsSync(`${path}.new`))
})
