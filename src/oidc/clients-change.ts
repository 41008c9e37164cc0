/** Changes to the file of the clients, made by `npm run clients` while services read it. */
import { existsSync } from 'node:fs'
import { readProtectedFile } from '../sessions/private-file.ts'
import { replaceFile } from '../sessions/replace-file.ts'
import type { ClientEntry } from './client-entry.ts'
import { parseEntries } from './clients-file.ts'

/**
 * Changes the entries, and makes the file where there is none yet. What was there before is checked as at the start of the service, and so is what becomes of it: throws an Error whose message is
 * for the operator, and the file is unchanged then. An entry that stays is written as it was read.
 */
export const changeClients = (path: string, next: (entries: readonly ClientEntry[]) => readonly ClientEntry[]): void => {
  if (existsSync(path)) read(path) // an unusable file is refused before anything is written
  replaceFile(path, () => {
    const after = next(existsSync(path) ? read(path) : [])
    const text = `${JSON.stringify({ clients: after }, null, 2)}\n`
    parseEntries(path, text)
    return { text, result: undefined }
  }, { mayBeMissing: true, keptRights: 0o644 }) // it has no secrets: whoever could read it still can
}

const read = (path: string): readonly ClientEntry[] => parseEntries(path, readProtectedFile(path).text)
