/** Changed by `npm run keys`, and re-read while the service runs. The service does not start with a file whose keys are weak, or that is not private (private-file.ts). */
import { chmodSync, chownSync, closeSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { whyDenied } from '../file-rights.ts'
import type { Clock, Log } from '../login/ports.ts'
import { acceptedAfterMs, acceptedKeys, generateSigningKey, generateStoredKeys, parseKeys, weakKeys, type Keys, type StoredKeys } from './key-set.ts'
import { readPrivateFile } from './private-file.ts'

export interface FollowedKeys extends Keys {
  /** Stops re-reading the file. */
  stop (): void
}

export interface Rotation {
  /** False where the key of an earlier rotation does not sign yet; then the file is unchanged. */
  readonly isNew: boolean
  /** When the new key begins to sign. */
  readonly signsFrom: Date
  /** When the old key is no longer accepted. */
  readonly acceptedUntil: Date
}

/** The file is small, and a watch misses files that are swapped under a mount. */
const rereadEveryMs = 5000
/**
 * How long a new key is published before it signs. Sites cache the keys for five minutes or, against our max-age, for hours; operators need time to
 * copy the file to several machines.
 */
const publishedBeforeMs = 86_400_000

/** Reads the key file. Throws an Error whose message is one line for the operator, or several; it quotes nothing of the file. */
export const readKeyFile = (path: string): Keys => parseKeyFile(path, readPrivateFile(path).text).keys

/** Reads the key file now and, every 5 s, again. Throws as `readKeyFile` does; later such errors are logged and the keys stay the same. */
export const followKeyFile = (path: string, clock: Clock, log: Log): FollowedKeys => {
  let { text, risk } = readPrivateFile(path)
  if (risk !== null) log.warn({}, risk)
  let lastError: string | undefined
  const { keys: { subject, cookie, signing: first } } = parseKeyFile(path, text)
  let signing = first

  const update = (): void => {
    const { text: newText, risk: newRisk } = readPrivateFile(path)
    if (newRisk !== null && newRisk !== risk) log.warn({}, newRisk)
    risk = newRisk
    if (newText === text && lastError === undefined) return
    const { keys } = parseKeyFile(path, newText)
    if (!keys.subject.equals(subject) || !keys.cookie.equals(cookie)) throw new Error(`${path} has another subject key or cookie key`)
    lastError = undefined
    if (newText === text) return
    text = newText
    signing = keys.signing
    log.info({ kids: signing.map(({ kid }) => kid) }, `${path} has changed: its signing keys are in use from now on`)
  }

  const reread = (): void => {
    try {
      update()
    } catch (error) {
      const { message } = error as Error // `update` throws Errors only, and none quotes the file
      if (message !== lastError) log.error({}, `${message}; keeping the previous keys. Fix the file: the service would not start with it`)
      lastError = message
    }
    cancel = clock.after(rereadEveryMs, reread)
  }

  let cancel = clock.after(rereadEveryMs, reread)
  return { subject, cookie, get signing () { return signing }, stop: () => { cancel() } }
}

/** Makes the key file, readable by its owner only. False where there is one already. Throws an Error whose message is one line for the operator. */
export const makeKeyFile = (path: string): boolean => {
  if (existsSync(path)) return false // before anything is written: its folder may be read-only
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return writeFirst(path)
  } catch (cause) {
    throw new Error(`${path} can't be made: ${(cause as Error).message}${whyDenied('write', path)}`, { cause }) // node:fs throws Errors
  }
}

