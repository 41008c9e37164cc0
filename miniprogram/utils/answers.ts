/** How the service's answers are read: what came back as it should, by which code it was refused, or that nothing came. */
import type { Platform, Reply } from './ports'

/** The codes a phone can be refused with (CONTRACT "Errors"); any other counts as `internal`. */
export const serverCodes = [
  'bad-request', 'signature-invalid', 'clock-skew', 'replayed', 'key-unknown', 'js-code-invalid', 'match-wrong', 'wechat-user-blocked',
  'not-found', 'ticket-not-found', 'method-not-allowed', 'ticket-not-scanned', 'ticket-taken', 'ticket-confirmed', 'ticket-consumed',
  'ticket-cancelled', 'ticket-expired', 'payload-too-large', 'unsupported-media-type', 'rate-limited', 'internal', 'wechat-unavailable',
  'store-unavailable',
] as const

export type ServerCode = typeof serverCodes[number]

/**
 * What the phone itself finds: `offline` without a network and `no-answer` with one, where what was asked may or may not have happened;
 * `not-set-up`, WeChat lets this mini program call no such address; `too-old`, this WeChat lacks what is needed; `name-…`, the service shows nobody by this name, for
 * this reason, and `name-refused` for any other.
 */
export type FailureCode = ServerCode | 'offline' | 'no-answer' | 'not-set-up' | 'too-old' | `name-${NameReason}` | 'name-refused'

/** Why the service refuses a name. */
const nameReasons = ['unreadable', 'mixed-scripts', 'office', 'address'] as const

type NameReason = typeof nameReasons[number]

export interface Success<T> { readonly ok: true, readonly value: T }
export interface Failure {
  readonly ok: false
  readonly code: FailureCode
  /** The service's clock in seconds, where it said so. */
  readonly serverTime?: number
  /** In how many seconds it may be tried again, where it said so. */
  readonly retryAfter?: number
  /** Why, where the code alone doesn't say. */
  readonly reason?: string
}
export type Outcome<T> = Success<T> | Failure

export const offline: Failure = { ok: false, code: 'offline' }
export const wechatSilent: Failure = { ok: false, code: 'wechat-unavailable' }
export const tooOld: Failure = { ok: false, code: 'too-old' }
export const nameRefused = (reason: string | undefined): Failure => {
  const known = nameReasons.find((one) => one === reason)
  return { ok: false, code: known === undefined ? 'name-refused' : `name-${known}` }
}

/** Sends a call and reads what comes back; that nothing does is an outcome as well. */
export const answerTo = async <T>(platform: Platform, send: () => Promise<Reply>, read: (body: Body) => T | undefined): Promise<Outcome<T>> => {
  let reply: Reply
  try {
    reply = await send()
  } catch (reason) {
    // In WeChat's own words: `request:fail url not in domain list`.
    if (reason instanceof Error && /domain list/i.test(reason.message)) return { ok: false, code: 'not-set-up' }
    return await platform.isConnected() ? { ok: false, code: 'no-answer' } : offline
  }
  return outcomeOf(reply, read)
}

/** Reads a reply; `read` makes the value out of a 2xx body, or undefined where that isn't what the contract says. */
const outcomeOf = <T>(reply: Reply, read: (body: Body) => T | undefined): Outcome<T> => {
  const body = bodyOf(reply.body)
  if (reply.status >= 200 && reply.status < 300) {
    const value = read(body)
    return value === undefined ? { ok: false, code: 'internal' } : { ok: true, value }
  }
  const code = serverCodes.find((known) => known === body.code) ?? 'internal'
  return {
    ok: false,
    code,
    ...(typeof body.server_time === 'number' && { serverTime: body.server_time }),
    ...(reply.retryAfter !== undefined && { retryAfter: reply.retryAfter }),
    ...(typeof body.reason === 'string' && { reason: body.reason }),
  }
}

type Body = Readonly<Record<string, unknown>>

const bodyOf = (value: unknown): Body => typeof value === 'object' && value !== null ? value as Body : {}
const text = (value: unknown): string | undefined => typeof value === 'string' ? value : undefined
const textOrNull = (value: unknown): string | null => text(value) ?? null

/** How a person is known here: never a WeChat id. */
export interface User { readonly sub: string, readonly name: string | null }

export interface BrowserName {
  readonly name: string
  readonly system: string
  /** Empty for a browser that is not logged in as this person: then it is told to nobody. */
  readonly ip: string
  /** The network around the address, `203.0.113.*`; null where it says no more than the address, and from an older service. */
  readonly network: string | null
  /** Where the address is, in Chinese and in English; null where nobody knows. */
  readonly place: string | null
  readonly placeEn: string | null
}

/** How the number on the screen is asked for: one of three, two digits to type, or not at all. */
export type Match = 'tap' | 'type' | 'off'

