/** Files and folders of the service that other users of the machine can read. New ones are private; older ones, or copies, may not be. */
import { readdirSync, statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { maySetMode, quoted } from '../file-rights.ts'
import { storeFileOf } from './file-lock.ts'

/** Lists what others can read, one line for the operator each, with the command that changes it. */
export const readableByOthers = (storeUrl: string, keysFile: string): readonly string[] =>
  openToOthers(storeUrl, keysFile).map(({ path, mode }) => `${path} can be read by others on this machine: chmod ${mode.toString(8)} ${quoted(path)}`)

/**
 * Finds what others can read, with the mode that it should have: the embedded store with its -wal and -shm files, and the folders of store and keys where
 * nothing else is in them and this user may change them. (About the key file, see private-file.ts in sessions.)
 */
export const openToOthers = (storeUrl: string, keysFile: string): ReadonlyArray<{ readonly path: string, readonly mode: number }> => {
  const store = storeFileOf(storeUrl)
  const files = store === null ? [] : [store, `${store}-wal`, `${store}-shm`]
  const ours = [...store === null ? [] : [basename(store)], basename(keysFile)]
  const folders = [...new Set([...store === null ? [] : [dirname(store)], dirname(keysFile)])]
  return [
    ...folders.filter((folder) => isOpen(folder) && holdsOnly(folder, ours) && maySetMode(folder)).map((path) => ({ path, mode: 0o700 })),
    ...files.filter(isOpen).map((path) => ({ path, mode: 0o600 })),
  ]
}

const isOpen = (path: string): boolean => process.platform !== 'win32' && orFalse(() => {
  const { mode, gid, isFolder } = rightsOf(path)
  // The image's folder is open to root's group, so that any user can run it: nobody else is in that group.
  return (mode & (isFolder && gid === 0 ? 0o007 : 0o077)) !== 0
})

const rightsOf = (path: string): { readonly mode: number, readonly gid: number, readonly isFolder: boolean } => {
  const stat = statSync(path, { throwIfNoEntry: false })
  return { mode: stat?.mode ?? 0, gid: stat?.gid ?? 0, isFolder: stat?.isDirectory() ?? false }
}

/** The mode of a folder with other files in it is not ours to decide. */
const holdsOnly = (folder: string, ours: readonly string[]): boolean => orFalse(() => readdirSync(folder).every((name) => ours.some((own) => name.startsWith(own))))

/** This is advice only: a path that can't be read is left out, and the service starts. */
const orFalse = (question: () => boolean): boolean => {
  try {
    return question()
  } catch {
    return false
  }
}
