/** Whose the files are that `npm run backup` and `npm run restore` make: root runs them for a service that is another user's, or its user does. */
import { chownSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { hashClientSecret } from '../../src/oidc/client.ts'
import { backUp, logPeopleIn, restore, settingsIn, statusesAt, type LoggedIn } from '../support/backup-command.ts'
import { writeClients } from '../support/oidc-clients.ts'
import { makeFolder, openDeployment, type Deployment } from '../support/service-process.ts'

/** The service's: `nobody` where this is root, who runs the commands; this user otherwise, who runs all of it. */
const isRoot = process.getuid?.() === 0
const user = isRoot ? 65_534 : process.getuid?.() ?? 0
/** Without what tap loads into each process: it writes into the repository. */
const asUser = isRoot ? ['env', '-u', 'NODE_OPTIONS', 'setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'] : []

const give = (path: string): void => { if (isRoot) chownSync(path, user, user) }

/** Owner and mode of each file in a folder, and of the folder. */
const ownersIn = (folder: string): Readonly<Record<string, string>> => Object.fromEntries(['.', ...readdirSync(folder).sort()].map((name) => {
  const { uid, mode } = statSync(join(folder, name))
  return [name, `${uid} ${(mode & 0o777).toString(8)}`]
}))

const owned = (uid: number, ...names: readonly string[]): Readonly<Record<string, string>> => Object.fromEntries([['.', `${uid} 700`], ...names.map((name) => [name, `${uid} 600`])])

const openOfUser = async (t: Test): Promise<{ readonly deployment: Deployment, readonly people: readonly LoggedIn[], readonly clientsFile: string }> => {
  const deployment = await openDeployment(t, { through: asUser })
  const data = join(deployment.folder, 'data')
  mkdirSync(data, { mode: 0o700 })
  const clientsFile = join(data, 'clients.json')
  writeClients(clientsFile, [{ client_id: 'app', app: 'generic', url: 'https://app.example.com', allow: 'everybody', client_secret_sha256: hashClientSecret('a-secret-of-the-tests-that-nobody-would-guess'), redirect_uris: ['https://app.example.com/callback'] }])
  for (const path of [deployment.folder, data, clientsFile]) give(path)
  const service = await deployment.start({ OIDC_CLIENTS_FILE: clientsFile })
  const people = await logPeopleIn(deployment, ['ming'])
  service.kill('SIGTERM')
  await service.ended
  return { deployment, people, clientsFile }
}

await t.test('restore: the service starts as its user, and everybody is logged in, when root has made the backup and restored it in that user\'s folder', async (t) => {
  const { deployment, people: [ming], clientsFile } = await openOfUser(t)
  const own = join(deployment.folder, 'data')
  const backup = join(deployment.folder, 'backups/one')
  t.hasStrict(await backUp(t, deployment.folder, [backup], { env: { OIDC_CLIENTS_FILE: clientsFile } }), { code: 0, stderr: '' })
  t.strictSame(ownersIn(backup), owned(process.getuid?.() ?? 0, 'clients.json', 'keys.json', 'manifest.json', 'store.db'), 'nobody else can read it, whose folder that may be')
  t.equal(statSync(join(deployment.folder, 'backups')).uid, user, 'the next backup may be made by the user')
  t.strictSame(ownersIn(own), owned(user, ...readdirSync(own)), 'SQLite\'s files, too')
  t.ok(readdirSync(own).includes('scan-login.db.backup.lock'))

  // `state` is missing as well as `data` in it: both are made.
  const fresh = join(makeFolder(t), 'state')
  give(join(fresh, '..'))
  const restored = await restore(t, fresh, [backup], { cwd: join(fresh, '..') })
  t.hasStrict(restored, { code: 0, stderr: '' })
  t.notMatch(restored.stdout, /chown/)
  t.equal(statSync(fresh).uid, user)
  t.strictSame(ownersIn(join(fresh, 'data')), owned(user, 'clients.json', 'keys.json', 'scan-login.db', 'scan-login.db.lock'))
  await deployment.start({ ...settingsIn(fresh), OIDC_CLIENTS_FILE: join(fresh, 'data/clients.json') })
  t.strictSame(await statusesAt(deployment, ming as LoggedIn), [200, 200])
  await logPeopleIn(deployment, ['lan'])
})

await t.test('restore: it says whose the files are, and what to run for a service of another user, when root restores in a folder of root\'s', async (t) => {
  const { deployment, clientsFile } = await openOfUser(t)
  const backup = join(deployment.folder, 'one')
  t.hasStrict(await backUp(t, deployment.folder, [backup, '--keys-only'], { env: { OIDC_CLIENTS_FILE: clientsFile } }), { code: 0 })
  const fresh = makeFolder(t)
  const { code, stdout } = await restore(t, fresh, [backup, '--keys-only'])
  t.equal(code, 0)
  const data = join(fresh, 'data')
  const line = `${join(data, 'keys.json')}, ${join(data, 'clients.json')} belong to root, as the folder does. A service that runs as another user can't start with that. For it run: sudo chown -R <user> ${data}`
  t.equal(stdout.split('\n').includes(line), isRoot)
  t.equal(/chown/.test(stdout), isRoot)
})
