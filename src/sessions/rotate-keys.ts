/**
 * Owns the change of the signing key, in the file alone. A new key is shown for a day before it signs, so that by then every instance has the file and every
 * site the key; running instances read the file by themselves (`follow-key-file`) and all change over at the same moment. The subject key never changes.
 */
import { closeSync, fsyncSync, openSync, realpathSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { isAlreadyThere, parseKeyFile, readPrivately, writeDraft, type KeyFile, type Keys } from './key-file.ts'
import { acceptedAfterMs, acceptedKeys, makeSigningKey } from './signing-key.ts'

/** Sites keep the keys for five minutes or, against our word, for hours; people need time to bring a file to several machines. Milliseconds. */
const shownBeforeMs = 86_400_000

export interface Rotation {
  /** False where an earlier one is not over yet; then nothing was changed. */
  readonly isNew: boolean
  /** When the new key begins to sign. */
  readonly signsFrom: Date
  /** When the old one is no longer believed. */
  readonly acceptedUntil: Date
}

/** Adds a key that signs from tomorrow on, and takes out those that have ended. Throws an Error whose message is for the operator; then the file is as it was. */
export const rotateKeys = (path: string, now: number): Rotation => change(path, (file, keys) => {
  const coming = keys.signing.find(({ signsFrom }) => signsFrom > now)
  if (coming !== undefined) return { file, result: rotation(false, coming.signsFrom) }
  const believed = acceptedKeys(keys.signing, now)
  const signsFrom = Math.floor((now + shownBeforeMs) / 1000) * 1000
  const kept = file.signing.filter((_, i) => believed.includes(keys.signing[i] as Keys['signing'][number])) // one for one
  return { file: { ...file, signing: [makeSigningKey(signsFrom), ...kept] }, result: rotation(true, signsFrom) }
})

/** Puts one new key in the place of all signing keys, for when they have become known. Throws as `rotateKeys` does. */
export const replaceKeys = (path: string): void => change(path, (file) => ({ file: { ...file, signing: [makeSigningKey()] }, result: undefined }))

const rotation = (isNew: boolean, signsFrom: number): Rotation =>
  ({ isNew, signsFrom: new Date(signsFrom), acceptedUntil: new Date(signsFrom + acceptedAfterMs) })

/** Reads, changes and writes the file while nobody else does: whoever makes the draft has the turn. */
const change = <Result>(path: string, next: (file: KeyFile, keys: Keys) => { file: KeyFile, result: Result }): Result => {
  parseOurs(path) // refused before anything is made
  const target = realpathSync(path) // a link stays a link
  const draft = takeTurn(`${target}.new`)
  try {
    const { file, keys } = parseOurs(path)
    const after = next(file, keys)
    if (after.file === file) {
      rmSync(draft)
      return after.result
    }
    writeDraft(draft, after.file)
    renameSync(draft, target) // the old file or the new one, whenever the power goes
    flushFolder(dirname(target))
    return after.result
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

const takeTurn = (draft: string): string => {
  try {
    closeSync(openSync(draft, 'wx', 0o600))
    return draft
  } catch (cause) {
    const why = isAlreadyThere(cause) ? 'is there: keys are being changed just now, or that was cut short; then delete it' : `can't be made: ${(cause as Error).message}`
    throw new Error(`${draft} ${why}`, { cause }) // node:fs throws Errors
  }
}

/** Only what is wholly understood is written anew. */
const parseOurs = (path: string): { file: KeyFile, keys: Keys } => {
  const parsed = parseKeyFile(path, readPrivately(path))
  const unknown = Object.keys(parsed.file).filter((name) => !['signing', 'subject', 'cookie'].includes(name))
  if (unknown.length > 0) throw new Error(`${path} holds more than this release knows (${unknown.join(', ')}) and stays as it is`)
  return parsed
}

const flushFolder = (folder: string): void => {
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
