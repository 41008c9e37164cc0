/** The key file, and the rights to what the service reads and writes. */
import { existsSync, readFileSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../../config.ts'
import { envFile } from '../../environment.ts'
import { isShared, maySetMode, quoted, whyDenied } from '../../file-rights.ts'
import { parseKeyFile } from '../../sessions/key-file.ts'
import type { Keys } from '../../sessions/key-set.ts'
import { isOpenToOthers, readPrivateFile, riskOf } from '../../sessions/private-file.ts'
import { storeFileOf } from '../../stores/file-lock.ts'
import { openToOthers } from '../../stores/readable-files.ts'
import type { Check } from './context.ts'
import { failure, notChecked, ok, warning, type Finding } from './finding.ts'
import { commandToClose, modeSetter, ownerOf, statOf, thisUser, type Owner } from './service-user.ts'

export const checkFiles: Check = async (context) => {
  const { config } = context
  const owner = await ownerOf(context)
  const denied = thisUser?.uid === 0 ? deniedToOwner(config, owner) : deniedToUs(config, owner)
  const isHidden = whyDenied('read', config.KEYS_FILE) !== '' && denied.some(({ status }) => status === 'failure')
  return [
    ...denied,
    ...isHidden ? [notChecked(`KEYS_FILE ${config.KEYS_FILE}, which this user may not look at`)] : checkKeyFile(config, owner),
    ...checkReadable(config, owner),
  ]
}

/** What the service uses beside the key file. */
const storeFiles = (config: Config): readonly string[] => {
  const store = storeFileOf(config.STORE_URL)
  return store === null ? [] : [store, `${store}-wal`, `${store}-shm`, `${store}.lock`]
}

const deniedToUs = (config: Config, owner: Owner | null): readonly Finding[] => {
  const { KEYS_FILE } = config
  const why = whyDenied('write', ...storeFiles(config)) || whyDenied(existsSync(KEYS_FILE) ? 'read' : 'write', KEYS_FILE)
  if (thisUser === null) return []
  if (why === '') return [ok(`user ${thisUser.uid} may use the store and the keys`)]
  const [, found = '', todo = ''] = /^\. (.+?): (.+)$/.exec(why) ?? []
  if (owner === null || [0, thisUser.uid].includes(owner.uid)) return [failure('files-denied', found, todo)]
  return [failure('wrong-user', `${owner.said}, and the doctor runs as ${thisUser.uid}:${thisUser.gid}, which may not use the files`,
    `if ${owner.uid} is the user of the service, run the doctor as that: sudo -u '#${owner.uid}' npm run doctor. If ${thisUser.uid} is, give them the files: ${todo}`)]
}

/** Root may use everything. So it is asked what the user of the service may. */
const deniedToOwner = (config: Config, owner: Owner | null): readonly Finding[] => {
  if (owner === null) return [ok('there is nothing yet that the service could not use')]
  if (owner.uid === 0) return [ok(`${owner.said}, and root runs the doctor`)]
  const folder = dirname(config.KEYS_FILE)
  const needs = [
    ...storeFiles(config).map((path) => ({ path, bits: 6 })),
    { path: envFile, bits: 4 },
    existsSync(config.KEYS_FILE) ? { path: config.KEYS_FILE, bits: 4 } : { path: folder, bits: 3 },
  ]
  const denied = needs.flatMap(({ path, bits }) => {
    const stat = statOf(path)
    return stat === null || may(owner, stat, bits) ? [] : [{ path, stat }]
  })
  if (denied.length === 0) return [ok(`user ${owner.uid} may use the store and the keys (${owner.said})`)]
  return denied.map(({ path, stat: { uid, gid, mode } }) => failure('files-denied',
    `${path} belongs to ${uid}:${gid} with mode ${(mode & 0o777).toString(8)}, and ${owner.said}: that user can't use it`,
    isShared(path) ? `name a file in a folder that belongs to scan-login alone, with ${path === folder ? 'KEYS_FILE' : 'STORE_URL'}` : `sudo chown ${owner.uid}:${owner.gid} ${quoted(path)}. Run the commands of scan-login as that user, and not as root`))
}

const may = ({ uid, gid }: Owner, stat: Stats, bits: number): boolean =>
  ((stat.mode >> (stat.uid === uid ? 6 : stat.gid === gid ? 3 : 0)) & bits) === bits

const checkKeyFile = (config: Config, owner: Owner | null): readonly Finding[] => {
  const { KEYS_FILE: path, STORE_URL } = config
  const store = storeFileOf(STORE_URL)
  if (existsSync(path)) return checkKeys(config, owner)
  const restore = 'put it back from your backup (npm run restore -- DIR --keys-only)'
  if (!STORE_URL.startsWith('sqlite:')) return [failure('keys-missing', `KEYS_FILE ${path} does not exist, and with Redis the service makes none: it does not start`, `make it once with "npm run keys", and give the same file to every instance. If there was one before, ${restore}: with other keys everybody is somebody else`)]
  if (store !== null && existsSync(store)) return [failure('keys-missing', `KEYS_FILE ${path} does not exist, and the store that was used with it does: a start makes new keys, with which everybody is logged out and somebody else`, `before you start the service, ${restore}, or let KEYS_FILE name it`)]
  return [ok(`KEYS_FILE ${path} is not there yet: the first start makes it`)]
}

const checkKeys = (config: Config, owner: Owner | null): readonly Finding[] => {
  const { KEYS_FILE: path } = config
  const rights = checkRights(path, owner)
  let keys: Keys
  try {
    keys = parseKeyFile(path, textOf(path)).keys
  } catch (error) {
    const { message } = error as Error // both throw Errors
    const lines = message.split('\n')
    if (message.includes('can be guessed')) return [...rights, ...lines.map((line) => failure('keys-weak', line.replace(/: take .+$/, ': the service does not start'), `${newKeys(path)}, as whoever guesses a key is anybody`))]
    if (message.includes('is not a key file')) return [...rights, failure('keys-damaged', `${path} is not a key file of scan-login, or is damaged: the service does not start`, `put it back from your backup (npm run restore -- DIR --keys-only). Without one, ${newKeys(path)}`)]
    const [, found = message, todo = 'let KEYS_FILE name the file with the keys'] = /^(.+?)\. (.+)$/.exec(message) ?? []
    return [failure('keys-unreadable', found, todo)]
  }
  return [...rights, ...checkProvider(config, keys)]
}

const textOf = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    readPrivateFile(path) // says more
    throw error
  }
}

