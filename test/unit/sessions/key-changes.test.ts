import { chmodSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { addProviderKeys, replaceKeys, rotateKeys } from '../../../src/sessions/key-changes.ts'
import { makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'
import { acceptedKeys, generateSigningKey, signingKeyAt, type SigningKey } from '../../../src/sessions/key-set.ts'
import { providerJwksAt, type ProviderKeys } from '../../../src/sessions/provider-keys.ts'
import { storedProviderKeys } from '../../support/provider-keys.ts'

const minute = 60_000
const day = 1440 * minute
const noon = Date.UTC(2026, 10, 23, 12)

const madeFile = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'keys.json')
  makeKeyFile(path)
  return path
}

const at = (path: string, now: number): { signs: string, accepted: readonly string[] } => {
  const { signing } = readKeyFile(path)
  return { signs: signingKeyAt(signing, now).kid, accepted: acceptedKeys(signing, now).map(({ kid }) => kid) }
}

await t.test('rotation: the new key is published a day before it signs, and the old one accepted for an hour after', async (t) => {
  const path = madeFile(t)
  const before = readKeyFile(path)
  const [{ kid: old }] = before.signing
  const { isNew, signsFrom, acceptedUntil } = rotateKeys(path, noon)
  t.equal(isNew, true)
  t.equal(Number(signsFrom), noon + day)
  t.equal(Number(acceptedUntil), noon + day + 60 * minute)
  const after = readKeyFile(path)
  t.strictSame([after.subject, after.cookie], [before.subject, before.cookie], 'the secrets stay')
  const [{ kid: next }] = after.signing
  t.not(next, old)
  t.strictSame(at(path, noon), { signs: old, accepted: [next, old] })
  t.strictSame(at(path, noon + day - 1), { signs: old, accepted: [next, old] })
  t.strictSame(at(path, noon + day), { signs: next, accepted: [next, old] })
  t.strictSame(at(path, noon + day + 60 * minute - 1), { signs: next, accepted: [next, old] })
  t.strictSame(at(path, noon + day + 60 * minute), { signs: next, accepted: [next] })
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'], 'nothing is left over')
})

await t.test('rotation: a second one changes nothing while the first one\'s key does not sign yet', async (t) => {
  const path = madeFile(t)
  const { signsFrom } = rotateKeys(path, noon)
  const [text, { ino }] = [readFileSync(path, 'utf8'), statSync(path)]
  t.strictSame(rotateKeys(path, noon + day - 1), { isNew: false, signsFrom, acceptedUntil: new Date(noon + day + 60 * minute), providerAcceptedUntil: null })
  t.equal(readFileSync(path, 'utf8'), text)
  t.equal(statSync(path).ino, ino, 'nothing is written')
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'])
  t.equal(rotateKeys(path, noon + day).isNew, true, 'the next one is possible once that key signs')
})

await t.test('rotation: the key whose signs_from was reached last signs, in any order of the keys', async (t) => {
  const path = madeFile(t)
  rotateKeys(path, noon)
  const [next, old] = readKeyFile(path).signing as unknown as readonly [SigningKey, SigningKey] // two by now
  for (const keys of [[next, old], [old, next]] as const) t.strictSame([noon, noon + day].map((time) => signingKeyAt(keys, time).kid), [old.kid, next.kid])
})

await t.test('rotation: the file stays as it is, with nothing beside it, when a rotation fails', async (t) => {
  const path = madeFile(t)
  const text = readFileSync(path, 'utf8')
  t.throws(() => rotateKeys(path, NaN), RangeError)
  t.equal(readFileSync(path, 'utf8'), text)
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'])
})

await t.test('rotation: the error has the reason when the file can\'t be read or nothing can be written beside it', async (t) => {
  const path = madeFile(t)
  const missing = join(path, '../missing.json')
  t.throws(() => rotateKeys(missing, noon), { message: `${missing} can't be read: ENOENT: no such file or directory, open '${missing}'` })
  const long = join(path, '..', 'k'.repeat(252)) // with .new it is longer than a file name may be
  renameSync(path, long)
  t.throws(() => rotateKeys(long, noon), { message: `${long}.new can't be made: ENAMETOOLONG: name too long, open '${long}.new'`, cause: { code: 'ENAMETOOLONG' } })
})

await t.test('rotation: keys that have ended are removed, and those still accepted stay', async (t) => {
  const path = madeFile(t)
  const kids = (): string[] => readKeyFile(path).signing.map(({ kid }) => kid)
  const [first] = kids()
  rotateKeys(path, noon)
  const [second] = kids()
  rotateKeys(path, noon + day + minute)
  const [third] = kids()
  t.strictSame(kids(), [third, second, first], 'the first one\'s last tokens are still valid')
  rotateKeys(path, noon + 30 * day)
  const [fourth] = kids()
  t.strictSame(kids(), [fourth, third])
})

