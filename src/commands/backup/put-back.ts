/** The work of `npm run restore`. */
import { existsSync, linkSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Config } from '../../config.ts'
import { whyDenied } from '../../file-rights.ts'
import { parseKeyFile } from '../../sessions/key-file.ts'
import { hasKeys } from '../../sessions/key-mark.ts'
import type { Keys } from '../../sessions/key-set.ts'
import { flushFolder, isAlreadyThere, makeFolderOf, replaceFile, takeRights } from '../../sessions/replace-file.ts'
import { storeFileOf, tryLock } from '../../stores/file-lock.ts'
import { refuseNetworkShare } from '../../stores/write-ahead-log.ts'
import { digestOf, digesting, writeNewFile, type Digest } from './files.ts'
import { assertOwnOrOlder, openBackup, type FileName, type Manifest, type OpenedBackup } from './manifest.ts'
import { signEverybodyOut } from './sign-everybody-out.ts'
import { assertReadable, factsOf } from './store-copy.ts'

export interface RestoreOptions {
  readonly folder: string
  readonly passphrase: string | null
  /** Leaves the store of the backup out. */
  readonly isKeysOnly: boolean
  readonly isSigningOut: boolean
}

export interface Restored {
  readonly manifest: Manifest
  /** Files that were written. */
  readonly restored: readonly string[]
  /** Files that were there already, with the same content. */
  readonly kept: readonly string[]
  /** Where the apps' file is; null where the backup has none. */
  readonly clientsFile: string | null
  /** How many logins have ended; null where nobody was signed out. */
  readonly signedOut: number | null
}

/** Puts a backup in place. Throws an Error with one line for the operator: what is in place by then is what the backup has, and another try goes on from there. */
export const putBack = async (config: Config, { folder, passphrase, isKeysOnly, isSigningOut }: RestoreOptions): Promise<Restored> => {
  const backup = await openBackup(folder, passphrase)
  const { manifest } = backup
  assertOwnOrOlder(manifest)
  const store = isKeysOnly ? null : storeToMake(config, backup)
  if (store !== null && manifest.store !== null) assertReadable(manifest.store)
  await assertWhole(backup)
  const keysText = await contentOf(backup, 'keys.json')
  if (keysText === null) throw new Error(`${folder} has no keys.json`)
  const { keys } = parseKeyFile(join(folder, 'keys.json'), keysText)
  const clientsText = await contentOf(backup, 'clients.json')
  const clientsFile = clientsText === null ? null : config.OIDC_CLIENTS_FILE ?? join(dirname(config.KEYS_FILE), 'clients.json')

  const release = store === null ? () => {} : lockForRestore(store)
  const draft = `${store}.restore`
  try {
    const texts: ReadonlyArray<readonly [string, string]> = [[config.KEYS_FILE, keysText], ...clientsFile === null || clientsText === null ? [] : [[clientsFile, clientsText] as const]]
    const [kept, missing] = [texts.filter(([path]) => existsSync(path)), texts.filter(([path]) => !existsSync(path))]
    for (const [path, text] of kept) assertSame(path, text)
    if (store !== null) assertNone(store)
    const signedOut = store === null ? null : await makeDraft(draft, backup, { keys, isSigningOut })
    for (const [path, text] of missing) {
      replaceFile(path, () => {
        if (existsSync(path)) assertSame(path, text)
        return { text: existsSync(path) ? null : text, result: undefined }
      }, { mayBeMissing: true })
    }
    if (store !== null) putInPlace(draft, store) // last: a service that finds it finds the keys, too
    return { manifest, restored: [...missing.map(([path]) => path), ...store === null ? [] : [store]], kept: kept.map(([path]) => path), clientsFile, signedOut }
  } finally {
    if (store !== null) removeDraft(draft)
    release()
  }
}

const storeToMake = ({ STORE_URL }: Config, { folder, manifest }: OpenedBackup): string => {
  const file = storeFileOf(STORE_URL)
  if (file === null) throw new Error(`STORE_URL is ${STORE_URL.startsWith('sqlite:') ? STORE_URL : 'a Redis'}, and a backup is restored to sqlite:<file>. --keys-only restores the keys`)
  if (manifest.store === null) throw new Error(`${folder} has no store: it was made with --keys-only, and is restored with --keys-only`)
  return file
}

