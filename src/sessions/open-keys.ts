/** The key file as a service opens it at its start: made, or added to, where no other instance uses it. */
import { existsSync } from 'node:fs'
import type { Clock, Log } from '../login/ports.ts'
import { addProviderKeys } from './key-changes.ts'
import { followKeyFile, makeKeyFile, readKeyFile, type FollowedKeys } from './key-file.ts'

export interface KeyNeeds {
  /** Several instances use the file: none of them makes keys, as they would differ. */
  readonly isShared: boolean
  /** Keys of the OpenID Provider have to be there. */
  readonly needsProvider: boolean
}

/** Follows the key file. Throws an Error whose message is one line for the operator, or several. */
export const openKeys = (path: string, { isShared, needsProvider }: KeyNeeds, clock: Clock, log: Log): FollowedKeys => {
  if (isShared) {
    if (!existsSync(path)) throw new Error(`KEYS_FILE ${path} does not exist: make it with "npm run keys" and give it to every instance`)
  } else if (!makeKeyFile(path, { withProvider: needsProvider }) && needsProvider && readKeyFile(path).provider === null) addTo(path, log)
  return followKeyFile(path, clock, log, { needsProvider })
}

const addTo = (path: string, log: Log): void => {
  try {
    addProviderKeys(path)
  } catch (cause) {
    throw new Error(`${path} has no keys for the OpenID Provider, and a start can't add them as "npm run keys -- add-provider" does: ${(cause as Error).message}`, { cause }) // it throws Errors
  }
  log.info({}, `${path} has keys for the OpenID Provider now, besides those that it had: keep a new copy of it`)
}
