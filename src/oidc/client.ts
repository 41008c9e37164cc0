/** A client of the OpenID Provider: an app that people log in to. */
import { hash, timingSafeEqual } from 'node:crypto'
import type { ClaimMap } from './claim-map.ts'
import type { AppName } from './presets/presets.ts'

export interface OidcClient {
  readonly clientId: string
  readonly app: AppName
  /** For people, on the phone and on pages: plain text, never empty. */
  readonly name: string
  /** Where the app is, without a slash at its end. */
  readonly url: string
  /** Of `url`: the phone shows it beside the name. */
  readonly origin: string
  /** Where a login begins at the app: "start again at the site" leads there. */
  readonly loginUrl: string
  /** Without a secret; such a client must use PKCE. */
  readonly isPublic: boolean
  /** SHA-256 in hex, two while a secret is being changed. None for a public client. */
  readonly secretHashes: readonly string[]
  /** Compared exactly. None for a client with the device flow alone. */
  readonly redirectUris: readonly string[]
  readonly postLogoutRedirectUris: readonly string[]
  readonly backchannelLogoutUri: string | null
  readonly idTokenAlg: 'RS256' | 'ES256'
  readonly allow: 'everybody' | { readonly groups: readonly string[] }
  readonly isPkceRequired: boolean
  /** Null where the claim is left out. */
  readonly emailVerified: boolean | null
  readonly claims: ClaimMap
  /** Whether it may ask for the scope `wechat`. */
  readonly mayReadWechatIds: boolean
  readonly mayUseDeviceFlow: boolean
  /** How long the app waits for a login to end; null where that isn't known. */
  readonly loginSeconds: number | null
}

/** Tells whether a person in these groups may log in to a client. */
export const admits = ({ allow }: Pick<OidcClient, 'allow'>, groups: readonly string[]): boolean =>
  allow === 'everybody' || allow.groups.some((group) => groups.includes(group))

/** Hashes a client's secret. It has 256 random bits: a slow hash would make every call for a token slower, and no guess more likely to fail. */
export const hashClientSecret = (secret: string): string => hash('sha256', secret, 'hex')

/** Compares a text with the secrets of a client in constant time. Nothing matches for a public client. */
export const secretMatches = ({ secretHashes }: Pick<OidcClient, 'secretHashes'>, text: string): boolean => {
  const given = Buffer.from(hashClientSecret(text), 'hex')
  const matches = secretHashes.map((expected) => timingSafeEqual(Buffer.from(expected, 'hex'), given)) // all of them: which one it is stays hidden
  return matches.includes(true)
}
