/** A private file is replaced as a whole: whoever reads it, at any moment, gets the old one or the new one. */
import { chmodSync, closeSync, existsSync, fsyncSync, lchownSync, mkdirSync, openSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { whyDenied } from '../file-rights.ts'

const isRoot = process.geteuid?.() === 0
const defaultRights = isRoot ? 0o640 : 0o600

/** What a change makes of the file: its new text, or null where it stays as it is. */
interface Change<Result> {
  readonly text: string | null
  readonly result: Result
}

/**
 * Changes a file that is there, or with `mayBeMissing` makes it. `next` reads it, and is called while nobody else changes it: the draft beside it is the lock, and is
 * created exclusively. A file that is new can be read by its owner alone; an old one keeps those of its rights that are in `keptRights`. Throws an Error whose message is for the operator; the file is unchanged then.
 */
export const replaceFile = <Result>(path: string, next: () => Change<Result>, { mayBeMissing = false, keptRights = defaultRights } = {}): Result => {
  if (mayBeMissing) makeFolderOf(path)
  const target = existsSync(path) || !mayBeMissing ? realpathSync(path) : path // a symbolic link stays one
  const draft = `${target}.new`
  try {
    closeSync(openSync(draft, 'wx', 0o600))
  } catch (cause) {
    const why = isAlreadyThere(cause) ? 'exists: another change is running, or one was interrupted. In that case delete it' : `can't be made: ${(cause as Error).message}. Run this as the owner of the folder. A mounted secret is changed where it comes from: run this on a copy, and replace the secret by that`
    throw new Error(`${draft} ${why}`, { cause }) // node:fs throws Errors
  }
  try {
    const { text, result } = next()
    if (text === null) {
      rmSync(draft)
      return result
    }
    writePrivateFile(draft, text)
    takeRights(draft, target, keptRights)
    renameSync(draft, target) // atomic: after a power failure it is the old file or the new one
    flushFolder(dirname(target))
    return result
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** Writes a file for its owner only, and flushes it to the disk. */
export const writePrivateFile = (path: string, text: string): void => {
  const file = openSync(path, 'w', 0o600)
  try {
    chmodSync(path, 0o600) // the umask may have removed bits
    writeFileSync(file, text, { flush: true })
  } finally {
    closeSync(file)
  }
}

export const isAlreadyThere = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST'

/** The service may run as another user than root: what root writes keeps its owner, and what is new gets that of its folder. */
export const takeRights = (draft: string, target: string, keptRights = defaultRights): void => {
  const isNew = !existsSync(target)
  const { uid, gid, mode } = statSync(isNew ? dirname(target) : target)
  if (isRoot) lchownSync(draft, uid, gid) // follows no link that the folder's owner may have put there meanwhile
  if (!isNew) chmodSync(draft, mode & keptRights)
}

/** Makes the folder of a file where it is missing, for its owner only. What root makes gets the owner of the folder that is there: the service may run as another user. */
export const makeFolderOf = (path: string): void => {
  try {
    const folder = resolve(dirname(path))
    const first = mkdirSync(folder, { recursive: true, mode: 0o700 })
    if (first === undefined || !isRoot) return
    const { uid, gid } = statSync(dirname(first))
    for (let made = folder; made.length >= first.length; made = dirname(made)) lchownSync(made, uid, gid)
  } catch (cause) {
    throw new Error(`${path} can't be made: ${(cause as Error).message}${whyDenied('write', path)}`, { cause }) // node:fs throws Errors
  }
}

/** Makes a rename survive a power failure. */
export const flushFolder = (folder: string): void => {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
