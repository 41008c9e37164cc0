/** `npm run backup` beside a running service, and `npm run restore` in a fresh folder: who was logged in still is. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, watch } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { hashClientSecret } from '../../src/oidc/client.ts'
import { backUp, logPeopleIn, passphraseFile, restore, settingsIn, start, statusesAt, type LoggedIn } from '../support/backup-command.ts'
import { startLoad } from '../support/load.ts'
import { writeClients } from '../support/oidc-clients.ts'
import { authorizationPath, clientSecret, CookieJar, redeem, testClient, tokenCall, visit } from '../support/oidc.ts'
import { peopleScript } from '../support/people-command.ts'
import { makeFolder, openDeployment, run, type Deployment, type RunningProcess } from '../support/service-process.ts'

const app = testClient({ clientId: 'app', redirectUris: ['https://app.example.com/callback'] })

/** Logs an app in with somebody's browser; resolves with its refresh token. */
const logAppIn = async (deployment: Deployment, { cookie }: LoggedIn): Promise<string> => {
  const jar = new CookieJar()
  const [name = '', value = ''] = cookie.split('=')
  jar.set(name, value)
  const { address } = await visit({ call: deployment.call, config: { PUBLIC_URL: deployment.url } }, jar, authorizationPath(app, { prompt: 'consent', scope: 'openid offline_access' }))
  return (await redeem(deployment, app, address)).json.refresh_token
}

const refresh = (deployment: Deployment, token: string) => tokenCall(deployment, app, { grant_type: 'refresh_token', refresh_token: token })

const endOf = (service: RunningProcess): Promise<unknown> => {
  service.kill('SIGKILL')
  return service.ended
}

const filesIn = (folder: string): string[] => readdirSync(folder).sort()

await t.test('backup: browsers, phones and apps are still logged in when a backup, made while others log in, is restored into a fresh folder', async (t) => {
  const deployment = await openDeployment(t)
  const clientsFile = join(deployment.folder, 'data/clients.json')
  mkdirSync(join(deployment.folder, 'data'), { mode: 0o700 })
  writeClients(clientsFile, [{ client_id: 'app', app: 'generic', url: 'https://app.example.com', allow: 'everybody', client_secret_sha256: hashClientSecret(clientSecret), redirect_uris: app.redirectUris }])
  const service = await deployment.start({ OIDC_CLIENTS_FILE: clientsFile })
  const people = await logPeopleIn(deployment, ['ming', 'hong', 'lan'])
  const [ming] = people as [LoggedIn]
  const token = await logAppIn(deployment, ming)
  const load = await startLoad({ service: deployment, authority: `127.0.0.1:${deployment.port}`, jsCodes: ['wei', 'jun', 'fang', 'na'].map((person) => deployment.simulator.jsCode(person)) })

  const backup = join(deployment.folder, 'backups/one')
  const made = await backUp(t, deployment.folder, [backup, '--json'], { env: { OIDC_CLIENTS_FILE: clientsFile } })
  t.hasStrict(made, { code: 0, stderr: '' })
  const { logins, files, encrypted } = JSON.parse(made.stdout)
  t.ok(logins >= 3)
  t.equal(encrypted, false)
  t.strictSame(files.map(({ name }: { name: string }) => name), ['store.db', 'keys.json', 'clients.json'])
  t.strictSame(filesIn(backup), ['clients.json', 'keys.json', 'manifest.json', 'store.db'])
  t.equal(statSync(backup).mode & 0o777, 0o700)
  for (const name of filesIn(backup)) t.equal(statSync(join(backup, name)).mode & 0o777, 0o600, name)
  t.strictSame(filesIn(join(deployment.folder, 'backups')), ['one'])

  const [late] = await logPeopleIn(deployment, ['late']) as [LoggedIn]
  const report = await load.stop()
  t.strictSame(report.odd, [], 'nobody noticed')
  t.ok(report.logins > 0)
  service.kill('SIGKILL')
  await service.ended

  const fresh = makeFolder(t)
  const restoredClients = join(fresh, 'data/clients.json')
  const restored = await restore(t, fresh, [backup])
  t.hasStrict(restored, { code: 0, stderr: '' })
  t.match(restored.stdout, `Set OIDC_CLIENTS_FILE=${restoredClients}`)
  t.match(restored.stdout, 'What had ended since is back: browsers and phones that were signed out')
  t.strictSame(filesIn(join(fresh, 'data')), ['clients.json', 'keys.json', 'scan-login.db', 'scan-login.db.lock'])
  for (const name of filesIn(join(fresh, 'data'))) t.equal(statSync(join(fresh, 'data', name)).mode & 0o777, 0o600, name)

  await deployment.start({ ...settingsIn(fresh), OIDC_CLIENTS_FILE: restoredClients })
  for (const person of people) t.strictSame(await statusesAt(deployment, person), [200, 200])
  t.hasStrict(await refresh(deployment, token), { status: 200 })
  t.strictSame(await statusesAt(deployment, late), [401, 401], 'what happened after the backup is lost')
  await logPeopleIn(deployment, ['late'])
})

