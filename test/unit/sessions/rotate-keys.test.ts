import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync, lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'
import { replaceKeys, rotateKeys } from '../../../src/sessions/rotate-keys.ts'
import { acceptedKeys, makeSigningKey, signingKeyAt, type SigningKey } from '../../../src/sessions/signing-key.ts'

const minute = 60_000
const day = 1440 * minute
const noon = Date.UTC(2026, 10, 23, 12)

const madeFile = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  makeKeyFile(join(folder, 'keys.json'))
  return join(folder, 'keys.json')
}

const at = (path: string, now: number): { signs: string, believed: readonly string[] } => {
  const { signing } = readKeyFile(path)
  return { signs: signingKeyAt(signing, now).kid, believed: acceptedKeys(signing, now).map(({ kid }) => kid) }
}

await t.test('rotation: a new key is shown for a day before it signs, and the old one believed for an hour after', async (t) => {
  const path = madeFile(t)
  const before = readKeyFile(path)
  const [{ kid: old }] = before.signing
  const { isNew, signsFrom, acceptedUntil } = rotateKeys(path, noon)
  t.equal(isNew, true)
  t.equal(Number(signsFrom), noon + day)
  t.equal(Number(acceptedUntil), noon + day + 60 * minute)
  const after = readKeyFile(path)
  t.strictSame([after.subject, after.cookie], [before.subject, before.cookie], 'nobody becomes somebody else')
  const [{ kid: next }] = after.signing
  t.not(next, old)
  t.strictSame(at(path, noon), { signs: old, believed: [next, old] })
  t.strictSame(at(path, noon + day - 1), { signs: old, believed: [next, old] })
  t.strictSame(at(path, noon + day), { signs: next, believed: [next, old] })
  t.strictSame(at(path, noon + day + 60 * minute - 1), { signs: next, believed: [next, old] })
  t.strictSame(at(path, noon + day + 60 * minute), { signs: next, believed: [next] })
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'], 'and nothing is left over')
})

await t.test('rotation: a second one changes nothing while the first key waits to sign', async (t) => {
  const path = madeFile(t)
  const { signsFrom } = rotateKeys(path, noon)
  const [text, { ino }] = [readFileSync(path, 'utf8'), statSync(path)]
  t.strictSame(rotateKeys(path, noon + day - 1), { isNew: false, signsFrom, acceptedUntil: new Date(noon + day + 60 * minute) })
  t.equal(readFileSync(path, 'utf8'), text)
  t.equal(statSync(path).ino, ino, 'and writes nothing')
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'])
  t.equal(rotateKeys(path, noon + day).isNew, true, 'and one is possible as soon as that signs')
})

await t.test('rotation: the key that began to sign last signs, in whichever order they stand', async (t) => {
  const path = madeFile(t)
  rotateKeys(path, noon)
  const [next, old] = readKeyFile(path).signing as unknown as readonly [SigningKey, SigningKey] // two by now
  for (const keys of [[next, old], [old, next]] as const) t.strictSame([noon, noon + day].map((time) => signingKeyAt(keys, time).kid), [old.kid, next.kid])
})

await t.test('rotation: the file stays as it is, with nothing beside it, when a rotation breaks off', async (t) => {
  const path = madeFile(t)
  const text = readFileSync(path, 'utf8')
  t.throws(() => rotateKeys(path, NaN), RangeError)
  t.equal(readFileSync(path, 'utf8'), text)
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'])
})

await t.test('rotation: it says why when the file can\'t be read or nothing can be made beside it', async (t) => {
  const path = madeFile(t)
  const missing = join(path, '../missing.json')
  t.throws(() => rotateKeys(missing, noon), { message: `${missing} can't be read: ENOENT: no such file or directory, open '${missing}'` })
  const long = join(path, '..', 'k'.repeat(252)) // with .new it is longer than a name may be
  renameSync(path, long)
  t.throws(() => rotateKeys(long, noon), { message: `${long}.new can't be made: ENAMETOOLONG: name too long, open '${long}.new'`, cause: { code: 'ENAMETOOLONG' } })
})

