import { createECDH, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import t, { type Test } from 'tap'
import { addProviderKeys, rotateKeys } from '../../../src/sessions/key-changes.ts'
import { followKeyFile, makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'
import { generateSigningKey } from '../../../src/sessions/key-set.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { storedProviderKeys } from '../../support/provider-keys.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

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
  t.equal(keys.provider, null, 'they are for who wants them')
  t.equal(keys.signing.length, 1)
  t.equal(keys.signing[0].kid, await calculateJwkThumbprint(keys.signing[0].publicJwk))
  t.strictSame(Object.keys(keys.signing[0].publicJwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'], 'nothing private')
  t.hasStrict(keys.signing[0].publicJwk, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
})

await t.test('key file: made with keys of the OpenID Provider where that is asked for', async (t) => {
  const path = keyPath(t)
  t.equal(makeKeyFile(path, { withProvider: true }), true)
  t.equal(makeKeyFile(path, { withProvider: true }), false)
  t.strictSame(readKeyFile(path).provider?.map(({ jwk, signsFrom }) => [jwk.alg, signsFrom]), [['RS256', 0], ['ES256', 0]])
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
  const [rsa, ec] = storedProviderKeys()
  const [p384, ed25519] = [generateKeyPairSync('ec', { namedCurve: 'P-384' }), generateKeyPairSync('ed25519')].map(({ privateKey }) => privateKey.export({ format: 'jwk' }))
  for (const wrong of [
    '', '{', 'null', '{}', '[]',
    { ...good, signing: [] }, { ...good, signing: [{}] }, { ...good, signing: [p384] }, { ...good, signing: [ed25519] },
    { ...good, subject: 'short' }, { ...good, cookie: undefined },
    { ...good, signing: [{ ...newest, d: older.d }] }, { ...good, signing: [rsa] },
    { ...good, oidc: null }, { ...good, oidc: 'keys' }, { ...good, oidc: [] }, { ...good, oidc: [rsa] }, { ...good, oidc: [ec] }, { ...good, oidc: [rsa, {}] },
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
    [12_345, 12_345, 0o600, `warn: ${path} belongs to user 12345, who can read and change it: let it belong to root, or to user 0`],
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
  const [rsa, ec] = storedProviderKeys()
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
    [{ oidc: [rsa, handMade()] }, 'a key of the OpenID Provider'],
    [{ signing: [generateSigningKey(), ec], oidc: [rsa, ec] }, 'a key of the OpenID Provider'],
    [{ signing: published, oidc: [rsa, published[0]] }, 'a signing key', 'a key of the OpenID Provider'],
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

/** The member of the OpenID Provider's keys. */
const setProvider = (path: string, oidc: unknown): void => {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')) as object, oidc }))
}

await t.test('followed key file: keys of the OpenID Provider are in use within five seconds after they were added', async (t) => {
  const { path, clock, log, keys, kids } = followed(t)
  const [access] = kids()
  t.equal(keys.provider, null)
  addProviderKeys(path)
  clock.advance(5000)
  t.strictSame(keys.provider, readKeyFile(path).provider)
  t.equal(keys.provider?.length, 2)
  t.strictSame(kids(), [access], 'the others stay')
  t.strictSame(log.lines, [`info: ${path} has changed: its signing keys are in use from now on`])
  keys.stop()
})

await t.test('followed key file: the log line has the ids of the OpenID Provider\'s keys, too', async (t) => {
  const path = madeFile(t)
  const clock = createFakeClock()
  const logged: object[] = []
  const keys = followKeyFile(path, clock, { ...createRecordingLog(), info: (fields) => { logged.push(fields) } })
  setProvider(path, storedProviderKeys())
  clock.advance(5000)
  t.strictSame(logged, [{ kids: [...keys.signing, ...keys.provider ?? []].map(({ kid }) => kid) }])
  keys.stop()
})

await t.test('followed key file: one without keys of the OpenID Provider is refused where these are needed, at the start and later', async (t) => {
  const path = madeFile(t)
  const [clock, log] = [createFakeClock(), createRecordingLog()]
  const without = readFileSync(path, 'utf8')
  const message = `${path} has no keys for the OpenID Provider, which OIDC_CLIENTS_FILE turns on: add them with "npm run keys -- add-provider", and give the file to every instance`
  t.throws(() => followKeyFile(path, clock, log, { needsProvider: true }), { message })
  setProvider(path, storedProviderKeys())
  const keys = followKeyFile(path, clock, log, { needsProvider: true })
  const before = keys.provider?.map(({ kid }) => kid)
  writeFileSync(path, without)
  clock.advance(60_000)
  t.strictSame(keys.provider?.map(({ kid }) => kid), before, 'the previous ones are kept')
  t.strictSame(log.lines, [`error: ${message}; keeping the previous keys. Fix the file: the service would not start with it`])
  keys.stop()

  const indifferent = followKeyFile(path, clock, createRecordingLog())
  setProvider(path, storedProviderKeys())
  clock.advance(5000)
  writeFileSync(path, without)
  clock.advance(5000)
  t.equal(indifferent.provider, null, 'where they aren\'t needed, they may come and go')
  indifferent.stop()
})
