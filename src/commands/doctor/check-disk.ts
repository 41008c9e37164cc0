/** The disk that the embedded store is on, and how much it takes there. */
import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { quoted } from '../../file-rights.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import { statOf } from './service-user.ts'

const megabyte = 1_000_000
/** A log of its own that grows to 200 MB, the copy of it in the database, and a backup's draft. */
const littleBytes = 500 * megabyte
/** A busy hour fills it. */
const fullBytes = 50 * megabyte

export const checkDisk = (file: string): readonly Finding[] => {
  const folder = nearestOf(dirname(file))
  const { bavail, bsize, files, ffree } = statfsSync(folder)
  const free = bavail * bsize
  const isWithoutFiles = files > 0 && ffree === 0 // some file systems count none
  const text = isWithoutFiles ? `the disk of ${file} takes no more files: it has no inode left ("df -i ${folder}")` : `${sizeOf(free)} are free on the disk of ${file}`
  const todo = `make room: "du -xh ${quoted(rootOf(resolve(folder)))} | sort -h | tail" shows what takes most. Where it is the log of another program, rotate it`
  if (isWithoutFiles || free < fullBytes) return [failure('disk-full', `${text}: when it is full, nobody can log in`, todo)]
  if (free < littleBytes) return [warning('disk-low', text, todo)]
  return [ok(`${text}${existsSync(file) ? `; the store takes ${sizeOf(statOf(file)?.size ?? 0)}, and its log ${sizeOf(statOf(`${file}-wal`)?.size ?? 0)}` : ''}`)]
}

const nearestOf = (folder: string): string => existsSync(folder) || dirname(folder) === folder ? folder : nearestOf(dirname(folder))

/** The topmost folder on the same disk: what fills it is seldom below the store's. */
const rootOf = (folder: string): string => statSync(dirname(folder)).dev !== statSync(folder).dev || dirname(folder) === folder ? folder : rootOf(dirname(folder))

const sizeOf = (bytes: number): string => bytes >= 1000 * megabyte ? `${(bytes / megabyte / 1000).toFixed(1)} GB` : bytes >= megabyte ? `${Math.round(bytes / megabyte)} MB` : `${Math.ceil(bytes / 1000)} kB`
