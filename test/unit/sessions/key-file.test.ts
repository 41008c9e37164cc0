import { createECDH, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import t, { type Test } from 'tap'
import { followKeyFile, makeKeyFile, readKeyFile, replaceKeys, rotateKeys } from '../../../src/sessions/key-file.ts'
import { acceptedKeys, generateSigningKey, signingKeyAt, type SigningKey } from '../../../src/sessions/key-set.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

const minute = 60_000
const day = 1440 * minute
const noon = Date.UTC(2026, 10, 23, 12)

/** In a folder that does not exist yet. */
const keyPath = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'data', 'keys.json')
}

const madeFile = (t: Test): string => {
  const path = keyPath(t)
  makeKeyFile(path)
  return path
}

/** A valid pair whose private number is 00 01 02 …, as somebody might type it. */
const handMade = (): JsonWebKey => {
  const ecdh = createECDH('prime256v1')
  const d = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
  ecdh.setPrivateKey(d)
  const point = ecdh.getPublicKey()
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url')) as [string, string] // two in, two out
  return { kty: 'EC', crv: 'P-256', x, y, d: d.toString('base64url') }
}

await t.test('key file: made once, for its owner only, and read back', async (t) => {
  const path = keyPath(t)
  t.equal(makeKeyFile(path), true)
  const text = readFileSync(path, 'utf8')
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(makeKeyFile(path), false)
  t.equal(readFileSync(path, 'utf8'), text, 'it stays as it is')
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'], 'nothing is left over')
  const keys = readKeyFile(path)
  t.equal(keys.subject.length, 32)
  t.equal(keys.cookie.length, 32)
  t.not(keys.subject.toString('hex'), keys.cookie.toString('hex'))
  t.equal(keys.signing.length, 1)
  t.equal(keys.signing[0].kid, await calculateJwkThumbprint(keys.signing[0].publicJwk))
  t.strictSame(Object.keys(keys.signing[0].publicJwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'], 'nothing private')
  t.hasStrict(keys.signing[0].publicJwk, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
})

await t.test('key file: refused when others can read it', async (t) => {
  const path = madeFile(t)
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(path, mode)
    t.throws(() => readKeyFile(path), { message: `${path} can be read by others: chmod 600 it` })
  }
})

await t.test('key file: refused when its content is not that of a key file', async (t) => {
  const path = madeFile(t)
  const good = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  const [newest, older] = [generateSigningKey(), generateSigningKey()]
  const [p384, ed25519] = [generateKeyPairSync('ec', { namedCurve: 'P-384' }), generateKeyPairSync('ed25519')].map(({ privateKey }) => privateKey.export({ format: 'jwk' }))
  for (const wrong of [
    '', '{', 'null', '{}', '[]',
    { ...good, signing: [] }, { ...good, signing: [{}] }, { ...good, signing: [p384] }, { ...good, signing: [ed25519] },
    { ...good, subject: 'short' }, { ...good, cookie: undefined },
    { ...good, signing: [{ ...newest, d: older.d }] },
    ...[1, null, '', 'tomorrow', '2026-11-23', '2026-13-01T00:00:00Z', '+002026-11-23T00:00:00Z', '2026-11-23T00:00:00Z (noon)', ['2026-11-23T00:00:00Z']].map((time) => ({ ...good, signing: [{ ...newest, signs_from: time }] })),
  ]) {
    writeFileSync(path, typeof wrong === 'string' ? wrong : JSON.stringify(wrong))
    t.throws(() => readKeyFile(path), { message: `${path} is not a key file of scan-login (npm run keys makes one)` }, JSON.stringify(wrong).slice(0, 40))
  }
})

await t.test('key file: signs_from is read with and without milliseconds', async (t) => {
  const path = madeFile(t)
  const good = JSON.parse(readFileSync(path, 'utf8')) as object
  for (const [text, ms] of [['2026-11-23T00:00:00Z', 0], ['2026-11-23T00:00:00.250Z', 250]] as const) {
    writeFileSync(path, JSON.stringify({ ...good, signing: [{ ...generateSigningKey(), signs_from: text }] }))
    t.equal(readKeyFile(path).signing[0].signsFrom, Date.UTC(2026, 10, 23) + ms)
  }
})

await t.test('key file: its owner can read and write it when the umask forbids that', async (t) => {
  const path = keyPath(t)
  mkdirSync(dirname(path), { mode: 0o700 })
  const umask = process.umask(0o777)
  try {
    makeKeyFile(path)
  } finally {
    process.umask(umask)
  }
  t.equal(statSync(path).mode & 0o777, 0o600)
})

await t.test('key file: nothing is written beside it when it exists', async (t) => {
  const path = madeFile(t)
  mkdirSync(`${path}.${process.pid}.new`)
  t.equal(makeKeyFile(path), false)
})

await t.test('key file: that of a faster process stays as it is', async (t) => {
  const path = keyPath(t)
  mkdirSync(dirname(path))
  symlinkSync('not-there-yet.json', path) // it can't be read, but the name is taken
  t.equal(makeKeyFile(path), false)
  t.strictSame(readdirSync(dirname(path)), ['keys.json'])
})

await t.test('key file: the error has the reason when it can\'t be made', async (t) => {
  const path = madeFile(t)
  const below = join(path, 'keys.json')
  t.throws(() => makeKeyFile(below), { message: `${below} can't be made: EEXIST: file already exists, mkdir '${path}'`, cause: { code: 'EEXIST' } })
})

await t.test('key file: the error has the reason when the folder takes no files', { skip: process.platform === 'linux' ? false : '/proc is of Linux' }, async (t) => {
  const draft = `/proc/keys.json.${process.pid}.new`
  t.throws(() => makeKeyFile('/proc/keys.json'), { message: `/proc/keys.json can't be made: ENOENT: no such file or directory, open '${draft}'`, cause: { code: 'ENOENT' } })
})

await t.test('key file: no file descriptor stays open when it is made, read and rotated', { skip: process.platform === 'linux' ? false : '/proc is of Linux' }, async (t) => {
  const path = keyPath(t)
  const open = (): number => readdirSync('/proc/self/fd').length
  const before = open()
  makeKeyFile(path)
  readKeyFile(path)
  rotateKeys(path, Date.UTC(2026, 10, 23))
  rotateKeys(path, Date.UTC(2026, 10, 23))
  t.equal(open(), before)
})

const asRoot = { skip: process.getuid?.() === 0 ? false : 'only root can give a file away' }

await t.test('key file: read when it belongs to another user, to root, or to root and a group, and one line warns of another user', asRoot, async (t) => {
  const path = madeFile(t)
  for (const [owner, group, mode, warning] of [
    [0, 0, 0o600, null],
    [0, 12_345, 0o440, null],
    [12_345, 12_345, 0o600, `warn: ${path} belongs to user 12345, who can read and change the keys: let it belong to root, or to user 0`],
  ] as const) {
    chownSync(path, owner, group)
    chmodSync(path, mode)
    const [clock, log] = [createFakeClock(), createRecordingLog()]
    const keys = followKeyFile(path, clock, log)
    clock.advance(60_000)
    keys.stop()
    t.strictSame(log.lines, warning === null ? [] : [warning], 'once')
  }
})

await t.test('key file: refused when root may read another user\'s file and so may others', asRoot, async (t) => {
  const path = madeFile(t)
  for (const [owner, group, mode] of [[12_345, 12_345, 0o640], [0, 0, 0o640], [0, 12_345, 0o660], [0, 12_345, 0o644]] as const) {
    chownSync(path, owner, group)
    chmodSync(path, mode)
    t.throws(() => readKeyFile(path), { message: `${path} can be read by others: chmod 600 it` })
  }
})

await t.test('key file: a warning is logged when the file comes to belong to another user while it is followed', asRoot, async (t) => {
  const path = madeFile(t)
  const [clock, log] = [createFakeClock(), createRecordingLog()]
  const keys = followKeyFile(path, clock, log)
  for (const owner of [0, 12_345, 12_345, 0, 12_345]) {
    chownSync(path, owner, owner)
    clock.advance(5000)
  }
  keys.stop()
  t.match(log.lines, [/^warn: \S+ belongs to user 12345, /, /^warn: \S+ belongs to user 12345, /])
  t.equal(log.lines.length, 2)
})

await t.test('key file: the error has the reason when it can\'t be read', async (t) => {
  const path = keyPath(t)
  t.throws(() => readKeyFile(path), { message: `${path} can't be read: ENOENT: no such file or directory, open '${path}'`, cause: { code: 'ENOENT' } })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  t.throws(() => readKeyFile(path), { message: `${path} can't be read: it is no file` })
})

await t.test('key file: each weak key has a line of its own in the error', async (t) => {
  const path = madeFile(t)
  const good = JSON.parse(readFileSync(path, 'utf8')) as Record<string, string>
  const vector = Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('base64url')
  const line = (which: string): string => `${path}: ${which} can be guessed: take one that npm run keys has made`
  // RFC 7515, A.3, and RFC 7517, A.2
  const published = [
    { kty: 'EC', crv: 'P-256', x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU', y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0', d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' },
    { kty: 'EC', crv: 'P-256', x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4', y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM', d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE' },
  ]
  const cases: ReadonlyArray<[wrong: Record<string, unknown>, ...which: string[]]> = [
    [{ subject: vector }, 'the subject key'],
    [{ cookie: vector }, 'the cookie key'],
    [{ cookie: good.subject }, 'the cookie key'],
    ...[...published, handMade()].map((key): typeof cases[number] => [{ signing: [generateSigningKey(), key] }, 'a signing key']),
    [{ signing: published, subject: vector, cookie: 'A'.repeat(43) }, 'a signing key', 'the subject key', 'the cookie key'],
  ]
  for (const [wrong, ...which] of cases) {
    writeFileSync(path, JSON.stringify({ ...good, ...wrong }))
    t.throws(() => readKeyFile(path), { message: which.map(line).join('\n') }, Object.keys(wrong).join())
  }
})

const followed = (t: Test) => {
  const path = madeFile(t)
  const clock = createFakeClock()
  const log = createRecordingLog()
  const keys = followKeyFile(path, clock, log)
  return { path, clock, log, keys, kids: () => keys.signing.map(({ kid }) => kid) }
}

/** The subject key of another file. */
const otherSubject = (t: Test): string => (JSON.parse(readFileSync(followed(t).path, 'utf8')) as { subject: string }).subject

await t.test('followed key file: rotated keys are in use within five seconds', async (t) => {
  const { path, clock, log, keys, kids } = followed(t)
  const [old] = kids()
  clock.advance(60_000)
  t.strictSame(log.lines, [], 'nothing is logged while it is unchanged')
  rotateKeys(path, clock.now())
  clock.advance(5000)
  t.strictSame(kids(), readKeyFile(path).signing.map(({ kid }) => kid))
  t.equal(kids()[1], old)
  t.strictSame(log.lines, [`info: ${path} has changed: its signing keys are in use from now on`])
  clock.advance(60_000)
  t.equal(log.lines.length, 1)
  keys.stop()
  rmSync(path)
  clock.advance(60_000)
  t.equal(log.lines.length, 1, 'it is not read any more')
})

await t.test('followed key file: the keys stay and one error is logged while it is unusable, and its keys are in use once it is repaired', async (t) => {
  const { path, clock, log, kids } = followed(t)
  const before = kids()
  const good = readFileSync(path, 'utf8')
  const suffix = '; keeping the previous keys. Fix the file: the service would not start with it'
  const others = JSON.stringify({ ...JSON.parse(good) as object, subject: otherSubject(t) })
  const faults: ReadonlyArray<[spoil: () => void, message: string]> = [
    [() => { writeFileSync(path, good.slice(0, 100)) }, `${path} is not a key file of scan-login (npm run keys makes one)`],
    [() => { writeFileSync(path, others) }, `${path} has another subject key or cookie key`],
    [() => { chmodSync(path, 0o644) }, `${path} can be read by others: chmod 600 it`],
    [() => { rmSync(path) }, `${path} can't be read: ENOENT: no such file or directory, open '${path}'`],
  ]
  for (const [spoil, message] of faults) {
    spoil()
    clock.advance(60_000)
    t.strictSame(kids(), before)
    t.equal(log.lines.at(-1), `error: ${message}${suffix}`)
  }
  t.equal(log.lines.length, faults.length, 'each once')
  writeFileSync(path, good, { mode: 0o600 })
  rotateKeys(path, clock.now())
  clock.advance(5000)
  t.equal(kids().length, 2)
  t.equal(log.lines.at(-1), `info: ${path} has changed: its signing keys are in use from now on`)
})

await t.test('followed key file: nothing is logged when it is repaired unchanged, and the same error again when it breaks again', async (t) => {
  const { path, clock, log, kids } = followed(t)
  const before = kids()
  const error = `error: ${path} can be read by others: chmod 600 it; keeping the previous keys. Fix the file: the service would not start with it`
  for (const mode of [0o644, 0o600, 0o644]) {
    chmodSync(path, mode)
    clock.advance(10_000)
  }
  t.strictSame(log.lines, [error, error])
  t.strictSame(kids(), before)
})

await t.test('followed key file: the log line has the ids of the keys when they change', async (t) => {
  const { path } = followed(t)
  const clock = createFakeClock()
  const logged: object[] = []
  const keys = followKeyFile(path, clock, { ...createRecordingLog(), info: (fields) => { logged.push(fields) } })
  rotateKeys(path, clock.now())
  clock.advance(5000)
  t.strictSame(logged, [{ kids: keys.signing.map(({ kid }) => kid) }])
  t.equal(keys.signing.length, 2)
})

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
  t.strictSame(rotateKeys(path, noon + day - 1), { isNew: false, signsFrom, acceptedUntil: new Date(noon + day + 60 * minute) })
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
    for (const change of [() => rotateKeys(path, noon), () => replaceKeys(path)]) t.throws(change, { message })
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