/** Reads everything once, so that nothing is written of a backup that isn't whole. */
const assertWhole = async (backup: OpenedBackup): Promise<void> => {
  for (const { name } of backup.manifest.files) await pipeline(decoded(backup, name), new Writable({ write: (_chunk, _encoding, done) => { done() } }))
}

/** The content of a file; throws at its end where it isn't what the manifest says. */
const decoded = async function * ({ folder, codec, manifest }: OpenedBackup, name: FileName): AsyncGenerator<Buffer> {
  const path = join(folder, name)
  const expected = manifest.files.find((file) => file.name === name)
  const found: Digest[] = []
  try {
    yield * digesting(codec.decode(name, path), (digest) => { found.push(digest) })
  } catch (cause) {
    throw new Error(`${path} can't be read whole, it is damaged or was changed: ${(cause as Error).message}`, { cause }) // node:fs and node:crypto throw Errors
  }
  if (found[0]?.sha256 !== expected?.sha256 || found[0]?.bytes !== expected?.bytes) throw new Error(`${path} is not what was backed up: it is damaged or was changed`)
}

const contentOf = async (backup: OpenedBackup, name: FileName): Promise<string | null> => {
  if (!backup.manifest.files.some((file) => file.name === name)) return null
  const chunks: Buffer[] = []
  for await (const chunk of decoded(backup, name)) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const lockForRestore = (store: string): () => void => {
  makeFolderOf(store)
  const lock = `${store}.lock`
  const isNew = !existsSync(lock)
  const release = tryLock(lock, store)
  if (release === null) throw new Error(`${store} is in use by a service: stop it, and restore into a folder without a store`)
  if (isNew) takeRights(lock, store) // root's would keep the service out
  return release
}

const assertSame = (path: string, text: string): void => {
  if (digestOf(readFileSync(path)).sha256 === digestOf(Buffer.from(text)).sha256) return
  throw new Error(`${path} is there already, with another content than the backup's: move it away if you don't need it, and restore again`)
}

/** A log without its database would be taken for the log of the restored one. */
const assertNone = (store: string): void => {
  const [there] = ['', '-wal', '-shm', '-journal'].map((end) => store + end).filter((path) => existsSync(path))
  if (there !== undefined) throw new Error(`${there} is there already, and is not overwritten: move ${store}, ${store}-wal and ${store}-shm away if you don't need them, and restore again`)
}

/** Resolves with the number of logins that have ended; null where nobody is signed out. */
const makeDraft = async (draft: string, backup: OpenedBackup, { keys, isSigningOut }: { readonly keys: Keys, readonly isSigningOut: boolean }): Promise<number | null> => {
  removeDraft(draft) // of a restore that was killed: the lock is ours
  try {
    refuseNetworkShare(dirname(draft))
    await writeNewFile(draft, decoded(backup, 'store.db'))
  } catch (cause) {
    throw new Error(`${draft} can't be written: ${(cause as Error).message}${whyDenied('write', draft)}`, { cause }) // node:fs throws Errors
  }
  const { facts, mark } = factsIn(draft, backup.folder)
  assertReadable(facts)
  if (mark !== undefined && !hasKeys(mark, keys)) throw new Error(`${backup.folder} has a store and keys that don't belong together`)
  return isSigningOut ? await signEverybodyOut(draft, { sealingKey: keys.cookie, now: Date.now() }) : null
}

const factsIn = (draft: string, folder: string): ReturnType<typeof factsOf> => {
  try {
    return factsOf(draft, Date.now())
  } catch (cause) {
    throw new Error(`${join(folder, 'store.db')}: ${(cause as Error).message}`, { cause }) // node:sqlite throws Errors
  }
}

const removeDraft = (draft: string): void => { for (const end of ['', '-journal', '-wal', '-shm']) rmSync(draft + end, { force: true }) }

const putInPlace = (draft: string, store: string): void => {
  takeRights(draft, store)
  try {
    linkSync(draft, store) // atomic, and fails where there is one by now
  } catch (cause) {
    throw new Error(isAlreadyThere(cause) ? `${store} was made meanwhile, and is not overwritten` : `${store} can't be made: ${(cause as Error).message}`, { cause }) // node:fs throws Errors
  }
  flushFolder(dirname(store))
}
