/** Private files and folders, written whole and flushed. */
import { hash, createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { readPrivateFile } from '../../sessions/private-file.ts'

export interface Digest {
  readonly bytes: number
  readonly sha256: string
}

export const digestOf = (content: Buffer): Digest => ({ bytes: content.length, sha256: hash('sha256', content, 'hex') })

/** Passes a content on; `done` gets its digest at its end. */
export async function * digesting (content: AsyncIterable<Buffer> | Iterable<Buffer>, done: (digest: Digest) => void): AsyncGenerator<Buffer> {
  const sum = createHash('sha256')
  let bytes = 0
  for await (const chunk of content) {
    sum.update(chunk)
    bytes += chunk.length
    yield chunk
  }
  done({ bytes, sha256: sum.digest('hex') })
}

/** Writes a new file, for its owner only, and flushes it to the disk. Rejects where there is one. */
export const writeNewFile = async (path: string, content: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> => {
  const file = await open(path, 'wx', 0o600)
  try {
    for await (const chunk of content) await file.writeFile(chunk) // it goes on where the last one ended
    await file.sync()
  } finally {
    await file.close()
  }
}

const leastPassphraseChars = 16

/** The passphrase in a private file, without the newline at its end. */
export const readPassphrase = (path: string): string => {
  const passphrase = readPrivateFile(path).text.replace(/\r?\n$/, '')
  if (passphrase.length < leastPassphraseChars) throw new Error(`${path} has a passphrase of ${passphrase.length} characters: at least ${leastPassphraseChars} are needed, and openssl rand -base64 32 makes a good one`)
  return passphrase
}
