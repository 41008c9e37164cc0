/** Rights to files as orchestrators and containers give them: secrets that are mounted, folders that belong to root. The service runs as a user of its own. */
import { execFileSync } from 'node:child_process'
import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t, { type Test } from 'tap'
import { makeKeyFile } from '../../src/sessions/key-file.ts'
import { clientsFile } from '../support/oidc-clients.ts'
import { makeFolder, openDeployment, run } from '../support/service-process.ts'

if (process.getuid?.() !== 0 || process.platform !== 'linux') throw new Error('these tests need root on Linux, to give files to other users and to mount folders')

const user = 1000
/** Without what tap loads into each process: it writes into the repository. */
const asUser = ['env', '-u', 'NODE_OPTIONS', 'setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups']
/** Its own view of the mounts, with a folder mounted read-only. */
const readOnly = (folder: string): readonly string[] =>
  ['unshare', '-m', 'sh', '-ec', 'mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@"', folder]

const env = { WECHAT_APPID: 'wx0123456789abcdef', WECHAT_SECRET: '0123456789abcdef0123456789abcdef', LOG_LEVEL: 'silent' }

/** Makes a folder that belongs to the service's user. */
const ownFolder = (t: Test): string => {
  const folder = makeFolder(t)
  chownSync(folder, user, user)
  return folder
}

/** The lines that a refused start prints. */
const refusal = async (t: Test, folder: string, more: Readonly<Record<string, string>> = {}, through: readonly string[] = asUser): Promise<readonly string[]> => {
  const { code, stdout, stderr } = await run(t, { folder, env: { ...env, ...more }, through }).ended
  t.hasStrict({ code, stdout }, { code: 1, stdout: '' })
  return stderr.trimEnd().split('\n')
}

/** A key file as Kubernetes mounts a secret: links that lead to the newest version of the files. */
const mountedKeys = (t: Test): { readonly folder: string, readonly keys: string, readonly version: string } => {
  const folder = makeFolder(t)
  chmodSync(folder, 0o755)
  const version = join(folder, '..2026_11_28')
  mkdirSync(version)
  chmodSync(version, 0o755)
  makeKeyFile(join(version, 'keys.json'))
  symlinkSync('..2026_11_28', join(folder, '..data'))
  symlinkSync('..data/keys.json', join(folder, 'keys.json'))
  return { folder, keys: join(folder, 'keys.json'), version: join(version, 'keys.json') }
}

for (const { what, mode, owner, group, mount, warning } of [
  { what: 'a group of its own may read it', mode: 0o440, owner: 0, group: user, mount: true, warning: null },
  { what: 'everybody may read it', mode: 0o444, owner: 0, group: 0, mount: true, warning: /can be read by every user of this machine: mount it with mode 0440 / },
  { what: 'everybody may read it, as is Kubernetes\' default,', mode: 0o644, owner: 0, group: 0, mount: true, warning: /can be read by every user of this machine: mount it with mode 0440 / },
  { what: 'its own user may not change it', mode: 0o444, owner: user, group: user, mount: true, warning: /can be read by every user / },
  { what: 'it is root\'s on a disk that can be written', mode: 0o640, owner: 0, group: user, mount: false, warning: null },
  { what: 'it is another user\'s', mode: 0o440, owner: 1001, group: user, mount: true, warning: /belongs to user 1001, who can read and change it: let it belong to root, or to user 1000$/ },
]) {
  await t.test(`key file: the service starts${warning === null ? '' : ', with one warning,'} when it is mounted and ${what}`, async (t) => {
    const { folder, keys, version } = mountedKeys(t)
    chownSync(version, owner, group)
    chmodSync(version, mode)
    const deployment = await openDeployment(t, { through: [...mount ? readOnly(folder) : [], ...asUser], env: { KEYS_FILE: keys } })
    chownSync(deployment.folder, user, user)
    const running = await deployment.start()
    running.kill('SIGINT')
    const { stdout } = await running.ended
    const warnings = stdout.split('\n').filter((line) => line.includes(folder)).map((line) => JSON.parse(line) as { level: number, msg: string })
    t.match(warnings.map(({ level, msg }) => `${level} ${msg}`), warning === null ? [] : [warning])
    t.equal(warnings.length, warning === null ? 0 : 1)
  })
}

