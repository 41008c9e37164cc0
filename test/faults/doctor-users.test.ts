/** The doctor as the service's user, as another user, and as root, on files of each. */
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { goodSettings } from '../support/doctor.ts'
import { freePort } from '../support/redis.ts'
import { remote } from '../support/remote.ts'
import { makeFolder, run, waitUntilLive } from '../support/service-process.ts'

if (process.getuid?.() !== 0 || process.platform !== 'linux') throw new Error('these tests need root on Linux, to give files to other users')

const user = 1000
const asUser = (uid: number): readonly string[] => uid === 0 ? [] : ['env', '-u', 'NODE_OPTIONS', 'setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups']

interface Told { readonly check: string, readonly status: string, readonly code: string | null, readonly text: string, readonly todo: string | null }

/** The findings of settings and files when a user runs the doctor, and what --fix has done. */
const told = async (t: Test, folder: string, uid: number, args: readonly string[] = [], env: Readonly<Record<string, string>> = goodSettings): Promise<{ readonly faults: readonly Told[], readonly others: readonly string[], readonly mended: readonly string[] }> => {
  const { stdout, stderr } = await run(t, { script: 'src/commands/doctor.ts', folder, env, args: ['--json', ...args], through: asUser(uid) }).ended
  t.equal(stderr, '')
  const { findings, mended } = JSON.parse(stdout) as { findings: readonly Told[], mended: ReadonlyArray<{ text: string }> }
  return { faults: findings.filter(({ check, code }) => ['settings', 'files'].includes(check) && code !== null), others: findings.filter(({ check, status }) => ['files', 'store'].includes(check) && status === 'not-checked').map(({ text }) => text), mended: mended.map(({ text }) => text) }
}

/** A folder of root's with a folder of data, which belongs to the service's user and has the keys. */
const serviceFolder = (t: Test): string => {
  const folder = makeFolder(t)
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'data'), { mode: 0o700 })
  makeKeyFile(join(folder, 'data/keys.json'))
  for (const path of ['data', 'data/keys.json']) chownSync(join(folder, path), user, user)
  return folder
}

await t.test('doctor: the service\'s user, and root, find no fault in what belongs to that user', async (t) => {
  const folder = serviceFolder(t)
  for (const uid of [user, 0]) t.strictSame((await told(t, folder, uid)).faults, [], `user ${uid}`)
})

await t.test('doctor: another user is told whose the data is, and nothing of how to take it away', async (t) => {
  const folder = serviceFolder(t)
  const { faults, others } = await told(t, folder, 1001)
  t.match(others, [/^KEYS_FILE data\/keys\.json, which this user may not look at$/, /^data\/scan-login\.db, which this user may not use: /], 'it takes nothing for missing that it can\'t see')
  t.strictSame(faults.map(({ code }) => code), ['wrong-user'])
  t.hasStrict(faults, [{ status: 'failure', text: 'data belongs to 1000:1000, and the doctor runs as 1001:1001, which may not use the files' }])
  t.match(faults[0]?.todo, /^if 1000 is the user of the service, run the doctor as that: sudo -u '#1000' npm run doctor\. If 1001 is, give them the files: sudo chown -R 1001:1001 \/\S+\/data /)
})

await t.test('doctor: the service\'s user, and root, are told what root owns and the service can not use', async (t) => {
  const folder = serviceFolder(t)
  chownSync(join(folder, 'data/keys.json'), 0, 0)
  t.match((await told(t, folder, user)).faults, [{ code: 'files-denied', text: 'data/keys.json belongs to 0:0 with mode 600, and scan-login runs as 1000:1000', todo: /^sudo chown -R 1000:1000 \/\S+\/data / }])
  t.hasStrict((await told(t, folder, 0, ['--fix'])), { mended: [], faults: [{ code: 'files-denied', text: 'data/keys.json belongs to 0:0 with mode 600, and data belongs to 1000:1000: that user can\'t use it', todo: `sudo chown 1000:1000 ${folder}/data/keys.json. Run the commands of scan-login as that user, and not as root` }] })
  chownSync(join(folder, 'data'), 0, 0)
  t.match((await told(t, folder, user)).faults, [{ code: 'files-denied', text: 'data belongs to 0:0 with mode 700, and scan-login runs as 1000:1000', todo: /^sudo chown -R 1000:1000 \/\S+\/data / }], 'as Docker makes it for a mount')
})