await t.test('rotation: keys that have ended are taken out by the next one, and those still believed stay', async (t) => {
  const path = madeFile(t)
  const kids = (): string[] => readKeyFile(path).signing.map(({ kid }) => kid)
  const [first] = kids()
  rotateKeys(path, noon)
  const [second] = kids()
  rotateKeys(path, noon + day + minute)
  const [third] = kids()
  t.strictSame(kids(), [third, second, first], 'the first one\'s last tokens are about')
  rotateKeys(path, noon + 30 * day)
  const [fourth] = kids()
  t.strictSame(kids(), [fourth, third])
})

await t.test('rotation: keys of a file without times stay, the first one signs, and all end with the next', async (t) => {
  const path = madeFile(t)
  const file = JSON.parse(readFileSync(path, 'utf8')) as { signing: unknown[] }
  file.signing.push(makeSigningKey())
  writeFileSync(path, JSON.stringify(file))
  const [current, previous] = readKeyFile(path).signing.map(({ kid }) => kid) as [string, string] // two were written
  t.strictSame(at(path, noon), { signs: current, believed: [current, previous] })
  rotateKeys(path, noon)
  const [{ kid: next }] = readKeyFile(path).signing
  t.strictSame(at(path, noon), { signs: current, believed: [next, current, previous] })
  t.strictSame(at(path, noon + 2 * day), { signs: next, believed: [next] })
})

await t.test('rotation: some key signs at any time, even where the clock is before all of them', async (t) => {
  const path = madeFile(t)
  rotateKeys(path, noon)
  const { signing: [next] } = readKeyFile(path)
  t.equal(signingKeyAt([next], 0).kid, next.kid)
  t.strictSame(acceptedKeys([next], 0), [next])
})

await t.test('replacement: one new key signs at once, and no other is believed', async (t) => {
  const path = madeFile(t)
  rotateKeys(path, noon)
  const before = readKeyFile(path)
  replaceKeys(path)
  const after = readKeyFile(path)
  t.equal(after.signing.length, 1)
  t.notOk(before.signing.some(({ kid }) => kid === after.signing[0].kid))
  t.strictSame(at(path, 0), { signs: after.signing[0].kid, believed: [after.signing[0].kid] }, 'whatever the clock says')
  t.strictSame([after.subject, after.cookie], [before.subject, before.cookie])
  t.equal(statSync(path).mode & 0o777, 0o600)
})

await t.test('rotation: a file that is not understood stays as it is', async (t) => {
  const path = madeFile(t)
  const good = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  const isNoKeyFile = `${path} is not a key file of scan-login (npm run keys makes one)`
  for (const [text, message] of [
    ['{', isNoKeyFile],
    [JSON.stringify({ ...good, signing: [{}] }), isNoKeyFile],
    [JSON.stringify({ ...good, phone: 'x' }), `${path} holds more than this release knows (phone) and stays as it is`],
    [JSON.stringify({ ...good, phone: 'x', tablet: 'y' }), `${path} holds more than this release knows (phone, tablet) and stays as it is`],
  ] as const) {
    writeFileSync(path, text)
    for (const change of [() => rotateKeys(path, noon), () => replaceKeys(path)]) t.throws(change, { message })
    t.equal(readFileSync(path, 'utf8'), text)
  }
  writeFileSync(path, JSON.stringify(good))
  chmodSync(path, 0o644)
  t.throws(() => rotateKeys(path, noon), { message: `${path} can be read by others: chmod 600 it` })
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'])
})

await t.test('rotation: it waits its turn when another one is at work or was cut short', async (t) => {
  const path = madeFile(t)
  const text = readFileSync(path, 'utf8')
  writeFileSync(`${path}.new`, '')
  const message = `${path}.new is there: keys are being changed just now, or that was cut short; then delete it`
  t.throws(() => rotateKeys(path, noon), { message, cause: { code: 'EEXIST' } })
  t.throws(() => replaceKeys(path), { message })
  t.equal(readFileSync(path, 'utf8'), text)
  t.ok(existsSync(`${path}.new`), 'what belongs to another is left alone')
})

await t.test('rotation: a link to the file stays a link', async (t) => {
  const path = madeFile(t)
  const link = join(path, '../link.json')
  symlinkSync('keys.json', link)
  rotateKeys(link, noon)
  t.ok(lstatSync(link).isSymbolicLink())
  t.equal(readKeyFile(path).signing.length, 2)
})