/** What is being asked of the person who scanned. */
export interface Offer {
  /** `confirmed`: this person has said yes already. */
  readonly state: 'scanned' | 'confirmed'
  /** `origin` is the site that asks, `service` the one that logs people in for it; mostly the same. */
  readonly site: { readonly name: string, readonly origin: string, readonly service: string }
  readonly browser: BrowserName
  /** Where this phone's own address is, in Chinese and in English; null where nobody knows. */
  readonly phonePlace: string | null
  readonly phonePlaceEn: string | null
  /** Browser and phone seem to be in different countries or regions. */
  readonly isOtherCountry: boolean
  /** The browser may be on this very phone, as far as the service can tell; false from an older service. */
  readonly isSamePhone: boolean
  /** Milliseconds since 1970, by the service's clock. */
  readonly createdAt: number
  /** Seconds from the answer on. */
  readonly expiresIn: number
  readonly match: Match
  /** The numbers to choose from; empty where none are offered. */
  readonly choices: readonly string[]
}

/** A browser that is logged in as this person. */
export interface LoggedInBrowser {
  readonly id: string
  readonly browser: BrowserName
  readonly lastSeenAt: number
  /** The name of the other site that the login is for; null where it is the service's own. */
  readonly site: string | null
}

export interface Grant {
  readonly keyId: string
  readonly key: string
  readonly expiresIn: number
  readonly serverTime: number
  readonly user: User
}

export const readGrant = (body: Body): Grant | undefined => {
  const { key_id: keyId, key, expires_in: expiresIn, server_time: serverTime } = body
  const user = bodyOf(body.user)
  if (typeof keyId !== 'string' || typeof key !== 'string' || typeof expiresIn !== 'number' || typeof serverTime !== 'number') return undefined
  return typeof user.sub === 'string' ? { keyId, key, expiresIn, serverTime, user: { sub: user.sub, name: textOrNull(user.name) } } : undefined
}

export const readOffer = (body: Body): Offer | undefined => {
  const site = bodyOf(body.site)
  const state = body.state === 'scanned' ? body.state : readConfirmed(body)
  const origin = text(site.origin)
  const createdAt = Date.parse(String(body.created_at))
  const question = questionOf(body)
  if (state === undefined || origin === undefined || Number.isNaN(createdAt) || typeof body.expires_in !== 'number' || question === undefined) return undefined
  const phonePlace = textOrNull(body.phone_place)
  return {
    ...question,
    state,
    site: { name: text(site.name) ?? origin, origin, service: text(site.service) ?? origin },
    browser: browserOf(body.browser),
    phonePlace,
    phonePlaceEn: text(body.phone_place_en) ?? phonePlace,
    isOtherCountry: body.other_country === true,
    isSamePhone: body.same_phone === true,
    createdAt,
    expiresIn: body.expires_in,
  }
}

/** Anything but what the contract says must not turn into a screen with one button that confirms. An older service says no more than its numbers. */
const questionOf = ({ match, match_choices: choices = null }: Body): Pick<Offer, 'match' | 'choices'> | undefined => {
  if (match === 'tap' || (match === undefined && choices !== null)) {
    const isOffer = Array.isArray(choices) && choices.length > 0 && choices.every((choice) => typeof choice === 'string')
    return isOffer ? { match: 'tap', choices } : undefined
  }
  if (choices !== null || !(match === undefined || match === 'type' || match === 'off')) return undefined
  return { match: match ?? 'off', choices: [] }
}

/** The state a ticket is in after a yes: that this person logged in by it. */
export const readConfirmed = (body: Body): 'confirmed' | undefined => body.state === 'confirmed' || body.state === 'consumed' ? 'confirmed' : undefined

export const readCancelled = (body: Body): 'cancelled' | undefined => body.state === 'cancelled' ? 'cancelled' : undefined

export const readSessions = (body: Body): readonly LoggedInBrowser[] | undefined =>
  Array.isArray(body.sessions) ? body.sessions.flatMap((session) => browserSession(bodyOf(session)) ?? []) : undefined

const browserSession = (session: Body): LoggedInBrowser | undefined => {
  const id = text(session.id)
  const lastSeenAt = Date.parse(String(session.last_seen_at))
  return id === undefined || Number.isNaN(lastSeenAt) ? undefined : { id, browser: browserOf(session.browser), lastSeenAt, site: textOrNull(bodyOf(session.site).name) }
}

/** Empty for what the service couldn't tell, which it calls "Unknown browser": the phone has its own words for that. */
const known = (value: unknown): string => {
  const name = text(value) ?? ''
  return name.startsWith('Unknown ') ? '' : name
}

const browserOf = (value: unknown): BrowserName => {
  const browser = bodyOf(value)
  const place = textOrNull(browser.place)
  return {
    name: known(browser.name),
    system: known(browser.system),
    ip: text(browser.ip) ?? '',
    network: textOrNull(browser.network)?.replace(/\.0\/24$/, '.*').replace(/::\/48$/, ':*') ?? null,
    place,
    placeEn: text(browser.place_en) ?? place,
  }
}
