import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calculateJwkThumbprint } from 'jose'
import t, { type Test } from 'tap'
import { generateKeys, makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'

const keyPath = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'data', 'keys.json')
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
  const p384 = { kty: 'EC', crv: 'P-384', x: 'x', y: 'y', d: 'd' }
  for (const wrong of [
    '', '{', 'null', '{}', '[]',
    { ...good, signing: [] }, { ...good, signing: [{}] }, { ...good, signing: [p384] },
    { ...good, subject: 'short' }, { ...good, cookie: undefined }, { ...good, cookie: 'A'.repeat(43) },
  ]) {
    writeFileSync(path, typeof wrong === 'string' ? wrong : JSON.stringify(wrong))
    t.throws(() => readKeyFile(path), { message: `${path} is not a key file of scan-login (npm run keys makes one)` }, JSON.stringify(wrong).slice(0, 40))
  }
})

await t.test('key file: keys differ from one making to the next', async (t) => {
  t.not(generateKeys().signing[0].kid, generateKeys().signing[0].kid)
})
