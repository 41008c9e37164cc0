/** A store and a key file that a release has left, with who was logged in then: test/contract/releases has one folder for each. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { testClient } from './oidc.ts'

export const releasesFolder = join(import.meta.dirname, '../contract/releases')

/** What else is in a folder, as logged-in.json. */
export interface LoggedInThen {
  /** Milliseconds since 1970. */
  readonly at: number
  readonly sub: string
  readonly cookie: string
  readonly token: string
  readonly phoneKey: { readonly key_id: string, readonly key: string }
  readonly refreshToken: string
  readonly blockedSub: string
}

export const readLoggedIn = (folder: string): LoggedInThen => JSON.parse(readFileSync(join(folder, 'logged-in.json'), 'utf8'))

export const oldClient = testClient()