await t.test('rotation: keys without signs_from stay, the first one signs, and all end once the new one signs', async (t) => {
  const path = madeFile(t)
  const file = JSON.parse(readFileSync(path, 'utf8')) as { signing: unknown[] }
  file.signing.push(generateSigningKey())
  writeFileSync(path, JSON.stringify(file))
  const [current, previous] = readKeyFile(path).signing.map(({ kid }) => kid) as [string, string] // two were written
  t.strictSame(at(path, noon), { signs: current, accepted: [current, previous] })
  rotateKeys(path, noon)
  const [{ kid: next }] = readKeyFile(path).signing
  t.strictSame(at(path, noon), { signs: current, accepted: [next, current, previous] })
  t.strictSame(at(path, noon + 2 * day), { signs: next, accepted: [next] })
})

await t.test('rotation: some key signs when the clock is before the signs_from of all', async (t) => {
  const path = madeFile(t)
  rotateKeys(path, noon)
  const { signing: [next] } = readKeyFile(path)
  t.equal(signingKeyAt([next], 0).kid, next.kid)
  t.strictSame(acceptedKeys([next], 0), [next])
})

await t.test('replacement: one new key signs at once, and no other is accepted', async (t) => {
  const path = madeFile(t)
  rotateKeys(path, noon)
  const before = readKeyFile(path)
  replaceKeys(path)
  const after = readKeyFile(path)
  t.equal(after.signing.length, 1)
  t.notOk(before.signing.some(({ kid }) => kid === after.signing[0].kid))
  t.strictSame(at(path, 0), { signs: after.signing[0].kid, accepted: [after.signing[0].kid] }, 'at any time')
  t.strictSame([after.subject, after.cookie], [before.subject, before.cookie])
  t.equal(statSync(path).mode & 0o777, 0o600)
})

await t.test('rotation: the file stays as it is when it is unusable or has unknown members', async (t) => {
  const path = madeFile(t)
  const good = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  const notAKeyFile = `${path} is not a key file of scan-login (npm run keys makes one)`
  for (const [text, message] of [
    ['{', notAKeyFile],
    [JSON.stringify({ ...good, signing: [{}] }), notAKeyFile],
    [JSON.stringify({ ...good, phone: 'x' }), `${path} has members that this release does not know (phone) and stays as it is`],
    [JSON.stringify({ ...good, phone: 'x', tablet: 'y' }), `${path} has members that this release does not know (phone, tablet) and stays as it is`],
  ] as const) {
    writeFileSync(path, text)
    for (const change of [() => rotateKeys(path, noon), () => replaceKeys(path), () => addProviderKeys(path)]) t.throws(change, { message })
    t.equal(readFileSync(path, 'utf8'), text)
  }
  writeFileSync(path, JSON.stringify(good))
  chmodSync(path, 0o644)
  t.throws(() => rotateKeys(path, noon), { message: `${path} can be read by others: chmod 600 it` })
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'])
})

await t.test('rotation: refused when another one is running or was interrupted', async (t) => {
  const path = madeFile(t)
  const text = readFileSync(path, 'utf8')
  writeFileSync(`${path}.new`, '')
  const message = `${path}.new exists: another change is running, or one was interrupted. In that case delete it`
  t.throws(() => rotateKeys(path, noon), { message, cause: { code: 'EEXIST' } })
  t.throws(() => replaceKeys(path), { message })
  t.throws(() => addProviderKeys(path), { message })
  t.equal(readFileSync(path, 'utf8'), text)
  t.ok(existsSync(`${path}.new`), 'the other\'s draft stays')
})

await t.test('rotation: a symbolic link to the file stays one', async (t) => {
  const path = madeFile(t)
  const link = join(path, '../link.json')
  symlinkSync('keys.json', link)
  rotateKeys(link, noon)
  t.ok(lstatSync(link).isSymbolicLink())
  t.equal(readKeyFile(path).signing.length, 2)
})

const withProvider = (t: Test): string => {
  const path = madeFile(t)
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')) as object, oidc: storedProviderKeys() }))
  return path
}

const providerOf = (path: string): ProviderKeys => {
  const { provider } = readKeyFile(path)
  if (provider === null) throw new Error('the file has no keys of the OpenID Provider')
  return provider
}

/** The ids of an OpenID Provider's keys at a time, in the order in which it gets them. */
const kidsAt = (path: string, now: number): string[] => providerJwksAt(providerOf(path), now).keys.map(({ kid }) => kid)

