import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import t, { type Test } from 'tap'
import { checkFiles } from '../../../src/commands/doctor/check-files.ts'
import { makeKeyFile } from '../../../src/sessions/key-file.ts'
import { codesIn, faultsIn, findingsOf, goodSettings, workIn } from '../../support/doctor.ts'
import { makeFolder } from '../../support/service-process.ts'

/** Works in a folder, in which `data` has keys, and a store, as a service leaves them. */
const startedService = (t: Test): void => {
  workIn(t, makeFolder(t))
  makeKeyFile('data/keys.json')
  for (const name of ['scan-login.db', 'scan-login.db-wal', 'scan-login.db-shm', 'scan-login.db.lock']) writeFileSync(join('data', name), '', { mode: 0o600 })
}

const redis = { ...goodSettings, STORE_URL: 'redis://127.0.0.1:6379' }

await t.test('doctor: there is no fault in the files of a service, or where it has not been started', async (t) => {
  workIn(t, makeFolder(t))
  const before = await findingsOf(checkFiles, goodSettings)
  t.strictSame(codesIn(before), [])
  t.ok(before.some(({ text }) => text === 'KEYS_FILE data/keys.json is not there yet: the first start makes it'))
  t.strictSame(readdirSync('.'), [], 'it makes nothing')
  startedService(t)
  const after = await findingsOf(checkFiles, goodSettings)
  t.strictSame(codesIn(after), [])
  t.match(after.map(({ text }) => text), [/ may use the store and the keys$|, and root runs the doctor$/, /^data\/keys\.json has mode 600 and belongs to \d+:\d+: nobody else can read the keys$/, /has all keys/])
})

await t.test('doctor: a missing key file is a failure where no start makes the right one', async (t) => {
  workIn(t, makeFolder(t))
  t.match(faultsIn(await findingsOf(checkFiles, redis)), [{ status: 'failure', code: 'keys-missing', text: 'KEYS_FILE data/keys.json does not exist, and with Redis the service makes none: it does not start', todo: /^make it once with "npm run keys"/ }])
  mkdirSync('data', { mode: 0o700 })
  writeFileSync('data/scan-login.db', '', { mode: 0o600 })
  t.match(faultsIn(await findingsOf(checkFiles, goodSettings)), [{ status: 'failure', code: 'keys-missing', text: /^KEYS_FILE data\/keys\.json does not exist, and the store that was used with it does: / }])
})

await t.test('doctor: --fix takes keys, store and folder from others', async (t) => {
  startedService(t)
  chmodSync('data/keys.json', 0o644)
  chmodSync('data/scan-login.db', 0o640)
  chmodSync('data', 0o755)
  const faults = faultsIn(await findingsOf(checkFiles, goodSettings))
  t.hasStrict(faults, [
    { status: 'failure', code: 'keys-readable', text: 'others on this machine can read or change data/keys.json (mode 644), and whoever has the keys can be anybody: the service does not start', todo: `chmod 600 ${resolve('data/keys.json')}` },
    { status: 'warning', code: 'store-readable', text: 'others on this machine can look into data (mode 755)', todo: `chmod 700 ${resolve('data')}` },
    { status: 'warning', code: 'store-readable', text: 'others on this machine can look into data/scan-login.db (mode 640)', todo: `chmod 600 ${resolve('data/scan-login.db')}` },
  ])
  t.strictSame(faults.map(({ fix }) => fix?.()), faults.map(({ todo }) => todo))
  t.strictSame(['data', 'data/keys.json', 'data/scan-login.db'].map((path) => statSync(path).mode & 0o777), [0o700, 0o600, 0o600])
  t.strictSame(codesIn(await findingsOf(checkFiles, goodSettings)), [])
})

await t.test('doctor: a key file that is none, is damaged, or has weak keys, is a failure', async (t) => {
  startedService(t)
  const text = readFileSync('data/keys.json', 'utf8')
  const { subject } = JSON.parse(text) as { subject: string }
  for (const [content, code, found] of [
    [text.slice(0, -20), 'keys-damaged', /^data\/keys\.json is not a key file of scan-login, or is damaged: the service does not start$/],
    ['', 'keys-damaged', /is damaged/],
    [text.replace(subject, 'A'.repeat(43)), 'keys-weak', /^data\/keys\.json: the subject key can be guessed: the service does not start$/],
  ] as const) {
    writeFileSync('data/keys.json', content)
    t.match(faultsIn(await findingsOf(checkFiles, goodSettings)), [{ status: 'failure', code, text: found, todo: /"npm run keys"/ }])
  }
  const findings = await findingsOf(checkFiles, { ...goodSettings, KEYS_FILE: 'data' })
  t.hasStrict(faultsIn(findings), [{ status: 'failure', code: 'keys-unreadable', text: 'data can\'t be read: it is no file' }])
  t.notOk(JSON.stringify(findings).includes(subject), 'no key is shown')
})

await t.test('doctor: keys for apps are missed where no start adds them', async (t) => {
  startedService(t)
  const apps = { OIDC_CLIENTS_FILE: 'clients.json' }
  t.strictSame(codesIn(await findingsOf(checkFiles, { ...goodSettings, ...apps })), [])
  const [fault] = faultsIn(await findingsOf(checkFiles, { ...redis, ...apps }))
  t.hasStrict(fault, { status: 'failure', code: 'provider-keys-missing', todo: 'npm run keys -- add-provider, once, and give the file to every instance' })
  t.equal(fault?.fix, undefined, 'another instance has a copy of the file')
  t.notOk(existsSync('clients.json'))
})