interface Stopped {
  /** Runs services on a folder that `settingsIn` names. */
  readonly deployment: Deployment
  /** What the service has left, with ming logged in. */
  readonly folder: string
  readonly ming: LoggedIn
}

/** A service that somebody has logged in at and that has ended, made once: each test gets a copy of its files. */
let made: Promise<Stopped> | undefined
const makeStopped = async (): Promise<Stopped> => {
  const deployment = await openDeployment(t)
  const service = await deployment.start()
  const [ming] = await logPeopleIn(deployment, ['ming']) as [LoggedIn]
  service.kill('SIGTERM')
  await service.ended
  return { deployment, folder: deployment.folder, ming }
}
const openStopped = async (t: Test): Promise<Stopped> => {
  const stopped = await (made ??= makeStopped())
  const folder = makeFolder(t)
  cpSync(join(stopped.folder, 'data'), join(folder, 'data'), { recursive: true })
  return { ...stopped, folder }
}

/** Kills a command as soon as a file is there, and starts it again where it was faster. */
const killedOnceThereIs = async (file: string, begin: () => RunningProcess, undo: () => void): Promise<void> => {
  for (;;) {
    const there = Promise.withResolvers<void>()
    const watcher = watch(dirname(file), (_event, name) => { if (name === basename(file)) there.resolve() })
    const command = begin()
    await Promise.race([there.promise, command.ended])
    command.kill('SIGKILL')
    watcher.close()
    const { signal, stderr } = await command.ended
    if (signal === 'SIGKILL') return
    if (stderr !== '') throw new Error(stderr)
    undo()
  }
}

await t.test('backup: with --sign-everybody-out nobody is logged in after the restore, and people stay who they were', async (t) => {
  const { deployment, ming, folder } = await openStopped(t)
  const command = (at: string, ...args: string[]) => run(t, { script: peopleScript, args, folder, env: settingsIn(at) }).ended
  t.equal((await command(folder, 'owner', 'add', ming.phone.sub)).code, 0)
  const secret = passphraseFile(folder)
  const backup = join(folder, 'backup')
  t.hasStrict(await backUp(t, folder, [backup, '--passphrase-file', secret]), { code: 0, stderr: '' })
  const fresh = makeFolder(t)
  const restored = await restore(t, fresh, [backup, '--passphrase-file', secret, '--sign-everybody-out', '--json'])
  t.hasStrict(restored, { code: 0, stderr: '' })
  t.hasStrict(JSON.parse(restored.stdout), { signed_out: 1, people: 1, logins: 1 })
  const service = await deployment.start(settingsIn(fresh))
  t.strictSame(await statusesAt(deployment, ming), [401, 401])
  t.hasStrict(JSON.parse((await command(fresh, 'show', ming.phone.sub, '--json')).stdout), { is_owner: true, browsers: 0 })
  const [again] = await logPeopleIn(deployment, ['ming']) as [LoggedIn]
  t.equal(again.phone.sub, ming.phone.sub)
  await endOf(service)
})

await t.test('backup: it is as if it had not been tried when it is killed in the middle, and the next one removes what that left', async (t) => {
  const { folder } = await openStopped(t)
  const backup = join(folder, 'backup')
  const args = [backup, '--passphrase-file', passphraseFile(folder)] // the key takes half a second, in which the copy is there
  await killedOnceThereIs(join(folder, 'data/scan-login.db.backup'), () => start(t, 'backup', folder, args), () => { rmSync(backup, { recursive: true }) })
  t.notOk(existsSync(backup))
  t.hasStrict(await backUp(t, folder, args), { code: 0, stderr: '' })
  t.strictSame(filesIn(folder).filter((name) => name.startsWith('backup')), ['backup'])
  t.strictSame(filesIn(join(folder, 'data')).filter((name) => /\.backup/.test(name)), ['scan-login.db.backup.lock'])
  for (const name of ['store.db', 'keys.json', 'manifest']) t.notMatch(readFileSync(join(backup, name), 'latin1'), /SQLite format|"cookie"|made_at/, `${name} is encrypted`)
})

