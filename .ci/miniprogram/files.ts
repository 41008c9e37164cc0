import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, sep } from 'node:path'

/** Lists all files below the folder, relative to it, with slashes, sorted. Names have the case that they have on disk. */
export const filesOf = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(join(folder, file)).isFile())
    .map((file) => file.split(sep).join('/'))
    .sort()

export const textOf = (folder: string, file: string): string => readFileSync(join(folder, file), 'utf8')
