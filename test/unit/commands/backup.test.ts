/** What a restore refuses, and that nothing is written then. */
import { appendFileSync, chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { createSealedCodec } from '../../../src/commands/backup/codec.ts'
import { readPassphrase } from '../../../src/commands/backup/files.ts'
import { makeBackup } from '../../../src/commands/backup/make.ts'
import { assertOwnOrOlder } from '../../../src/commands/backup/manifest.ts'
import { putBack, type RestoreOptions } from '../../../src/commands/backup/put-back.ts'
import { backupTerms, restoreTerms } from '../../../src/commands/backup/help.ts'
import { readTerms } from '../../../src/commands/backup/run.ts'
import { readConfig, type Config } from '../../../src/config.ts'
import { makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'
import { keyMarkOf } from '../../../src/sessions/key-mark.ts'
import { createStore } from '../../../src/stores/store.ts'
import { ownVersion } from '../../../src/version.ts'
import { dumpSqlite } from '../../support/store-dump.ts'
import { createFakeClock } from '../../support/fake-clock.ts'
import { createRecordingLog } from '../../support/recording-log.ts'

const passphrase = 'correct horse battery staple'
const now = Date.now()

const makeFolder = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-backup-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const configIn = (folder: string, more: Readonly<Record<string, string>> = {}): Config =>
  readConfig({ STORE_URL: `sqlite:${join(folder, 'data/scan-login.db')}`, KEYS_FILE: join(folder, 'data/keys.json'), ...more })

/** Makes a store and keys as a service leaves them. */
const makeSource = async (t: Test): Promise<{ readonly folder: string, readonly config: Config }> => {
  const folder = makeFolder(t)
  const config = configIn(folder)
  makeKeyFile(config.KEYS_FILE)
  const store = createStore(config.STORE_URL, { clock: createFakeClock(now), log: createRecordingLog() })
  await store.write('mark:keys', { schema: 1, ...keyMarkOf('wx', readKeyFile(config.KEYS_FILE)) }, null)
  await store.write('person:ming', { schema: 1, sub: 'ming' }, null)
  await store.write('session:one', { schema: 1, id: 'one', sub: 'ming', endedAt: null, hasSites: true }, 3600_000)
  await store.write('session:two', { schema: 1, id: 'two', sub: 'ming', endedAt: 5 }, 3600_000)
  await store.write('phone-key:one', { schema: 1 }, 3600_000)
  await store.write('something-new:one', { schema: 1 }, 3600_000)
  await store.addToList('people-active', 'ming')
  await store.close()
  return { folder, config }
}

const restoreOptions = (folder: string, more: Partial<RestoreOptions> = {}): RestoreOptions => ({ folder, passphrase: null, isKeysOnly: false, isSigningOut: false, ...more })

const pathOf = ({ STORE_URL }: Config): string => STORE_URL.slice('sqlite:'.length)

/** Refuses a backup into a fresh folder: nothing but the lock is there after it. */
const assertRefused = async (t: Test, options: RestoreOptions, message: RegExp): Promise<void> => {
  const folder = makeFolder(t)
  await t.rejects(putBack(configIn(folder), options), { message }, String(message))
  t.strictSame(existsSync(join(folder, 'data')) ? readdirSync(join(folder, 'data')).filter((name) => name !== 'scan-login.db.lock') : [], [])
}

await t.test('backup: what is restored is what the store had, encrypted or not', async (t) => {
  const { folder, config } = await makeSource(t)
  for (const secret of [null, passphrase]) {
    const backup = join(folder, `backup-${secret === null ? 'plain' : 'sealed'}`)
    const { store, version, files } = await makeBackup(config, { folder: backup, passphrase: secret, isKeysOnly: false })
    t.hasStrict({ store, version }, { store: { people: 1, logins: 1, record_schemas: [1] }, version: ownVersion() })
    t.equal(files.length, 2)
    const fresh = configIn(makeFolder(t))
    const { restored, kept, signedOut } = await putBack(fresh, restoreOptions(backup, { passphrase: secret }))
    t.strictSame({ restored, kept, signedOut }, { restored: [fresh.KEYS_FILE, pathOf(fresh)], kept: [], signedOut: null })
    t.equal(dumpSqlite(pathOf(fresh)), dumpSqlite(pathOf(config)))
    t.strictSame(readFileSync(fresh.KEYS_FILE), readFileSync(config.KEYS_FILE))
  }
})

await t.test('backup: signing everybody out keeps people and who they are, ends all else, and tells sites of the end', async (t) => {
  const { folder, config } = await makeSource(t)
  const backup = join(folder, 'backup')
  await makeBackup(config, { folder: backup, passphrase: null, isKeysOnly: false })
  const fresh = configIn(makeFolder(t))
  t.equal((await putBack(fresh, restoreOptions(backup, { isSigningOut: true }))).signedOut, 1)
  const db = new DatabaseSync(pathOf(fresh))
  t.strictSame(db.prepare('SELECT key FROM entries ORDER BY key').all().map(({ key }) => key), ['mark:keys', 'person:ming'])
  t.strictSame(db.prepare('SELECT list FROM listed ORDER BY list').all().map(({ list }) => list), ['ended-sessions', 'people-active'])
  t.hasStrict(db.prepare('SELECT length FROM lists WHERE list = \'ended-sessions\'').get(), { length: 1 })
  db.close()
})

await t.test('backup: nothing is overwritten by a backup, or by a restore', async (t) => {
  const { folder, config } = await makeSource(t)
  const backup = join(folder, 'backup')
  mkdirSync(backup)
  await t.rejects(makeBackup(config, { folder: backup, passphrase: null, isKeysOnly: false }), { message: /exists already: name a folder that doesn't/ })
  t.strictSame(readdirSync(backup), [])
  rmSync(backup, { recursive: true })
  await makeBackup(config, { folder: backup, passphrase: null, isKeysOnly: false })

  await t.rejects(putBack(config, restoreOptions(backup)), { message: /scan-login\.db is there already, and is not overwritten: move / })
  const target = configIn(makeFolder(t))
  const store = pathOf(target)
  mkdirSync(join(store, '..'))
  writeFileSync(`${store}-wal`, 'log')
  await t.rejects(putBack(target, restoreOptions(backup)), { message: /scan-login\.db-wal is there already/ })
  rmSync(`${store}-wal`)
  makeKeyFile(target.KEYS_FILE)
  await t.rejects(putBack(target, restoreOptions(backup)), { message: /keys\.json is there already, with another content/ })
  t.notOk(existsSync(store))
  cpSync(config.KEYS_FILE, target.KEYS_FILE)
  t.hasStrict(await putBack(target, restoreOptions(backup)), { restored: [store], kept: [target.KEYS_FILE] }, 'the same key file stays')
})

await t.test('restore: a backup that is cut off, changed or another release\'s is refused, and nothing is written', async (t) => {
  const { folder, config } = await makeSource(t)
  const [plain, sealed] = [join(folder, 'plain'), join(folder, 'sealed')]
  await makeBackup(config, { folder: plain, passphrase: null, isKeysOnly: false })
  await makeBackup(config, { folder: sealed, passphrase, isKeysOnly: false })
  const damaged = (from: string, change: (folder: string) => void): string => {
    const copy = join(makeFolder(t), 'copy')
    cpSync(from, copy, { recursive: true })
    change(copy)
    return copy
  }
  const flip = (path: string): void => {
    const bytes = readFileSync(path)
    const at = bytes.length >> 1
    bytes[at] = (bytes[at] ?? 0) ^ 1
    writeFileSync(path, bytes)
  }

  for (const [from, secret] of [[plain, null], [sealed, passphrase]] as const) {
    for (const name of ['store.db', 'keys.json']) {
      const size = readFileSync(join(from, name)).length
      for (const change of [flip, (path: string) => truncateSync(path, size - 1), (path: string) => truncateSync(path, 0), (path: string) => rmSync(path), (path: string) => appendFileSync(path, 'x')]) {
        await assertRefused(t, restoreOptions(damaged(from, (copy) => { change(join(copy, name)) }), { passphrase: secret }), /damaged or was changed/)
      }
    }
    await assertRefused(t, restoreOptions(damaged(from, (copy) => { truncateSync(join(copy, 'manifest.json'), 40) }), { passphrase: secret }), /manifest\.json is damaged/)
    await assertRefused(t, restoreOptions(damaged(from, (copy) => { rmSync(join(copy, 'manifest.json')) }), { passphrase: secret }), /is no backup: it has no manifest\.json/)
  }
  await assertRefused(t, restoreOptions(damaged(sealed, (copy) => { flip(join(copy, 'manifest')) }), { passphrase }), /can't be decrypted: the passphrase is another one, or/)
  await assertRefused(t, restoreOptions(damaged(sealed, (copy) => { cpSync(join(copy, 'keys.json'), join(copy, 'store.db')) }), { passphrase }), /store\.db can't be read whole/)
  await assertRefused(t, restoreOptions(sealed, { passphrase: `${passphrase}.` }), /can't be decrypted/)
  await assertRefused(t, restoreOptions(sealed), /is encrypted: name the file of its passphrase/)
  await assertRefused(t, restoreOptions(plain, { passphrase }), /is not encrypted: leave --passphrase-file out if that is what you expect/)

  const rewritten = (change: (text: string) => string): string => damaged(plain, (copy) => { writeFileSync(join(copy, 'manifest.json'), change(readFileSync(join(copy, 'manifest.json'), 'utf8'))) })
  await assertRefused(t, restoreOptions(rewritten((text) => text.replace(ownVersion(), '99.0.0'))), /made by scan-login 99\.0\.0, and this is /)
  await assertRefused(t, restoreOptions(rewritten((text) => text.replace('scan-login backup 1', 'scan-login backup 2'))), /says "scan-login backup 2", and this release reads/)
  await assertRefused(t, restoreOptions(rewritten((text) => text.replace('"keys.json"', '"../keys.json"'))), /manifest\.json is damaged, or not of a backup/)
  await assertRefused(t, restoreOptions(rewritten((text) => text.replace('"entries"', '"entries", "later"'))), /has tables that this release doesn't know \(later\)/)
  await assertRefused(t, restoreOptions(rewritten((text) => text.replace(/("record_schemas": \[\s+1)/, '$1, 2'))), /has records of schema 2, which this release doesn't know/)
})

await t.test('restore: a store of a later release is refused by what is in it, whatever its manifest says', async (t) => {
  const { folder, config } = await makeSource(t)
  const db = new DatabaseSync(pathOf(config))
  db.exec('INSERT INTO entries VALUES (\'session:later\', \'{"value":{"schema":2}}\', NULL)')
  db.close()
  const backup = join(folder, 'backup')
  t.hasStrict(await makeBackup(config, { folder: backup, passphrase: null, isKeysOnly: false }), { store: { record_schemas: [1, 2] } })
  const path = join(backup, 'manifest.json')
  writeFileSync(path, readFileSync(path, 'utf8').replace(/("record_schemas": \[)[^\]]*/, '$11'))
  await assertRefused(t, restoreOptions(backup), /has records of schema 2/)
})

await t.test('backup: it is refused with a key file that is not the store\'s, and without a store', async (t) => {
  const { folder, config } = await makeSource(t)
  rmSync(config.KEYS_FILE)
  makeKeyFile(config.KEYS_FILE)
  const options = { folder: join(folder, 'backup'), passphrase: null, isKeysOnly: false }
  await t.rejects(makeBackup(config, options), { message: /is not that of the service on this store: nobody would be logged in/ })
  await t.rejects(makeBackup(configIn(folder, { STORE_URL: 'sqlite::memory:' }), options), { message: /what is in memory only ends with the service/ })
  await t.rejects(makeBackup(configIn(folder, { STORE_URL: `sqlite:${join(folder, 'none.db')}` }), options), { message: /none\.db does not exist/ })
  t.strictSame(readdirSync(folder), ['data'])
})

await t.test('backup: versions are compared as numbers, and an older or equal one is restored', (t) => {
  const made = (version: string) => ({ version }) as Parameters<typeof assertOwnOrOlder>[0]
  for (const [version, own] of [['0.2.0', '0.2.0'], ['0.1.9', '0.2.0'], ['0.9.0', '0.10.0'], ['0.2.0-rc.1', '0.2.0'], ['1.0.0', '2.0.0']] as const) t.doesNotThrow(() => { assertOwnOrOlder(made(version), own) }, `${version} by ${own}`)
  for (const [version, own] of [['0.2.1', '0.2.0'], ['0.10.0', '0.9.0'], ['1.0.0', '0.99.99']] as const) t.throws(() => { assertOwnOrOlder(made(version), own) }, { message: `the backup was made by scan-login ${version}, and this is ${own}` }, `${version} by ${own}`)
  t.end()
})

await t.test('backup: a passphrase is read without the newline at its end, from a private file, and a short one is refused', (t) => {
  const path = join(makeFolder(t), 'passphrase')
  writeFileSync(path, `${passphrase} \r\n`, { mode: 0o600 })
  t.equal(readPassphrase(path), `${passphrase} `)
  writeFileSync(path, 'fifteen letters\n')
  t.throws(() => readPassphrase(path), { message: /has a passphrase of 15 characters: at least 16 are needed/ })
  chmodSync(path, 0o644)
  t.throws(() => readPassphrase(path), { message: /can be read by others: chmod 600 it/ })
  t.end()
})

await t.test('backup: an encrypted file is a nonce, the ciphertext and the tag, and no two are the same', async (t) => {
  const codec = createSealedCodec(Buffer.alloc(32, 1))
  const encoded = async (content: string): Promise<Buffer> => {
    const chunks: Buffer[] = []
    for await (const chunk of codec.encode('keys.json', [Buffer.from(content)])) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const [one, other, none] = await Promise.all([encoded('content'), encoded('content'), encoded('')])
  t.strictSame([one.length, none.length], [12 + 7 + 16, 28])
  t.notSame(one, other)
  const path = join(makeFolder(t), 'keys.json')
  writeFileSync(path, none)
  const found: Buffer[] = []
  for await (const chunk of codec.decode('keys.json', path)) found.push(chunk)
  t.equal(Buffer.concat(found).length, 0)
})

await t.test('backup: the usage is said when the words or options are others, and both commands take theirs', (t) => {
  for (const terms of [backupTerms, restoreTerms]) {
    for (const args of [[], ['a', 'b'], ['a', '--json=1'], ['a', '--force'], ['a', '--passphrase-file']]) t.throws(() => readTerms(terms, args), { message: new RegExp(`^usage: "npm run ${terms.name} -- <folder>`) }, args.join(' '))
    for (const args of [['--help'], ['a', '-h']]) t.equal(readTerms(terms, args), null)
    const asked = readTerms(terms, ['a', '--json', '--passphrase-file', 'b'])
    t.hasStrict(asked, { folder: 'a', passphraseFile: 'b' })
    t.strictSame([asked?.has('json'), asked?.has('keys-only')], [true, false])
  }
  t.throws(() => readTerms(backupTerms, ['a', '--sign-everybody-out']), { message: /^usage: "npm run backup/ })
  t.ok(readTerms(restoreTerms, ['a', '--sign-everybody-out'])?.has('sign-everybody-out'))
  t.end()
})
