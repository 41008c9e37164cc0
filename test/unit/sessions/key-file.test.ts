import { createECDH, generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import t, { type Test } from 'tap'
import { generateKeys, makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'
import { rotateKeys } from '../../../src/sessions/rotate-keys.ts'
import { makeSigningKey } from '../../../src/sessions/signing-key.ts'

const keyPath = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'data', 'keys.json')
}

/** A good pair whose private number is the one of CONTRACT's vectors. */
const handMade = (): JsonWebKey => {
  const ecdh = createECDH('prime256v1')
  const d = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
  ecdh.setPrivateKey(d)
  const point = ecdh.getPublicKey()
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((half) => half.toString('base64url')) as [string, string] // two in, two out
  return { kty: 'EC', crv: 'P-256', x, y, d: d.toString('base64url') }
}

await t.test('key file: it is made once, for its owner only, and read back', async (t) => {
  const path = keyPath(t)
  t.equal(makeKeyFile(path), true)
  const text = readFileSync(path, 'utf8')
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(makeKeyFile(path), false)
  t.equal(readFileSync(path, 'utf8'), text, 'and stays as it is')
  t.strictSame(readdirSync(join(path, '..')), ['keys.json'], 'with nothing left over')
  const keys = readKeyFile(path)
  t.equal(keys.subject.length, 32)
  t.equal(keys.cookie.length, 32)
  t.not(keys.subject.toString('hex'), keys.cookie.toString('hex'))
  t.equal(keys.signing.length, 1)
  t.equal(keys.signing[0].kid, await calculateJwkThumbprint(keys.signing[0].publicJwk))
  t.strictSame(Object.keys(keys.signing[0].publicJwk).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'], 'and nothing private is shown')
  t.hasStrict(keys.signing[0].publicJwk, { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' })
})

await t.test('key file: it stops the start when others can read it', async (t) => {
  const path = keyPath(t)
  makeKeyFile(path)
  for (const mode of [0o640, 0o604, 0o620]) {
    chmodSync(path, mode)
    t.throws(() => readKeyFile(path), { message: `${path} can be read by others: chmod 600 it` })
  }
})

await t.test('key file: it stops the start when it is not one of ours', async (t) => {
  const path = keyPath(t)
  makeKeyFile(path)
  const good = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>
  const [newest, older] = [makeSigningKey(), makeSigningKey()]
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

await t.test('key file: the time from which a key signs is read with and without milliseconds', async (t) => {
  const path = keyPath(t)
  makeKeyFile(path)
  const good = JSON.parse(readFileSync(path, 'utf8')) as object
  for (const [text, ms] of [['2026-11-23T00:00:00Z', 0], ['2026-11-23T00:00:00.250Z', 250]] as const) {
    writeFileSync(path, JSON.stringify({ ...good, signing: [{ ...makeSigningKey(), signs_from: text }] }))
    t.equal(readKeyFile(path).signing[0].signsFrom, Date.UTC(2026, 10, 23) + ms)
  }
})

await t.test('key file: it is for its owner to read and write when the umask says otherwise', async (t) => {
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

await t.test('key file: nothing is tried beside it when there is one', async (t) => {
  const path = keyPath(t)
  makeKeyFile(path)
  mkdirSync(`${path}.${process.pid}.new`)
  t.equal(makeKeyFile(path), false)
})

await t.test('key file: another\'s stays as it is when it comes just before', async (t) => {
  const path = keyPath(t)
  mkdirSync(dirname(path))
  symlinkSync('not-there-yet.json', path) // nothing that can be read, and in the way all the same
  t.equal(makeKeyFile(path), false)
  t.strictSame(readdirSync(dirname(path)), ['keys.json'])
})

await t.test('key file: it says why when it can\'t be made', async (t) => {
  const path = keyPath(t)
  makeKeyFile(path)
  const below = join(path, 'keys.json')
  t.throws(() => makeKeyFile(below), { message: `${below} can't be made: EEXIST: file already exists, mkdir '${path}'`, cause: { code: 'EEXIST' } })
})

await t.test('key file: it says why when the folder takes no files', { skip: process.platform === 'linux' ? false : '/proc is of Linux' }, async (t) => {
  const draft = `/proc/keys.json.${process.pid}.new`
  t.throws(() => makeKeyFile('/proc/keys.json'), { message: `/proc/keys.json can't be made: ENOENT: no such file or directory, open '${draft}'`, cause: { code: 'ENOENT' } })
})

await t.test('key file: no file stays open when it is made, read and rotated', { skip: process.platform === 'linux' ? false : '/proc is of Linux' }, async (t) => {
  const path = keyPath(t)
  const open = (): number => readdirSync('/proc/self/fd').length
  const before = open()
  makeKeyFile(path)
  readKeyFile(path)
  rotateKeys(path, Date.UTC(2026, 10, 23))
  rotateKeys(path, Date.UTC(2026, 10, 23))
  t.equal(open(), before)
})

await t.test('key file: it is read when it belongs to who runs the service, or to root', { skip: process.getuid?.() === 0 ? false : 'only root can give a file away' }, async (t) => {
  const path = keyPath(t)
  makeKeyFile(path)
  const readAs = (user: number | undefined, owner: number): unknown => {
    chownSync(path, owner, owner)
    const restore = t.intercept(process, 'getuid', { value: user === undefined ? undefined : () => user })
    try {
      return readKeyFile(path).signing.length
    } catch (error) {
      return (error as Error).message
    } finally {
      restore.restore()
    }
  }
  t.equal(readAs(12_345, 12_345), 1)
  t.equal(readAs(12_345, 0), 1)
  t.equal(readAs(12_345, 54_321), `${path} belongs to user 54321, and this is user 12345: the one who runs scan-login must own it`)
  t.equal(readAs(undefined, 12_345), 1, 'and where a system has no such users')
})

await t.test('key file: it stops the start when it belongs to somebody else', { skip: process.getuid?.() === 0 ? false : 'only root can give a file away' }, async (t) => {
  const path = keyPath(t)
  makeKeyFile(path)
  chownSync(path, 12_345, 12_345)
  t.throws(() => readKeyFile(path), { message: `${path} belongs to user 12345, and this is user 0: the one who runs scan-login must own it` })
})

await t.test('key file: it says why when it can\'t be read', async (t) => {
  const path = keyPath(t)
  t.throws(() => readKeyFile(path), { message: `${path} can't be read: ENOENT: no such file or directory, open '${path}'`, cause: { code: 'ENOENT' } })
  mkdirSync(path, { recursive: true, mode: 0o700 })
  t.throws(() => readKeyFile(path), { message: `${path} can't be read: it is no file` })
})

await t.test('key file: every key that can be guessed has a line of its own', async (t) => {
  const path = keyPath(t)
  makeKeyFile(path)
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
    ...[...published, handMade()].map((key): typeof cases[number] => [{ signing: [makeSigningKey(), key] }, 'a signing key']),
    [{ signing: published, subject: vector, cookie: 'A'.repeat(43) }, 'a signing key', 'the subject key', 'the cookie key'],
  ]
  for (const [wrong, ...which] of cases) {
    writeFileSync(path, JSON.stringify({ ...good, ...wrong }))
    t.throws(() => readKeyFile(path), { message: which.map(line).join('\n') }, Object.keys(wrong).join())
  }
})

await t.test('key file: keys differ from one making to the next', async (t) => {
  t.not(generateKeys().signing[0].kid, generateKeys().signing[0].kid)
})
