// Owns what the checks know of the folder as files: their names as they stand on the disk, and their text.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'

/** Every file of the folder, with slashes, in order. */
export const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(folder, file)).isFile())
    .map((file) => file.split(sep).join('/'))
    .sort()

export const textOf = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8')