await t.test('addition: a file gets keys of the OpenID Provider once, and all else in it stays', async (t) => {
  const path = madeFile(t)
  const { provider, ...before } = readKeyFile(path)
  t.equal(provider, null)
  t.equal(addProviderKeys(path), true)
  const { provider: added, ...others } = readKeyFile(path)
  t.strictSame(added?.map(({ jwk, signsFrom }) => [jwk.alg, signsFrom]), [['RS256', 0], ['ES256', 0]], 'they sign at once')
  t.strictSame(others, before)
  t.equal(statSync(path).mode & 0o777, 0o600)
  const [text, { ino }] = [readFileSync(path, 'utf8'), statSync(path)]
  mkdirSync(`${path}.new`)
  t.equal(addProviderKeys(path), false)
  t.strictSame([readFileSync(path, 'utf8'), statSync(path).ino], [text, ino], 'nothing is written a second time, as the folder may be read-only')
})

await t.test('rotation: keys of the OpenID Provider sign at the same time as the others, and old ones are accepted for as long as a session lasts', async (t) => {
  const path = withProvider(t)
  const [rsa, ec] = kidsAt(path, noon)
  const { isNew, signsFrom, providerAcceptedUntil } = rotateKeys(path, noon)
  t.strictSame([isNew, Number(signsFrom), Number(providerAcceptedUntil)], [true, noon + day, noon + 91 * day])
  const [newRsa, newEc] = providerOf(path).map(({ kid }) => kid)
  t.equal(new Set([rsa, ec, newRsa, newEc]).size, 4)
  t.equal(providerOf(path)[0]?.signsFrom, readKeyFile(path).signing[0].signsFrom)
  for (const [time, kids] of [
    [noon, [rsa, ec, newRsa, newEc]],
    [noon + day - 1, [rsa, ec, newRsa, newEc]],
    [noon + day, [newRsa, newEc, rsa, ec]],
    [noon + 91 * day - 1, [newRsa, newEc, rsa, ec]],
    [noon + 91 * day, [newRsa, newEc]],
  ] as const) t.strictSame(kidsAt(path, time), kids, new Date(time).toISOString())

  const text = readFileSync(path, 'utf8')
  t.strictSame(rotateKeys(path, noon + day - 1), { isNew: false, signsFrom, acceptedUntil: new Date(noon + day + 60 * minute), providerAcceptedUntil })
  t.equal(readFileSync(path, 'utf8'), text)
})

await t.test('rotation: keys of the OpenID Provider that have ended are removed, and those still accepted stay', async (t) => {
  const path = withProvider(t)
  const first = kidsAt(path, noon)
  rotateKeys(path, noon)
  const second = kidsAt(path, noon + day).slice(0, 2)
  rotateKeys(path, noon + 91 * day - 1)
  const third = kidsAt(path, noon + 93 * day).slice(0, 2)
  t.strictSame(providerOf(path).map(({ kid }) => kid), [...third, ...second, ...first])
  t.equal(readKeyFile(path).signing.length, 2, 'those of access tokens end after an hour')
  rotateKeys(path, noon + 93 * day)
  t.strictSame(providerOf(path).map(({ kid }) => kid).slice(2), [...third, ...second])
})

await t.test('rotation: a file without keys of the OpenID Provider gets none', async (t) => {
  const path = madeFile(t)
  t.equal(rotateKeys(path, noon).providerAcceptedUntil, null)
  t.equal(readKeyFile(path).provider, null)
  t.strictSame(replaceKeys(path), { hasProvider: false })
  t.equal(readKeyFile(path).provider, null)
})

await t.test('rotation: it waits until new keys of the OpenID Provider sign, where only these are new', async (t) => {
  const path = withProvider(t)
  const { signing } = JSON.parse(readFileSync(path, 'utf8')) as { signing: unknown }
  const { signsFrom } = rotateKeys(path, noon)
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')) as object, signing }))
  t.hasStrict(rotateKeys(path, noon + day - 1), { isNew: false, signsFrom })
  t.equal(rotateKeys(path, noon + day).isNew, true)
})

await t.test('replacement: new keys of the OpenID Provider sign at once, and no others are accepted', async (t) => {
  const path = withProvider(t)
  rotateKeys(path, noon)
  const before = kidsAt(path, noon)
  t.strictSame(replaceKeys(path), { hasProvider: true })
  const after = kidsAt(path, 0)
  t.equal(after.length, 2)
  t.notOk(after.some((kid) => before.includes(kid)))
  t.strictSame(kidsAt(path, noon), after)
  t.equal(readKeyFile(path).signing.length, 1)
})
