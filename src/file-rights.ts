/** Rights to files, as an operator meets them: a folder that Docker has made as root, a secret that is mounted read-only. */
import { accessSync, chmodSync, constants, existsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Folders of the system, or of everybody: their owner is not to be changed. */
const systemFolder = /^\/(?:(?:bin|boot|dev|etc|home|lib\d*|media|mnt|opt|proc|root|run|sbin|srv|sys|tmp|usr|var)?|(?:usr|proc|sys|dev)\/.+|var\/\w+)$/

const users = process.geteuid === undefined || process.getegid === undefined ? null : `${process.geteuid()}:${process.getegid()}`

/** Whether this user may set the mode of a file or folder: its owner may, on a file system that isn't read-only. Sets the mode that it has. */
export const maySetMode = (path: string): boolean => {
  try {
    chmodSync(path, statSync(path).mode & 0o7777)
    return true
  } catch {
    return false
  }
}

/** A path as a shell reads it in any folder, for the commands in lines to the operator: their shell is seldom in the folder of the service. */
export const quoted = (path: string): string => {
  const word = resolve(path)
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll('\'', '\'\\\'\'')}'`
}

/**
 * Says which of the folders of these files, or of the files, this user can't read or can't write, who owns it, and how to mend that: sentences that follow an
 * error's message. '' where rights are no reason.
 */
export const whyDenied = (to: 'read' | 'write', ...files: readonly string[]): string => {
  for (const file of users === null ? [] : files) {
    const folder = nearestOf(dirname(file))
    for (const place of [folder, file]) {
      const code = denialOf(place, to)
      if (code === 'EROFS') return `. ${place} is on a read-only file system: mount it so that it can be written`
      if (code === 'EACCES') return adviceFor(file, place)
    }
  }
  return ''
}

const nearestOf = (folder: string): string => existsSync(folder) || dirname(folder) === folder ? folder : nearestOf(dirname(folder))

/** The error code of the system when this user uses a file, or its folder. */
const denialOf = (path: string, to: 'read' | 'write'): string | undefined => {
  const { R_OK, W_OK, X_OK } = constants
  try {
    const toReadOrWrite = to === 'read' ? R_OK : R_OK | W_OK
    accessSync(path, !statSync(path).isDirectory() ? toReadOrWrite : to === 'read' ? X_OK : W_OK | X_OK)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code // node:fs throws system errors
  }
}

const adviceFor = (file: string, place: string): string => {
  const { uid, gid, mode } = statSync(place)
  const needed = place === file ? 0o600 : 0o300
  const where = `. ${place} belongs to ${uid}:${gid} with mode ${(mode & 0o777).toString(8)}, and scan-login runs as ${users}`
  if (uid === process.geteuid?.()) {
    return (mode & needed) === needed ? `${where}: something else forbids it, such as SELinux (for a container, mount it with :Z)` : `${where}: chmod -R u+rwX ${quoted(place)}`
  }
  const folder = dirname(file)
  if (!existsSync(folder)) return `${where}: sudo install -d -o ${process.geteuid?.()} -g ${process.getegid?.()} -m 700 ${quoted(folder)}`
  if (!isShared(folder)) return `${where}: sudo chown -R ${users} ${quoted(folder)} (for a container: on the host, the folder that is mounted there)`
  return place === file ? `${where}: sudo chown ${users} ${quoted(file)}` : `${where}: name a file in a folder that belongs to scan-login alone`
}

/** Whether a folder is the working directory, or one of the system or of everybody: its owner says nothing of the service. */
export const isShared = (folder: string): boolean => resolve(folder) === process.cwd() || systemFolder.test(resolve(folder))
