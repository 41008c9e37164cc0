/** A file of secrets as it may lie on a machine: the user's own, or one that an orchestrator has mounted. */
import { closeSync, fstatSync, openSync, readFileSync, type Stats } from 'node:fs'
import { maySetMode, whyDenied } from '../file-rights.ts'

interface PrivateFile {
  readonly text: string
  /** A line for the log about who else can read or change the file, where this user can't prevent that; null where there is none. */
  readonly risk: string | null
}

/**
 * Reads a file that only its owner may read; one of root's, its group, too. Where this user can't change the rights (the file is another user's, or mounted
 * read-only, as Kubernetes and Docker do with secrets), it takes them as they are. Throws an Error whose message is one line for the operator.
 */
export const readPrivateFile = (path: string): PrivateFile => read(path, (stat) => {
  if (isOpenToOthers(stat) && maySetMode(path)) throw new Error(`${path} can be read by others: chmod 600 it`)
  return riskOf(path, stat)
})

/** Whether others than its owner may read or change a file; of one of root's, others than its owner and its group. */
export const isOpenToOthers = ({ mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>): boolean => (mode & (uid === 0 && gid !== 0 ? 0o037 : 0o077)) !== 0

/** Reads a file without secrets, which others may read and nobody else may change. Takes the rights as they are where this user can't change them. Throws as `readPrivateFile` does. */
export const readProtectedFile = (path: string): PrivateFile => read(path, ({ mode }) => {
  if ((mode & 0o022) === 0) return null
  if (maySetMode(path)) throw new Error(`${path} can be changed by others: chmod go-w it`)
  return (mode & 0o002) === 0 ? null : `${path} can be changed by every user of this machine: chmod go-w it, or mount it read-only`
})

const read = (path: string, riskIn: (stat: Stats) => string | null): PrivateFile => {
  const file = openToRead(path)
  try {
    const stat = fstatSync(file) // of the open file: the path may be replaced meanwhile
    if (!stat.isFile()) throw new Error(`${path} can't be read: it is no file`)
    return { risk: riskIn(stat), text: readFileSync(file, 'utf8') }
  } finally {
    closeSync(file)
  }
}

/** As `PrivateFile` says, for a user that may not change the rights of the file; by default the one that runs this. */
export const riskOf = (path: string, { mode, uid }: Pick<Stats, 'mode' | 'uid'>, user = process.geteuid?.()): string | null => {
  if ((mode & 0o007) !== 0) return `${path} can be read by every user of this machine: mount it with mode 0440 and a group that scan-login runs in, or with 0400`
  return user === undefined || uid === user || uid === 0 ? null : `${path} belongs to user ${uid}, who can read and change it: let it belong to root, or to user ${user}`
}

const openToRead = (path: string): number => {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw new Error(`${path} can't be read: ${(cause as Error).message}${whyDenied('read', path)}`, { cause }) // node:fs throws Errors
  }
}
