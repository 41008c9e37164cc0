/** Owns the key file: how it is made and read. A file that is missing, open to others, not as made here or with keys one can guess stops the start. */
import { randomBytes } from 'node:crypto'
import { chmodSync, closeSync, existsSync, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { looksRandom } from './random-looking.ts'
import { isGuessable, makeSigningKey, parseSigningKey, type KeptKey, type SigningKeys } from './signing-key.ts'

export interface Keys {
  /** Looked up anew for each token: a key file may be rotated while the service runs. */
  readonly signing: SigningKeys
  /** 32 bytes that turn an openid into a subject. Lose them and everybody becomes somebody else. */
  readonly subject: Buffer
  /** 32 bytes that the secrets of session cookies are derived with, and the names under which addresses and people are counted; and that phone keys are sealed under. */
  readonly cookie: Buffer
}

/** What stands in the file. */
export interface KeyFile {
  readonly signing: readonly KeptKey[]
  readonly subject: string
  readonly cookie: string
}

/** Makes new keys. */
export const generateKeys = (): Keys => parseKeys(generateKeyFile())

/** Reads the key file. Throws an Error whose message is a line for the operator, or several; it says nothing of what is in the file. */
export const readKeyFile = (path: string): Keys => parseKeyFile(path, readPrivately(path)).keys

/** Reads what stands in the file, and what that means. Throws as `readKeyFile` does. */
export const parseKeyFile = (path: string, text: string): { file: KeyFile, keys: Keys } => {
  let file: KeyFile
  let keys: Keys
  try {
    file = JSON.parse(text) as KeyFile // parseKeys finds out
    keys = parseKeys(file)
  } catch {
    throw new Error(`${path} is not a key file of scan-login (npm run keys makes one)`) // the cause would quote the file
  }
  const weak = guessable(file)
  if (weak.length > 0) throw new Error(weak.map((which) => `${path}: ${which} can be guessed: take one that npm run keys has made`).join('\n'))
  return { file, keys }
}

/** Reads a file that nobody but its owner can read. Throws as `readKeyFile` does. */
export const readPrivately = (path: string): string => {
  const file = openKeyFile(path)
  try {
    const stat = fstatSync(file) // of the very file that is read
    const { mode, uid } = stat
    if (!stat.isFile()) throw new Error(`${path} can't be read: it is no file`)
    if ((mode & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`)
    const user = process.getuid?.()
    if (user !== undefined && uid !== user && uid !== 0) throw new Error(`${path} belongs to user ${uid}, and this is user ${user}: the one who runs scan-login must own it`)
    return readFileSync(file, 'utf8')
  } finally {
    closeSync(file)
  }
}

const openKeyFile = (path: string): number => {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    throw new Error(`${path} can't be read: ${(cause as Error).message}`, { cause }) // node:fs throws Errors
  }
}

/**
 * Makes the key file, readable by its owner only. False where there is one already, which stays as it is. Of several processes one wins.
 * Throws an Error whose message is one line for the operator.
 */
export const makeKeyFile = (path: string): boolean => {
  if (existsSync(path)) return false // perhaps in a folder that nobody can write to
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    return writeFirst(path)
  } catch (cause) {
    throw new Error(`${path} can't be made: ${(cause as Error).message}`, { cause }) // node:fs throws Errors
  }
}

const writeFirst = (path: string): boolean => {
  const draft = `${path}.${process.pid}.new`
  try {
    writeDraft(draft, generateKeyFile())
    linkSync(draft, path) // whole or not at all, and never over an existing file
    return true
  } catch (error) {
    if (isAlreadyThere(error)) return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/** Writes a key file beside the one that counts, for its owner only, and sees to it that it is on the disk. */
export const writeDraft = (draft: string, keyFile: KeyFile): void => {
  const file = openSync(draft, 'w', 0o600)
  try {
    chmodSync(draft, 0o600)
    writeFileSync(file, `${JSON.stringify(keyFile, null, 2)}\n`)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

export const isAlreadyThere = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'EEXIST'

const generateKeyFile = (): KeyFile => ({
  signing: [makeSigningKey()],
  subject: randomBytes(32).toString('base64url'),
  cookie: randomBytes(32).toString('base64url'),
})

const parseKeys = (file: KeyFile): Keys => {
  const [first, ...others] = file.signing.map(parseSigningKey)
  if (first === undefined) throw new Error('there is no signing key')
  return { signing: [first, ...others], subject: parseSecret(file.subject), cookie: parseSecret(file.cookie) }
}

const parseSecret = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.length !== 32) throw new Error('a secret is not 32 bytes')
  return bytes
}

/** The keys that are no secret, by what they are called. */
const guessable = ({ signing, subject, cookie }: KeyFile): readonly string[] => [
  ...(signing.some(isGuessable) ? ['a signing key'] : []),
  ...(looksRandom(subject) ? [] : ['the subject key']),
  ...(looksRandom(cookie) && cookie !== subject ? [] : ['the cookie key']),
]
