/** Owns where the programs lie that tests start; prepare.js has seen to it that they are there. */
import { accessSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Finds a program: where Debian has it, which need not be on everybody's PATH, else on PATH. */
export const installed = (name: string): string =>
  ['/usr/bin', '/usr/sbin', ...(process.env.PATH ?? '').split(delimiter)].map((folder) => join(folder, name)).find(exists) ?? name

const exists = (file: string): boolean => {
  try {
    accessSync(file)
    return true
  } catch {
    return false
  }
}