await t.test('doctor: root is told of a .env that the service can not read', async (t) => {
  const folder = serviceFolder(t)
  writeFileSync(join(folder, '.env'), '', { mode: 0o600 })
  t.hasStrict((await told(t, folder, 0, ['--fix'])), { mended: [], faults: [{ code: 'files-denied', text: '.env belongs to 0:0 with mode 600, and data belongs to 1000:1000: that user can\'t use it', todo: `sudo chown 1000:1000 ${folder}/.env. Run the commands of scan-login as that user, and not as root` }] })
  chownSync(join(folder, '.env'), 0, user)
  chmodSync(join(folder, '.env'), 0o640)
  t.strictSame((await told(t, folder, 0)).faults, [])
})

await t.test('doctor: --fix changes nothing of another user\'s, who may read it by the rights that would go', async (t) => {
  const folder = serviceFolder(t)
  writeFileSync(join(folder, '.env'), '')
  chmodSync(join(folder, '.env'), 0o644)
  chmodSync(join(folder, 'data/keys.json'), 0o644)
  const { faults, mended } = await told(t, folder, 0, ['--fix'])
  t.strictSame(mended, [])
  t.hasStrict(faults, [{ code: 'secret-readable', todo: `sudo chown root:1000 ${folder}/.env && sudo chmod 640 ${folder}/.env` }, { code: 'keys-readable', todo: `chmod 600 ${folder}/data/keys.json` }])
  t.strictSame(['.env', 'data/keys.json'].map((path) => statSync(join(folder, path)).mode & 0o777), [0o644, 0o644])
  t.strictSame((await told(t, folder, user, ['--fix'])).mended, [`chmod 600 ${folder}/data/keys.json`])
})

await t.test('doctor: keys that others can read, and the service can\'t take from them, are a warning', async (t) => {
  const folder = serviceFolder(t)
  chownSync(join(folder, 'data/keys.json'), 0, 0)
  chmodSync(join(folder, 'data/keys.json'), 0o444)
  for (const uid of [user, 0]) t.hasStrict((await told(t, folder, uid)).faults, [{ status: 'warning', code: 'keys-exposed', text: 'data/keys.json can be read by every user of this machine' }], `user ${uid}`)
})

await t.test('doctor: root goes by the user whom the running service names', async (t) => {
  const folder = serviceFolder(t)
  const env = { ...goodSettings, HOST: '127.0.0.1', PORT: String(await freePort()), CODE_SUPPLY: '0' }
  run(t, { folder, env, through: asUser(user) })
  await waitUntilLive(remote(`http://127.0.0.1:${env.PORT}`).call)
  t.strictSame((await told(t, folder, 0, [], env)).faults, [])
  chownSync(join(folder, 'data'), 1001, 1001)
  chmodSync(join(folder, 'data'), 0o711)
  chownSync(join(folder, 'data/keys.json'), 0, 0)
  t.hasStrict((await told(t, folder, 0, [], env)).faults, [{ code: 'files-denied', text: 'data/keys.json belongs to 0:0 with mode 600, and the service runs as 1000:1000: that user can\'t use it' }])
})

await t.test('doctor: root makes no file, where the service has not been started', async (t) => {
  const folder = makeFolder(t)
  chmodSync(folder, 0o755)
  mkdirSync(join(folder, 'data'))
  chownSync(join(folder, 'data'), user, user)
  await told(t, folder, 0, ['--fix'])
  t.throws(() => statSync(join(folder, 'data/keys.json')), { code: 'ENOENT' })
  t.throws(() => statSync(join(folder, 'data/scan-login.db')), { code: 'ENOENT' })
})
