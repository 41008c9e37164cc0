/** The key file at a start: with and without the OpenID Provider, and with a store that several instances share. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'
import { openKeys, type KeyNeeds } from '../../../src/sessions/open-keys.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { storedProviderKeys } from '../../support/provider-keys.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

const setUp = (t: Test) => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'keys.json')
  const log = createRecordingLog()
  const open = (needs: KeyNeeds) => {
    const keys = openKeys(path, needs, createFakeClock(), log)
    keys.stop()
    return keys
  }
  return { path, log, open }
}

const alone = { isShared: false, needsProvider: false }
const aloneWithProvider = { isShared: false, needsProvider: true }
const sharedWithProvider = { isShared: true, needsProvider: true }

await t.test('keys at the start: a new file has those of the OpenID Provider only where they are needed', async (t) => {
  const [without, needed] = [setUp(t), setUp(t)]
  t.equal(without.open(alone).provider, null)
  t.notOk(readFileSync(without.path, 'utf8').includes('oidc'))
  t.equal(needed.open(aloneWithProvider).provider?.length, 2)
  t.strictSame([...without.log.lines, ...needed.log.lines], [])
})

await t.test('keys at the start: those of the OpenID Provider are added once to a file that has none, and all else stays', async (t) => {
  const { path, log, open } = setUp(t)
  const before = open(alone)
  const { provider, ...others } = open(aloneWithProvider)
  t.equal(provider?.length, 2)
  t.strictSame([others.subject, others.cookie, others.signing], [before.subject, before.cookie, before.signing])
  t.strictSame(log.lines, [`info: ${path} has keys for the OpenID Provider now, besides those that it had: keep a new copy of it`])
  const { ino } = statSync(path)
  t.strictSame(open(aloneWithProvider).provider, provider)
  t.equal(open(alone).provider?.length, 2, 'they stay when it is turned off again')
  t.equal(statSync(path).ino, ino, 'nothing is written')
  t.equal(log.lines.length, 1)
})

await t.test('keys at the start: nothing is made or added to a file that instances share, and one line says what to do', async (t) => {
  const { path, open } = setUp(t)
  t.throws(() => open(sharedWithProvider), { message: `KEYS_FILE ${path} does not exist: make it with "npm run keys" and give it to every instance` })
  t.strictSame(readdirSync(dirname(path)), [])
  makeKeyFile(path)
  const text = readFileSync(path, 'utf8')
  t.throws(() => open(sharedWithProvider), { message: `${path} has no keys for the OpenID Provider, which OIDC_CLIENTS_FILE turns on: add them with "npm run keys -- add-provider", and give the file to every instance` })
  t.equal(open({ isShared: true, needsProvider: false }).provider, null, 'without OpenID Connect it starts')
  t.strictSame([readFileSync(path, 'utf8'), readdirSync(dirname(path))], [text, ['keys.json']])
  writeFileSync(path, JSON.stringify({ ...JSON.parse(text) as object, oidc: storedProviderKeys() }))
  t.strictSame(open(sharedWithProvider).provider, readKeyFile(path).provider)
})

await t.test('keys at the start: one line has the reason when those of the OpenID Provider can\'t be added, or the file is no good', async (t) => {
  const { path, open } = setUp(t)
  makeKeyFile(path)
  mkdirSync(`${path}.new`)
  const changing = `${path}.new exists: another change is running, or one was interrupted. In that case delete it`
  t.throws(() => open(aloneWithProvider), { message: `${path} has no keys for the OpenID Provider, and a start can't add them as "npm run keys -- add-provider" does: ${changing}` })
  t.equal(open(alone).provider, null)
  writeFileSync(path, '{}')
  t.throws(() => open(aloneWithProvider), { message: `${path} is not a key file of scan-login (npm run keys makes one)` })
})
