/** The work of `npm run backup`. */
import { createReadStream, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import type { Config } from '../../config.ts'
import { whyDenied } from '../../file-rights.ts'
import { parseKeyFile } from '../../sessions/key-file.ts'
import { hasKeys } from '../../sessions/key-mark.ts'
import { readPrivateFile, readProtectedFile } from '../../sessions/private-file.ts'
import { flushFolder, makeFolderOf, takeRights } from '../../sessions/replace-file.ts'
import { storeFileOf, tryLock } from '../../stores/file-lock.ts'
import { ownVersion } from '../../version.ts'
import { createSealedCodec, keyFrom, newSalt, plainCodec, type Codec } from './codec.ts'
import { digesting, writeNewFile, type Digest } from './files.ts'
import { headerText, manifestName, sealedManifestName, textOf, type FileName, type Manifest } from './manifest.ts'
import { copyStore, factsOf } from './store-copy.ts'

export interface BackupOptions {
  readonly folder: string
  /** Null for a backup that isn't encrypted. */
  readonly passphrase: string | null
  /** Without the store: for Redis, which makes copies of its own. */
  readonly isKeysOnly: boolean
}

/** Makes a backup in a folder that is not there yet. Throws an Error with one line for the operator; there is no such folder then. */
export const makeBackup = async (config: Config, { folder, passphrase, isKeysOnly }: BackupOptions): Promise<Manifest> => {
  const target = resolve(folder)
  if (existsSync(target)) throw new Error(`${folder} exists already: name a folder that doesn't, such as one with today's date`)
  const store = isKeysOnly ? null : storeToCopy(config)
  const keysText = readPrivateFile(config.KEYS_FILE).text
  const { keys } = parseKeyFile(config.KEYS_FILE, keysText)
  const clientsText = config.OIDC_CLIENTS_FILE === null ? null : readProtectedFile(config.OIDC_CLIENTS_FILE).text
  const release = store === null ? () => {} : lockBackups(store)
  let draft: string | undefined
  const copy = `${store}.backup`
  try {
    draft = makeDraft(target, store)
    const madeAt = new Date()
    const facts = store === null ? null : await copied(store, copy)
    if (facts?.mark !== undefined && !hasKeys(facts.mark, keys)) throw new Error(`KEYS_FILE ${config.KEYS_FILE} is not that of the service on this store: nobody would be logged in after a restore`)
    const salt = newSalt()
    const codec = passphrase === null ? plainCodec : createSealedCodec(await keyFrom(passphrase, salt))
    const contents: ReadonlyArray<readonly [FileName, Iterable<Buffer> | AsyncIterable<Buffer>]> = [
      ...facts === null ? [] : [['store.db', createReadStream(copy)] as const],
      ['keys.json', [Buffer.from(keysText)]],
      ...clientsText === null ? [] : [['clients.json', [Buffer.from(clientsText)]] as const],
    ]
    const files: Array<{ readonly name: FileName } & Digest> = []
    for (const [name, content] of contents) files.push({ name, ...await writeEncoded(codec, join(draft, name), name, content) })
    const text = textOf({ version: ownVersion(), made_at: madeAt.toISOString(), store: facts?.facts ?? null, files, not_included: notIncluded(config, clientsText) })
    if (passphrase === null) {
      await writeNewFile(join(draft, manifestName), [Buffer.from(text)])
    } else {
      await writeNewFile(join(draft, sealedManifestName), codec.encode(sealedManifestName, [Buffer.from(text)]))
      await writeNewFile(join(draft, manifestName), [Buffer.from(headerText(salt))])
    }
    flushFolder(draft)
    renameSync(draft, target) // fails where another backup was faster: its folder isn't empty
    flushFolder(dirname(target))
    return JSON.parse(text) as Manifest
  } catch (error) {
    if (draft !== undefined) rmSync(draft, { recursive: true, force: true })
    throw error
  } finally {
    if (store !== null) removeCopy(copy)
    release()
  }
}

const storeToCopy = ({ STORE_URL }: Config): string => {
  if (!STORE_URL.startsWith('sqlite:')) throw new Error('STORE_URL is a Redis, which makes copies of its own: see "npm run backup -- --help". --keys-only makes a backup of the keys')
  const file = storeFileOf(STORE_URL)
  if (file === null) throw new Error(`STORE_URL is ${STORE_URL}: what is in memory only ends with the service. --keys-only makes a backup of the keys`)
  if (!existsSync(file)) throw new Error(`${file} does not exist: is STORE_URL that of the service, and has the service been started once?`)
  return file
}

/** One backup of a store at a time, so that what an interrupted one has left can be removed. */
const lockBackups = (store: string): () => void => {
  const lock = `${store}.backup.lock`
  const isNew = !existsSync(lock)
  const release = tryLock(lock, store)
  if (release === null) throw new Error(`another backup of ${store} is being made: wait for its end`)
  if (isNew) takeRights(lock, store) // root's would keep the service's user out
  return release
}

const removeCopy = (copy: string): void => { for (const end of ['', '-journal', '-wal', '-shm']) rmSync(copy + end, { force: true }) }

const makeDraft = (target: string, store: string | null): string => {
  makeFolderOf(target)
  try {
    const start = `${basename(target)}.draft-`
    if (store !== null) for (const left of readdirSync(dirname(target)).filter((name) => name.startsWith(start))) rmSync(join(dirname(target), left), { recursive: true, force: true })
    return mkdtempSync(join(dirname(target), start)) // with mode 700
  } catch (cause) {
    throw new Error(`${target} can't be made: ${(cause as Error).message}${whyDenied('write', target)}`, { cause }) // node:fs throws Errors
  }
}

/** The copy is made beside the store: the backup may be on a network share, where SQLite has no locks, and encrypted, and then no plain copy should ever be there. */
const copied = async (store: string, copy: string): Promise<ReturnType<typeof factsOf>> => {
  removeCopy(copy)
  try {
    await copyStore(store, copy)
    return factsOf(copy, Date.now())
  } catch (cause) {
    throw new Error(`${store} can't be copied to ${copy}: ${(cause as Error).message}${whyDenied('write', copy)}`, { cause }) // node:sqlite throws Errors
  }
}

const writeEncoded = async (codec: Codec, path: string, name: FileName, content: Iterable<Buffer> | AsyncIterable<Buffer>): Promise<Digest> => {
  const digests: Digest[] = []
  try {
    await writeNewFile(path, codec.encode(name, digesting(content, (digest) => { digests.push(digest) })))
  } catch (cause) {
    throw new Error(`${path} can't be written: ${(cause as Error).message}`, { cause }) // node:fs throws Errors
  }
  return digests[0] as Digest // the content was read to its end
}

/** Secrets that the operator keeps elsewhere, and gives to a service anew. */
const notIncluded = (config: Config, clientsText: string | null): string[] => [
  'the settings (.env or environment), with WECHAT_SECRET and WEBHOOK_SECRET',
  ...config.GEOIP_FILE === null ? [] : [`GEOIP_FILE ${config.GEOIP_FILE}`],
  ...config.SITE_LOGO === null ? [] : [`SITE_LOGO ${config.SITE_LOGO}`],
  ...secretFilesIn(clientsText ?? '{}').map((name) => `client_secret_file ${name}`),
]

const secretFilesIn = (clientsText: string): string[] => {
  try {
    const { clients = [] } = JSON.parse(clientsText) as { clients?: ReadonlyArray<{ client_secret_file?: unknown }> }
    return clients.flatMap(({ client_secret_file: name }) => typeof name === 'string' ? [name] : [])
  } catch {
    return [] // the service says what is wrong with the file
  }
}