await t.test('key file: the start is refused when others may read it and its user can change that', async (t) => {
  const folder = ownFolder(t)
  const keys = join(folder, 'keys.json')
  makeKeyFile(keys)
  chownSync(keys, user, user)
  for (const mode of [0o640, 0o604, 0o644]) {
    chmodSync(keys, mode)
    t.strictSame(await refusal(t, folder, { KEYS_FILE: keys }), [`scan-login: ${keys} can be read by others: chmod 600 it`])
  }
})

await t.test('key file: a rotation, and a start that has to add keys of the OpenID Provider, say what to do when the file is mounted', async (t) => {
  const { folder, keys, version } = mountedKeys(t)
  chownSync(version, 0, user)
  chmodSync(version, 0o440)
  const { code, stderr } = await run(t, { script: 'src/keys.ts', args: ['rotate'], folder: ownFolder(t), env: { KEYS_FILE: keys }, through: [...readOnly(folder), ...asUser] }).ended
  t.equal(code, 1)
  const why = 'keys\\.json\\.new can\'t be made: E(?:ROFS|ACCES): .+\\. Run this as the owner of the folder\\. A mounted secret is changed where it comes from: run this on a copy, and replace the secret by that'
  t.match(stderr, new RegExp(`^scan-login: \\S+${why}\\n$`))
  const clients = clientsFile(t, [])
  chownSync(dirname(clients), user, user)
  chownSync(clients, user, user)
  const lines = await refusal(t, ownFolder(t), { KEYS_FILE: keys, OIDC_CLIENTS_FILE: clients }, [...readOnly(folder), ...asUser])
  t.match(lines, [new RegExp(`^scan-login: \\S+keys\\.json has no keys for the OpenID Provider, and a start can't add them as "npm run keys -- add-provider" does: \\S+${why}$`)])
  t.equal(lines.length, 1)
})

await t.test('key file: it stays its user\'s when root replaces the keys, or adds some', async (t) => {
  const folder = ownFolder(t)
  const keys = join(folder, 'keys.json')
  makeKeyFile(keys)
  for (const [owner, group, mode] of [[user, user, 0o600], [0, user, 0o440]] as const) {
    chownSync(keys, owner, group)
    chmodSync(keys, mode)
    for (const word of ['replace', 'add-provider']) {
      const { ino: before } = statSync(keys)
      const { code } = await run(t, { script: 'src/keys.ts', args: [word], folder, env: { KEYS_FILE: keys } }).ended
      t.equal(code, 0)
      const { uid, gid, mode: after, ino } = statSync(keys)
      t.strictSame([uid, gid, after & 0o777], [owner, group, mode])
      if (owner === user) t.not(ino, before, 'it is another file')
    }
  }
})

