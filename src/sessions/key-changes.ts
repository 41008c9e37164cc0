/** Changes to the key file while services read it, made by `npm run keys`: rotation, replacement, and keys for the OpenID Provider. */
import { keyFileText, parseKeyFile, readKeyFile } from './key-file.ts'
import type { StoredSigningKey } from './key-pair.ts'
import { acceptedAfterMs, acceptedKeys, generateSigningKey, type Keys, type StoredKeys } from './key-set.ts'
import { readPrivateFile } from './private-file.ts'
import { acceptedProviderKeys, generateProviderKeys, providerAcceptedAfterMs } from './provider-keys.ts'
import { replaceFile } from './replace-file.ts'

export interface Rotation {
  /** False where the key of an earlier rotation does not sign yet; then the file is unchanged. */
  readonly isNew: boolean
  /** When the new key begins to sign. */
  readonly signsFrom: Date
  /** When the old key is no longer accepted. */
  readonly acceptedUntil: Date
  /** When the OpenID Provider's old keys are no longer accepted; null where the file has none. */
  readonly providerAcceptedUntil: Date | null
}

/**
 * How long a new key is published before it signs. Sites cache the keys for five minutes or, against our max-age, for hours; operators need time to
 * copy the file to several machines.
 */
const publishedBeforeMs = 86_400_000

/**
 * Adds a key that signs from tomorrow on, and one for each algorithm of the OpenID Provider where the file has such keys; removes those that have ended. By tomorrow every
 * instance has the file and every site the new key, and all instances switch at the same moment. Throws an Error whose message is for the operator; the file is unchanged then.
 */
export const rotateKeys = (path: string, now: number): Rotation => change(path, (stored, keys) => {
  const { signing, provider } = keys
  const next = [...signing, ...provider ?? []].find(({ signsFrom }) => signsFrom > now)
  if (next !== undefined) return { stored, result: rotation(keys, false, next.signsFrom) }
  const signsFrom = Math.floor((now + publishedBeforeMs) / 1000) * 1000
  const newSigning = [generateSigningKey(signsFrom), ...keptOf(stored.signing, signing, acceptedKeys(signing, now))]
  const newProvider = provider === null || stored.oidc === undefined ? {} : { oidc: [...generateProviderKeys(signsFrom), ...keptOf(stored.oidc, provider, acceptedProviderKeys(provider, now))] }
  return { stored: { ...stored, signing: newSigning, ...newProvider }, result: rotation(keys, true, signsFrom) }
})

/** Parsed one for one. */
const keptOf = <Key>(stored: readonly StoredSigningKey[], keys: readonly Key[], accepted: readonly Key[]): readonly StoredSigningKey[] =>
  stored.filter((_, i) => accepted.includes(keys[i] as Key))

const rotation = ({ provider }: Keys, isNew: boolean, signsFrom: number): Rotation => ({
  isNew,
  signsFrom: new Date(signsFrom),
  acceptedUntil: new Date(signsFrom + acceptedAfterMs),
  providerAcceptedUntil: provider === null ? null : new Date(signsFrom + providerAcceptedAfterMs),
})

/** Replaces all signing keys, and all keys of the OpenID Provider where the file has some, by new ones, for when they have leaked. Tells whether it has. Throws as `rotateKeys` does. */
export const replaceKeys = (path: string): { hasProvider: boolean } => change(path, (stored) => {
  const hasProvider = stored.oidc !== undefined
  return { stored: { ...stored, signing: [generateSigningKey()], ...hasProvider && { oidc: generateProviderKeys() } }, result: { hasProvider } }
})

/** Adds keys of the OpenID Provider. False where the file has some: it is unchanged then, and may be read-only. Throws as `rotateKeys` does. */
export const addProviderKeys = (path: string): boolean => readKeyFile(path).provider === null && change(path, (stored) =>
  stored.oidc === undefined ? { stored: { ...stored, oidc: generateProviderKeys() }, result: true } : { stored, result: false })

/** Reads, changes and writes the file. */
const change = <Result>(path: string, next: (stored: StoredKeys, keys: Keys) => { stored: StoredKeys, result: Result }): Result => {
  parseForChange(path) // an unusable file is refused before anything is written
  return replaceFile(path, () => {
    const { stored, keys } = parseForChange(path)
    const after = next(stored, keys)
    return { text: after.stored === stored ? null : keyFileText(after.stored), result: after.result }
  })
}

/** Refuses members that this release does not know: writing the file would drop or misread them. */
const parseForChange = (path: string): { stored: StoredKeys, keys: Keys } => {
  const parsed = parseKeyFile(path, readPrivateFile(path).text)
  const unknown = Object.keys(parsed.stored).filter((name) => !['signing', 'oidc', 'subject', 'cookie'].includes(name))
  if (unknown.length > 0) throw new Error(`${path} has members that this release does not know (${unknown.join(', ')}) and stays as it is`)
  return parsed
}
