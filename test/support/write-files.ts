import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** Name → text; a file that is undefined isn't written. */
export type Files = Readonly<Record<string, string | undefined>>

/** Writes files to a folder. */
export const writeFiles = async (folder: string, files: Files): Promise<void> => {
  for (const [file, text] of Object.entries(files)) {
    if (text === undefined) continue
    await mkdir(dirname(join(folder, file)), { recursive: true })
    await writeFile(join(folder, file), text)
  }
}