/** Runs the command that a line ends with, which has to be root's, in another folder than that of the service. */
const mend = (line: string): void => {
  const [, command = 'false'] = /: sudo (.+?)(?: \(for a container|$)/.exec(line) ?? []
  execFileSync('sh', ['-c', command], { cwd: '/' })
}

for (const { what, spoil, starts, settings = {} } of [
  { what: 'the folder is root\'s, as Docker makes it for a mount', spoil: (folder: string) => { mkdirSync(join(folder, 'data')) }, starts: /^scan-login: STORE_URL sqlite:data\/scan-login\.db can't be locked: EACCES: .+\. data belongs to 0:0 with mode 755, and scan-login runs as 1000:1000: sudo chown -R 1000:1000 \/\S+\/data \(for a container: on the host, the folder that is mounted there\)$/ },
  { what: 'root has run the service there before', spoil: (folder: string) => { mkdirSync(join(folder, 'data'), { mode: 0o700 }); makeKeyFile(join(folder, 'data/keys.json')) }, starts: /^scan-login: STORE_URL sqlite:data\/scan-login\.db can't be locked: EACCES: .+\. data belongs to 0:0 with mode 700, and scan-login runs as 1000:1000: sudo chown -R 1000:1000 \/\S+\/data / },
  { what: 'the key file alone is root\'s', spoil: (folder: string) => { mkdirSync(join(folder, 'data')); makeKeyFile(join(folder, 'data/keys.json')); chownSync(join(folder, 'data'), user, user) }, starts: /^scan-login: data\/keys\.json can't be read: EACCES: .+\. data\/keys\.json belongs to 0:0 with mode 600, and scan-login runs as 1000:1000: sudo chown -R 1000:1000 \/\S+\/data / },
  { what: 'the folder is to be made in one of root\'s', spoil: (folder: string) => { chownSync(folder, 0, 0); chmodSync(folder, 0o755) }, starts: /^scan-login: STORE_URL sqlite:data\/scan-login\.db can't be locked: EACCES: .+\. \. belongs to 0:0 with mode 755, and scan-login runs as 1000:1000: sudo install -d -o 1000 -g 1000 -m 700 \/\S+\/data$/ },
  ...['db', 'db-wal', 'db-shm', 'db.lock'].map((name) => ({
    what: `the store's ${name} alone is root's`,
    spoil: (folder: string) => { mkdirSync(join(folder, 'data')); chownSync(join(folder, 'data'), user, user); makeKeyFile(join(folder, 'keys.json')); chownSync(join(folder, 'keys.json'), user, user); storeOfRoot(folder, name) },
    settings: { KEYS_FILE: 'keys.json', STORE_URL: 'sqlite:data/x.db' },
    starts: new RegExp(`^scan-login: STORE_URL sqlite:data/x\\.db can't be (?:opened|locked): .+\\. data/x\\.${name} belongs to 0:0 with mode 644, and scan-login runs as 1000:1000: sudo chown -R 1000:1000 /\\S+/data `),
  })),
] as ReadonlyArray<{ what: string, spoil: (folder: string) => void, starts: RegExp, settings?: Readonly<Record<string, string>> }>) {
  await t.test(`rights: the line says who owns, who runs and what mends it when ${what}, and that mends it`, async (t) => {
    const folder = ownFolder(t)
    spoil(folder)
    const lines = await refusal(t, folder, settings)
    t.match(lines, [starts])
    t.equal(lines.length, 1)
    mend(lines[0] ?? '')
    const [line = ''] = await refusal(t, folder, { HOST: '192.0.2.1', ...settings })
    t.match(line, /this machine has no such address/, 'it comes as far as listening')
  })
}

await t.test('rights: the command can be pasted into a shell when the folder has spaces and quotes in its name', async (t) => {
  const folder = ownFolder(t)
  const data = '-my friend\'s $data'
  mkdirSync(join(folder, data))
  const settings = { KEYS_FILE: `${data}/keys.json`, STORE_URL: `sqlite:${data}/x.db` }
  const lines = await refusal(t, folder, settings)
  t.match(lines, [/: sudo chown -R 1000:1000 '\/\S+\/-my friend'\\''s \$data' \(for a container/])
  mend(lines[0] ?? '')
  t.equal(statSync(join(folder, data)).uid, user)
})

await t.test('rights: nobody is told to give a folder of the system away when a file is to be in one', async (t) => {
  const folder = ownFolder(t)
  t.match(await refusal(t, folder, { KEYS_FILE: '/keys.json' }), [/\. \/ belongs to 0:0 .+: name a file in a folder that belongs to scan-login alone$/])
  t.match(await refusal(t, folder, { KEYS_FILE: '/var/lib/scan-login/keys.json' }), [/\. \/var\/lib belongs to 0:0 .+: sudo install -d -o 1000 -g 1000 -m 700 \/var\/lib\/scan-login$/])
})

await t.test('rights: the line says so when the folder is mounted read-only, and when its own user has taken its rights away', async (t) => {
  const folder = ownFolder(t)
  const data = join(folder, 'data')
  mkdirSync(data)
  chownSync(data, user, user)
  t.match(await refusal(t, folder, {}, [...readOnly(data), ...asUser]), [/^scan-login: STORE_URL sqlite:data\/scan-login\.db can't be locked: EROFS: .+\. data is on a read-only file system: mount it so that it can be written$/])
  chmodSync(data, 0o500)
  t.match(await refusal(t, folder), [/\. data belongs to 1000:1000 with mode 500, and scan-login runs as 1000:1000: chmod -R u\+rwX \/\S+\/data$/])
})

/** A store that the service has made, one of whose files is root's. */
function storeOfRoot (folder: string, name: string): void {
  const script = 'const db = new (require("node:sqlite").DatabaseSync)("data/x.db"); db.exec("PRAGMA journal_mode = WAL; CREATE TABLE x (y)"); process.kill(process.pid, "SIGKILL")'
  try {
    execFileSync(process.execPath, ['-e', script], { cwd: folder })
  } catch {} // killed, so that -wal and -shm stay
  writeFileSync(join(folder, 'data/x.db.lock'), '')
  for (const each of ['db', 'db-wal', 'db-shm', 'db.lock']) {
    chownSync(join(folder, `data/x.${each}`), user, user)
    chmodSync(join(folder, `data/x.${each}`), 0o600)
  }
  chownSync(join(folder, `data/x.${name}`), 0, 0)
  chmodSync(join(folder, `data/x.${name}`), 0o644)
}
