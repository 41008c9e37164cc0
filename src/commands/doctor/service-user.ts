/** Whose service it is, as that or its files tell, and the changes to rights that are safe to make for that user. */
import { closeSync, constants, existsSync, fchmodSync, fstatSync, lstatSync, openSync, statSync, type Stats } from 'node:fs'
import { dirname } from 'node:path'
import type { Config } from '../../config.ts'
import { isShared, quoted } from '../../file-rights.ts'
import { storeFileOf } from '../../stores/file-lock.ts'
import { askService } from './ask-service.ts'
import type { CheckContext } from './context.ts'

/** The user of the service. */
export interface Owner {
  readonly uid: number
  readonly gid: number
  /** How that is known, as a sentence. */
  readonly said: string
}

/** Resolves with the user of the service: as the one that runs says, otherwise whom its data belongs to. Null where there is nothing yet. */
export const ownerOf = async (context: CheckContext): Promise<Owner | null> => {
  const service = await askService(context)
  const { uid, gid } = service.state === 'found' ? service.told.user : { uid: null, gid: null }
  return uid === null || gid === null ? ownerOfData(context.config) : { uid, gid, said: `the service runs as ${uid}:${gid}` }
}

/** Whom the folder of the store or of the keys belongs to, or the files where those are in a folder of everybody. */
const ownerOfData = ({ STORE_URL, KEYS_FILE }: Config): Owner | null => {
  const store = storeFileOf(STORE_URL)
  const files = [...store === null ? [] : [store], KEYS_FILE]
  for (const path of files.flatMap((file) => isShared(dirname(file)) ? [file] : [dirname(file), file])) {
    const stat = statOf(path)
    if (stat !== null) return { uid: stat.uid, gid: stat.gid, said: `${path} belongs to ${stat.uid}:${stat.gid}` }
  }
  return null
}

/** Null where there is none, or it can't be seen. */
export const statOf = (path: string): Stats | null => {
  try {
    return existsSync(path) ? statSync(path) : null
  } catch {
    return null
  }
}

/** The user that runs the doctor, as `chown` takes it; null on systems without users of this kind. */
export const thisUser = process.geteuid === undefined || process.getegid === undefined ? null : { uid: process.geteuid(), gid: process.getegid() }

/**
 * Returns what sets the mode of a file or folder. Undefined where that is not safe: a file of another user than the service may be read through the rights that would
 * go, and in another user's folder root may be led to another file.
 */
export const modeSetter = (path: string, mode: number, owner: Owner | null): (() => string) | undefined => {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined || stat.isSymbolicLink() || stat.uid !== thisUser?.uid || (owner !== null && owner.uid !== thisUser.uid)) return undefined
  if (thisUser.uid === 0 && statOf(dirname(path))?.uid !== 0) return undefined
  return () => {
    const handle = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW)
    try {
      if (fstatSync(handle).uid !== thisUser?.uid) throw new Error(`${path} is another file by now`)
      fchmodSync(handle, mode)
    } finally {
      closeSync(handle)
    }
    return `chmod ${mode.toString(8)} ${quoted(path)}`
  }
}

/** The command that lets a file of secrets be read by the service alone. */
export const commandToClose = (path: string, owner: Owner | null): string => {
  const stat = statOf(path)
  return owner === null || owner.uid === 0 || stat?.uid === owner.uid ? `chmod 600 ${quoted(path)}` : `sudo chown root:${owner.gid} ${quoted(path)} && sudo chmod 640 ${quoted(path)}`
}