await t.test('restore: there is no store when it is killed in the middle, and the next one goes on', async (t) => {
  const { deployment, ming, folder } = await openStopped(t)
  const backup = join(folder, 'backup')
  t.equal((await backUp(t, folder, [backup])).code, 0)
  // Read through pipes, the store comes as far as this test lets it: whole when it is checked, and then half of it.
  const [store, aside, whole, half] = ['store.db', 'aside.db', 'whole', 'half'].map((name) => join(backup, name)) as [string, string, string, string]
  const content = readFileSync(store)
  renameSync(store, aside)
  execFileSync('mkfifo', [whole, half])
  symlinkSync(whole, store)
  const fresh = makeFolder(t)
  const killed = start(t, 'restore', fresh, [backup])
  const tooSoon = killed.ended.then(({ stderr }) => { throw new Error(`it ended: ${stderr}`) })
  tooSoon.catch(() => {})
  const sending = await Promise.race([open(whole, 'w'), tooSoon])
  rmSync(store)
  symlinkSync(half, store)
  await sending.writeFile(content)
  await sending.close()
  const halfSent = await Promise.race([open(half, 'w'), tooSoon])
  await halfSent.writeFile(content.subarray(0, content.length >> 1))
  const draft = join(fresh, 'data/scan-login.db.restore')
  while (!existsSync(draft)) await Promise.race([sleep(5), tooSoon])
  killed.kill('SIGKILL')
  t.hasStrict(await killed.ended, { signal: 'SIGKILL' })
  await halfSent.close()
  t.notOk(existsSync(join(fresh, 'data/scan-login.db')))
  t.ok(existsSync(draft))
  rmSync(store)
  renameSync(aside, store)
  t.hasStrict(await restore(t, fresh, [backup]), { code: 0, stderr: '' })
  t.strictSame(filesIn(join(fresh, 'data')), ['keys.json', 'scan-login.db', 'scan-login.db.lock'])
  const service = await deployment.start(settingsIn(fresh))
  t.strictSame(await statusesAt(deployment, ming), [200, 200])
  await endOf(service)
})

await t.test('restore: it is refused while a service runs, which goes on', async (t) => {
  const { deployment, folder } = await openStopped(t)
  const backup = join(folder, 'backup')
  t.equal((await backUp(t, folder, [backup])).code, 0)
  const service = await deployment.start(settingsIn(folder))
  t.hasStrict(await restore(t, folder, [backup]), { code: 1, stdout: '', stderr: `scan-login: ${join(folder, 'data/scan-login.db')} is in use by a service: stop it, and restore into a folder without a store\n` })
  t.equal((await deployment.call({ path: '/health/ready' })).status, 200)
  await endOf(service)
})

await t.test('backup: for Redis the command says what Redis does, and --keys-only makes a backup of the keys', async (t) => {
  const { folder } = await openStopped(t)
  const env = { STORE_URL: 'redis://127.0.0.1:1' }
  const backup = join(folder, 'backup')
  t.hasStrict(await backUp(t, folder, [backup], { env }), { code: 1, stdout: '', stderr: 'scan-login: STORE_URL is a Redis, which makes copies of its own: see "npm run backup -- --help". --keys-only makes a backup of the keys\n' })
  t.hasStrict(await backUp(t, folder, [backup, '--keys-only'], { env }), { code: 0, stderr: '' })
  const fresh = makeFolder(t)
  t.match((await restore(t, fresh, [backup], { env })).stderr, /^scan-login: STORE_URL is a Redis, and a backup is restored to sqlite:<file>\. --keys-only restores the keys\n$/)
  t.match((await restore(t, fresh, [backup])).stderr, /has no store: it was made with --keys-only/)
  t.hasStrict(await restore(t, fresh, [backup, '--keys-only'], { env }), { code: 0, stderr: '' })
  t.equal(readFileSync(join(fresh, 'data/keys.json'), 'utf8'), readFileSync(join(folder, 'data/keys.json'), 'utf8'))
  for (const name of ['backup', 'restore'] as const) {
    const [{ stderr }, { code, stdout }] = await Promise.all([start(t, name, fresh, ['a', '--force']).ended, start(t, name, fresh, ['--help']).ended])
    t.match(stderr, new RegExp(`^scan-login: usage: "npm run ${name} -- <folder>`))
    t.equal(code, 0)
    t.match(stdout, /Redis/)
  }
})