const writeFirst = (path: string): boolean => {
  const draft = `${path}.${process.pid}.new`
  try {
    write(draft, generateStoredKeys())
    linkSync(draft, path) // atomic, and fails where another process was faster
    return true
  } catch (error) {
    if (isAlreadyThere(error)) return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Adds a key that signs from tomorrow on, and removes those that have ended. By tomorrow every instance has the file and every site the new key, and all
 * instances switch at the same moment. Throws an Error whose message is for the operator; the file is unchanged then.
 */
export const rotateKeys = (path: string, now: number): Rotation => change(path, (stored, keys) => {
  const next = keys.signing.find(({ signsFrom }) => signsFrom > now)
  if (next !== undefined) return { stored, result: rotation(false, next.signsFrom) }
  const accepted = acceptedKeys(keys.signing, now)
  const signsFrom = Math.floor((now + publishedBeforeMs) / 1000) * 1000
  const kept = stored.signing.filter((_, i) => accepted.includes(keys.signing[i] as Keys['signing'][number])) // parsed one for one
  return { stored: { ...stored, signing: [generateSigningKey(signsFrom), ...kept] }, result: rotation(true, signsFrom) }
})

const rotation = (isNew: boolean, signsFrom: number): Rotation =>
  ({ isNew, signsFrom: new Date(signsFrom), acceptedUntil: new Date(signsFrom + acceptedAfterMs) })

/** Replaces all signing keys by one new key, for when they have leaked. Throws as `rotateKeys` does. */
export const replaceKeys = (path: string): void => change(path, (stored) => ({ stored: { ...stored, signing: [generateSigningKey()] }, result: undefined }))

/** Reads, changes and writes the file. The draft is the lock: it is created exclusively. */
const change = <Result>(path: string, next: (stored: StoredKeys, keys: Keys) => { stored: StoredKeys, result: Result }): Result => {
  parseForChange(path) // an unusable file is refused before anything is written
  const target = realpathSync(path) // a symbolic link stays one
  const draft = `${target}.new`
  try {
    closeSync(openSync(draft, 'wx', 0o600))
  } catch (cause) {
    const why = isAlreadyThere(cause) ? 'exists: another change is running, or one was interrupted. In that case delete it' : `can't be made: ${(cause as Error).message}. Run this as the owner of the folder. A mounted secret is changed where it comes from: run this on a copy, and replace the secret by that`
    throw new Error(`${draft} ${why}`, { cause }) // node:fs throws Errors
  }
  try {
    const { stored, keys } = parseForChange(path)
    const after = next(stored, keys)
    if (after.stored === stored) {
      rmSync(draft)
      return after.result
    }
    write(draft, after.stored)
    const { uid, gid, mode } = statSync(target)
    if (process.geteuid?.() === 0) { // the service may run as another user
      chownSync(draft, uid, gid)
      chmodSync(draft, mode & 0o640)
    }
    renameSync(draft, target) // atomic: after a power failure it is the old file or the new one
    flushFolder(dirname(target))
    return after.result
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** Refuses members that this release does not know: writing the file would drop or misread them. */
const parseForChange = (path: string): { stored: StoredKeys, keys: Keys } => {
  const parsed = parseKeyFile(path, readPrivateFile(path).text)
  const unknown = Object.keys(parsed.stored).filter((name) => !['signing', 'subject', 'cookie'].includes(name))
  if (unknown.length > 0) throw new Error(`${path} has members that this release does not know (${unknown.join(', ')}) and stays as it is`)
  return parsed
}

const parseKeyFile = (path: string, text: string): { stored: StoredKeys, keys: Keys } => {
  let stored: StoredKeys
  let keys: Keys
  try {
    stored = JSON.parse(text) as StoredKeys // `parseKeys` throws for anything else
    keys = parseKeys(stored)
  } catch {
    throw new Error(`${path} is not a key file of scan-login (npm run keys makes one)`) // no cause: it would quote the file
  }
  const weak = weakKeys(stored)
  if (weak.length > 0) throw new Error(weak.map((which) => `${path}: ${which} can be guessed: take one that npm run keys has made`).join('\n'))
  return { stored, keys }
}

/** Writes keys for their owner only, and flushes them to the disk. */
const write = (path: string, stored: StoredKeys): void => {
  const file = openSync(path, 'w', 0o600)
  try {
    chmodSync(path, 0o600) // the umask may have removed bits
    writeFileSync(file, `${JSON.stringify(stored, null, 2)}\n`, { flush: true })
  } finally {
    closeSync(file)
  }
}

/** Makes a rename survive a power failure. */
const flushFolder = (folder: string): void => {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

const isAlreadyThere = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST'
