/** A person as the sites know them: a stable opaque id instead of the openid, a name to show, and whether they may come in. */
import { createHmac, hash, type KeyObject } from 'node:crypto'
import { mimicOf, type Mimic } from './mimic.ts'
import { isPlainText } from './text.ts'

/** Derives the `sub` of a person at this mini program, which never changes: HMAC-SHA256 over appid, NUL, openid, as 43 characters of base64url. */
export const subjectOf = (appid: string, openid: string, subjectKey: KeyObject): string =>
  createHmac('sha256', subjectKey).update(`${appid}\0${openid}`).digest('base64url')

/** Derives the handle, which is what people, logs and other programs call a person: `wx-` and 16 characters of base32 (RFC 4648 §6, in lower case). */
export const handleOf = (sub: string): string => {
  const digits = BigInt(`0x${hash('sha256', `handle\0${sub}`, 'hex').slice(0, 20)}`).toString(32).padStart(16, '0')
  return `wx-${[...digits].map((digit) => base32[parseInt(digit, 32)]).join('')}`
}

const base32 = 'abcdefghijklmnopqrstuvwxyz234567'

/**
 * Makes a person's e-mail address, as other programs ask for one: their handle at the service's own domain (OIDC_EMAIL_DOMAIN). Nobody types it, so that it can't
 * be somebody else's.
 */
export const emailOf = (sub: string, domain: string): string => `${handleOf(sub)}@${domain}`

/** Tells whether a text has the form of a handle. */
export const isHandle = (text: string): boolean => /^wx-[a-z2-7]{16}$/.test(text)

export const groupPattern = '[a-z0-9-]{1,32}'

/** Tells whether a text can be the name of a group. */
export const isGroup = (text: string): boolean => new RegExp(`^${groupPattern}$`).test(text)

/** Each token names a person's groups, and so does a header of 4 KB at the most behind common proxies. */
export const maxGroups = 50

/** `unknown`: nothing is stored of them. `waiting`: an owner has not let them in yet. */
export type PersonState = 'unknown' | 'waiting' | 'active' | 'blocked'

/** The states that a stored person can have. */
export type KnownState = Exclude<PersonState, 'unknown'>

export const knownStates = ['waiting', 'active', 'blocked'] as const satisfies readonly KnownState[]

/** Who may come in: everybody; whoever an owner has let in; nobody who isn't known. Whoever is blocked never may. */
export type Registration = 'open' | 'approval' | 'closed'

/** Times are milliseconds since 1970. */
export interface Person {
  readonly sub: string
  readonly state: PersonState
  readonly name: string | null
  readonly groups: readonly string[]
  readonly isOwner: boolean
  /** When the record was made; null for an unknown person. Whoever deletes their data and comes back has another one: nothing that began under the first is valid. */
  readonly recordedAt: number | null
  /** Null for who was let in ahead of their first scan. */
  readonly firstSeenAt: number | null
  readonly lastSeenAt: number | null
}

export type AdmissionRefusal = 'person-unknown' | 'person-waiting' | 'person-blocked'

/**
 * Tells why a person may not go on with a login or a session, or null. `begunUnder` is the `recordedAt` under which it began; undefined where it began before there were
 * records: then it goes on, unless the person is waiting or blocked.
 */
export const refusalOf = ({ state, recordedAt }: Pick<Person, 'state' | 'recordedAt'>, begunUnder?: number): AdmissionRefusal | null => {
  if (state === 'blocked' || state === 'waiting') return `person-${state}`
  return begunUnder === undefined || begunUnder === recordedAt ? null : 'person-unknown'
}

/** Tells why a name is refused; null for an allowed one: at most 32 characters of plain text that imitate nothing. */
export const whyNotName = (name: string): 'unreadable' | Mimic | null => isPlainText(name, 32) ? mimicOf(name) : 'unreadable'
