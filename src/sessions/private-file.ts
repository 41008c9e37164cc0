/** A file of secrets as it may lie on a machine: the user's own, or one that an orchestrator has mounted. */
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { maySetMode, whyDenied } from '../file-rights.ts'

interface PrivateFile {
  readonly text: string
  /** A line for the log about who else can read or change the file, where this user can't prevent that; null if nobody can. */
  readonly risk: string | null
}

/**
 * Reads a file that only its owner may read; one of root's, its group, too. Where this user can't change the rights (the file is another user's, or mounted
 * read-only, as Kubernetes and Docker do with secrets), it takes them as they are. Throws an Error whose message is one line for the operator.
 */
export const readPrivateFile = (path: string): PrivateFile => {
  const file = openToRead(path)
  try {
    const stat = fstatSync(file) // of the open file: the path may be replaced meanwhile
    if (!stat.isFile()) throw new Error(`${path} can't be read: it is no file`)
    const othersRights = stat.uid === 0 && stat.gid !== 0 ? 0o037 : 0o077
    if ((stat.mode & othersRights) !== 0 && maySetMode(path)) throw new Error(`${path} can be read by others: chmod 600 it`)
    return { text: readFileSync(file, 'utf8'), risk: riskOf(path, stat) }
  } finally {
    closeSync(file)
  }
}

const riskOf = (path: string, { mode, uid }: Stats): string | null => {
  if ((mode & 0o007) !== 0) return `${path} can be read by every user of this machine: mount it with mode 0440 and a group that scan-login runs in, or with 0400`
  const user = process.geteuid?.()
  return user === undefined || uid === user || uid === 0 ? null : `${path} belongs to user ${uid}, who can read and change the keys: let it belong to root, or to user ${user}`
}

const openToRead = (path: string): number => {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw new Error(`${path} can't be read: ${(cause as Error).message}${whyDenied('read', path)}`, { cause }) // node:fs throws Errors
  }
}
