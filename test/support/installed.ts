/** Owns where the programs lie that tests start; prepare.js has seen to it that they are there. */
import { accessSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { places, programs } from './tiers.js'

/** Finds a program of `programs` by the first of its names that there is: in one of `places`, which need not be on everybody's PATH, else on PATH. */
export const installed = (name: string): string => {
  const { names = [name] } = programs[name] ?? {}
  const folders = [...places, ...(process.env.PATH ?? '').split(delimiter)]
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
