/** What is known of an app before anybody configures it: its addresses, what it makes of claims, and what to enter there. */
import type { ClaimMap } from '../claim-map.ts'

/** A sentence for people, in each language of the commands. */
export interface Words {
  readonly en: string
  readonly zh: string
}

/** What the other side needs to know. */
export interface SetupValues {
  readonly issuer: string
  readonly discovery: string
  readonly authorization: string
  readonly token: string
  readonly userinfo: string
  readonly jwks: string
  readonly endSession: string
  readonly clientId: string
  /** What to enter where the secret belongs. Empty for a public client. */
  readonly clientSecret: string
  /** The app's address. */
  readonly url: string
  readonly redirectUris: readonly string[]
}

/** A part of what is done at the app: a sentence, fields of a form with what to enter, or lines for a file or a shell. */
export type SetupPart = Words | { readonly fields: ReadonlyArray<readonly [label: string, value: string]> } | { readonly lines: readonly string[] }

export interface Preset {
  /** The app's own name. */
  readonly label: string
  /** What follows the app's address in its redirect URIs; empty where each installation has another. */
  readonly redirectPaths: readonly string[]
  readonly postLogoutPaths?: readonly string[]
  readonly backchannelPath?: string
  /** Where a login begins; the app's first page where it isn't said. */
  readonly loginPath?: string
  readonly idTokenAlg?: 'RS256' | 'ES256'
  readonly claims?: ClaimMap
  readonly emailVerified?: boolean
  /** How long the app keeps the `state` of a login. */
  readonly loginSeconds?: number
  /** Which way the app sends its secret; `none` for a public client. Either of the others is accepted from each client. */
  readonly clientAuth: 'basic' | 'post' | 'none'
  readonly setup: (values: SetupValues) => readonly SetupPart[]
}
