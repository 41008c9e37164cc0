import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { checkStore } from '../../../src/commands/doctor/check-store.ts'
import { schema } from '../../../src/domain/record.ts'
import { systemClock } from '../../../src/runtime.ts'
import { makeKeyFile, readKeyFile } from '../../../src/sessions/key-file.ts'
import { keyMarkOf } from '../../../src/sessions/key-mark.ts'
import { createStore } from '../../../src/stores/store.ts'
import { codesIn, faultsIn, findingsOf, goodSettings, workIn } from '../../support/doctor.ts'
import { createRecordingLog } from '../../support/recording-log.ts'
import { makeFolder } from '../../support/service-process.ts'

const file = 'data/scan-login.db'

/** Works in a folder with the keys and the store that a service has left; `appid` is that of its mini program. */
const leftByService = async (t: Test, appid = goodSettings.WECHAT_APPID): Promise<void> => {
  workIn(t, makeFolder(t))
  makeKeyFile('data/keys.json')
  const store = createStore(`sqlite:${file}`, { clock: systemClock, log: createRecordingLog() })
  await store.write('mark:keys', { schema, ...keyMarkOf(appid, readKeyFile('data/keys.json')) }, null)
  for (let i = 0; i < 500; i++) await store.addToList('filler', `${i} ${'x'.repeat(200)}`)
  await store.close()
}

/** All that is in a store, but for what has ended, which the service removes. */
const contentOf = (path: string): unknown => {
  const db = new DatabaseSync(path, { readOnly: true })
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all().map(({ name }) => String(name))
  const content = tables.map((table) => [table, db.prepare(`SELECT * FROM ${table} ${table === 'entries' ? `WHERE ends_at IS NULL OR ends_at > ${Date.now()}` : ''}`).all()])
  db.close()
  return content
}

await t.test('doctor: there is no fault in the store that a service has left, and the check leaves nothing in it', async (t) => {
  await leftByService(t)
  const before = contentOf(file)
  const findings = await findingsOf(checkStore, goodSettings)
  t.strictSame(codesIn(findings), [])
  t.match(findings.map(({ text }) => text), [/ are free on the disk of data\/scan-login\.db; the store takes \d+ kB, and its log 0 kB$/, `${file} is whole`, /^it writes, reads and removes, gives each claim to one caller/, 'it is the store of these keys and this mini program'])
  t.strictSame(contentOf(file), before)
})

await t.test('doctor: a store that a service has open is no fault', async (t) => {
  await leftByService(t)
  const store = createStore(`sqlite:${file}`, { clock: systemClock, log: createRecordingLog() })
  t.teardown(() => store.close())
  t.strictSame(codesIn(await findingsOf(checkStore, goodSettings)), [])
  await store.check()
})

await t.test('doctor: before the first start it makes no store, and says that the start does', async (t) => {
  workIn(t, makeFolder(t))
  const findings = await findingsOf(checkStore, goodSettings)
  t.strictSame(codesIn(findings), [])
  t.equal(findings[0]?.text, `${file} is not there yet: the first start makes it`)
  t.strictSame(readdirSync('.'), [])
})

await t.test('doctor: a store in memory is a warning', async (t) => {
  t.match(faultsIn(await findingsOf(checkStore, { ...goodSettings, STORE_URL: 'sqlite::memory:' })), [{ status: 'warning', code: 'store-in-memory' }])
})

await t.test('doctor: a store that is damaged, or none, or a folder, is a failure', async (t) => {
  await leftByService(t)
  const whole = readFileSync(file)
  writeFileSync(file, Buffer.concat([whole.subarray(0, 8192), Buffer.alloc(whole.length - 8192, 7)]))
  t.match(faultsIn(await findingsOf(checkStore, goodSettings)), [{ status: 'failure', code: 'store-damaged', text: /^data\/scan-login\.db is damaged/, todo: /npm run restore/ }])
  writeFileSync(file, 'something else, by a slip of the hand'.repeat(100))
  t.match(faultsIn(await findingsOf(checkStore, goodSettings)), [{ status: 'failure', code: 'store-damaged', text: 'data/scan-login.db is damaged, or is no store (file is not a database)' }])
  mkdirSync('folder')
  t.match(faultsIn(await findingsOf(checkStore, { ...goodSettings, STORE_URL: 'sqlite:folder' })), [{ status: 'failure', code: 'store-unusable', text: /^STORE_URL sqlite:folder can't be opened: EISDIR/ }])
  t.match(faultsIn(await findingsOf(checkStore, { ...goodSettings, STORE_URL: 'redis+cluster://host/path' })), [{ status: 'failure', code: 'store-unusable', text: /^STORE_URL is not / }])
})

await t.test('doctor: a store of other keys, or of another mini program, is a failure', async (t) => {
  const other = 'wxfedcba9876543210'
  await leftByService(t, other)
  t.match(faultsIn(await findingsOf(checkStore, goodSettings)), [{ status: 'failure', code: 'store-of-others', text: `the store was last used with the WECHAT_APPID ${other}, and here it is ${goodSettings.WECHAT_APPID}: a service with these is one of strangers to everybody in it` }])
  makeKeyFile('other.json')
  t.match(faultsIn(await findingsOf(checkStore, { ...goodSettings, WECHAT_APPID: other, KEYS_FILE: 'other.json' })), [{ code: 'store-of-others', text: /^the store was last used with another KEYS_FILE than other\.json: / }])
  const findings = await findingsOf(checkStore, { ...goodSettings, KEYS_FILE: 'none.json' })
  t.strictSame(codesIn(findings), [])
  t.ok(findings.some(({ status, text }) => status === 'not-checked' && text.includes('none.json')))
  t.notOk(existsSync('none.json'))
})
