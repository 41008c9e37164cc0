/** Changed by key-changes.ts, and re-read while the service runs. The service does not start with a file whose keys are weak, or that is not private (private-file.ts). */
import { existsSync, linkSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { whyDenied } from '../file-rights.ts'
import type { Clock, Log } from '../login/ports.ts'
import { generateStoredKeys, parseKeys, weakKeys, type Keys, type StoredKeys } from './key-set.ts'
import { readPrivateFile } from './private-file.ts'
import { generateProviderKeys } from './provider-keys.ts'
import { isAlreadyThere, writePrivateFile } from './replace-file.ts'

export interface FollowedKeys extends Keys {
  /** Stops re-reading the file. */
  stop (): void
}

/** The file is small, and a watch misses files that are swapped under a mount. */
const rereadEveryMs = 5000
/** Reads the key file. Throws an Error whose message is one line for the operator, or several; it quotes nothing of the file. */
export const readKeyFile = (path: string): Keys => parseKeyFile(path, readPrivateFile(path).text).keys

export interface FollowOptions {
  /** Refuses a file without keys of the OpenID Provider. */
  readonly needsProvider?: boolean
}

/** Reads the key file now and, every 5 s, again. Throws as `readKeyFile` does; later such errors are logged and the keys stay the same. */
export const followKeyFile = (path: string, clock: Clock, log: Log, { needsProvider = false }: FollowOptions = {}): FollowedKeys => {
  const parse = (text: string): Keys => {
    const { keys } = parseKeyFile(path, text)
    if (needsProvider && keys.provider === null) throw new Error(`${path} has no keys for the OpenID Provider, which OIDC_CLIENTS_FILE turns on: add them with "npm run keys -- add-provider", and give the file to every instance`)
    return keys
  }

  let { text, risk } = readPrivateFile(path)
  if (risk !== null) log.warn({ code: 'file-exposed' }, risk)
  let lastError: string | undefined
  let current = parse(text)
  const { subject, cookie } = current

  const update = (): void => {
    const { text: newText, risk: newRisk } = readPrivateFile(path)
    if (newRisk !== null && newRisk !== risk) log.warn({ code: 'file-exposed' }, newRisk)
    risk = newRisk
    if (newText === text && lastError === undefined) return
    const keys = parse(newText)
    if (!keys.subject.equals(subject) || !keys.cookie.equals(cookie)) throw new Error(`${path} has another subject key or cookie key`)
    lastError = undefined
    if (newText === text) return
    text = newText
    current = keys
    log.info({ kids: [...keys.signing, ...keys.provider ?? []].map(({ kid }) => kid) }, `${path} has changed: its signing keys are in use from now on`)
  }

  const reread = (): void => {
    try {
      update()
    } catch (error) {
      const { message } = error as Error // `update` throws Errors only, and none quotes the file
      if (message !== lastError) log.error({ code: 'keys-file-invalid' }, `${message}; keeping the previous keys. Fix the file: the service would not start with it`)
      lastError = message
    }
    cancel = clock.after(rereadEveryMs, reread)
  }

  let cancel = clock.after(rereadEveryMs, reread)
  return { subject, cookie, get signing () { return current.signing }, get provider () { return current.provider }, stop: () => { cancel() } }
}

export interface MakeOptions {
  /** With keys of the OpenID Provider, too. */
  readonly withProvider?: boolean
}

/** Makes the key file, readable by its owner only. False where there is one already. Throws an Error whose message is one line for the operator. */
export const makeKeyFile = (path: string, { withProvider = false }: MakeOptions = {}): boolean => {
  if (existsSync(path)) return false // before anything is written: its folder may be read-only
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return writeFirst(path, { ...generateStoredKeys(), ...withProvider && { oidc: generateProviderKeys() } })
  } catch (cause) {
    throw new Error(`${path} can't be made: ${(cause as Error).message}${whyDenied('write', path)}`, { cause }) // node:fs throws Errors
  }
}

const writeFirst = (path: string, stored: StoredKeys): boolean => {
  const draft = `${path}.${process.pid}.new`
  try {
    writePrivateFile(draft, keyFileText(stored))
    linkSync(draft, path) // atomic, and fails where another process was faster
    return true
  } catch (error) {
    if (isAlreadyThere(error)) return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Throws as `readKeyFile` does. */
export const parseKeyFile = (path: string, text: string): { stored: StoredKeys, keys: Keys } => {
  let stored: StoredKeys
  let keys: Keys
  try {
    stored = JSON.parse(text) as StoredKeys // `parseKeys` throws for anything else
    keys = parseKeys(stored)
  } catch {
    throw new Error(`${path} is not a key file of scan-login (npm run keys makes one)`) // no cause: it would quote the file
  }
  const weak = weakKeys(stored, keys)
  if (weak.length > 0) throw new Error(weak.map((which) => `${path}: ${which} can be guessed: take one that npm run keys has made`).join('\n'))
  return { stored, keys }
}

/** The text of the file with these keys. */
export const keyFileText = (stored: StoredKeys): string => `${JSON.stringify(stored, null, 2)}\n`
