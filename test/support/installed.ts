import { accessSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { programFolders, programs } from './tiers.js'

/** Returns the path of a program of `programs`, by the first of its names that exists: in one of `programFolders`, which need not be on PATH, else on PATH. prepare.js has installed it. */
export const installed = (name: string): string => {
  const { names = [name] } = programs[name] ?? {}
  const folders = [...programFolders, ...(process.env.PATH ?? '').split(delimiter)]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(exists) ?? name
}

const exists = (file: string): boolean => {
  try {
    accessSync(file)
    return true
  } catch {
    return false
  }
}