const newKeys = (path: string): string => `move ${quoted(path)} away and make another one with "npm run keys": everybody logs in again and is somebody new to your sites`

const checkRights = (path: string, owner: Owner | null): readonly Finding[] => {
  const stat = statOf(path)
  if (stat?.isFile() !== true || process.platform === 'win32') return []
  const mode = (stat.mode & 0o777).toString(8)
  if (isOpenToOthers(stat) && isRefused(path, stat, owner)) {
    return [failure('keys-readable', `others on this machine can read or change ${path} (mode ${mode}), and whoever has the keys can be anybody: the service does not start`, commandToClose(path, owner), modeSetter(path, 0o600, owner))]
  }
  const [found, todo] = riskOf(path, stat, serviceUser(owner))?.split(': ') ?? []
  return found === undefined || todo === undefined ? [ok(`${path} has mode ${mode} and belongs to ${stat.uid}:${stat.gid}: nobody else can read the keys`)] : [warning('keys-exposed', found, todo)]
}

const serviceUser = (owner: Owner | null): number | undefined => thisUser?.uid === 0 && owner !== null ? owner.uid : thisUser?.uid

/** The service starts with rights that it may not change. */
const isRefused = (path: string, stat: Stats, owner: Owner | null): boolean =>
  thisUser?.uid === 0 && owner !== null && owner.uid !== 0 ? stat.uid === owner.uid : maySetMode(path)

const checkProvider = ({ OIDC_CLIENTS_FILE, STORE_URL, KEYS_FILE }: Config, { provider }: Keys): readonly Finding[] => {
  if (OIDC_CLIENTS_FILE === null || provider !== null) return [ok(`${KEYS_FILE} has all keys that the service needs`)]
  if (STORE_URL.startsWith('sqlite:')) return [ok(`${KEYS_FILE} has no keys for apps (OIDC_CLIENTS_FILE) yet: the next start adds them`)]
  // No fix: instances on other machines have copies, and a second file with other keys would be worse than none.
  return [failure('provider-keys-missing', `${KEYS_FILE} has no keys for the OpenID Provider, which OIDC_CLIENTS_FILE turns on: the service does not start`, 'npm run keys -- add-provider, once, and give the file to every instance')]
}

const checkReadable = ({ STORE_URL, KEYS_FILE }: Config, owner: Owner | null): readonly Finding[] => openToOthers(STORE_URL, KEYS_FILE).map(({ path, mode }) =>
  warning('store-readable', `others on this machine can look into ${path} (mode ${((statOf(path)?.mode ?? 0) & 0o777).toString(8)})`, `chmod ${mode.toString(8)} ${quoted(path)}`, modeSetter(path, mode, owner)))
