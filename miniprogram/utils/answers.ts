/** What the service's answers mean: their bodies, checked and in the phone's names. A function returns undefined if a body isn't as the service sends it. */
import { bodyOf } from './outcome'
import type { Body } from './outcome'

const text = (value: unknown): string | undefined => typeof value === 'string' ? value : undefined
const textOrNull = (value: unknown): string | null => text(value) ?? null

/** A person as the service knows them: never by a WeChat id. */
export interface User { readonly sub: string, readonly name: string | null }

export interface BrowserName {
  readonly name: string
  readonly system: string
  /** Empty for a browser that isn't logged in as this person: the service doesn't disclose its address. */
  readonly ip: string
  /** The network of the address, `203.0.113.*`; null if that would be the address itself, and from an older service. */
  readonly network: string | null
  /** Where the address is, in Chinese and in English; null if the service doesn't know. */
  readonly place: string | null
  readonly placeEn: string | null
}

/** How the person gives the number on the screen: by tapping one of three, by typing two digits, or not at all. */
export type Match = 'tap' | 'type' | 'off'

/** What the person who scanned is asked to decide. */
export interface Offer {
  /** The session of the login if this person has confirmed it; undefined before, and from an older service. */
  readonly session: string | undefined
  /** `confirmed`: this person has confirmed it already. */
  readonly state: 'scanned' | 'confirmed'
  /** `origin` is where the login page is, `service` the origin of the login service; mostly the same. `app` is where an app is that the login goes on to. */
  readonly site: { readonly name: string, readonly origin: string, readonly service: string, readonly app?: string | undefined }
  readonly browser: BrowserName
  /** By its own words; a tablet counts as a computer. False from an older service. */
  readonly isPhone: boolean
  /** Where this phone's own address is, in Chinese and in English; null if the service doesn't know. */
  readonly phonePlace: string | null
  readonly phonePlaceEn: string | null
  /** Browser and phone seem to be in different countries or regions. */
  readonly isOtherCountry: boolean
  /** The browser may be on this phone, as far as the service can tell; false from an older service. */
  readonly isSamePhone: boolean
  /** Milliseconds since 1970, by the service's clock. */
  readonly createdAt: number
  /** Seconds from the answer. */
  readonly expiresIn: number
  readonly match: Match
  /** The numbers to tap; empty unless `match` is `tap`. */
  readonly choices: readonly string[]
}

/** A browser that is logged in as this person. */
export interface LoggedInBrowser {
  readonly id: string
  readonly browser: BrowserName
  /** Milliseconds since 1970, like `lastSeenAt`; 0 if the service doesn't tell. */
  readonly createdAt: number
  readonly lastSeenAt: number
  /** The name of the site that the login is for; null if that is the service's own. */
  readonly site: string | null
}

const registrations = ['open', 'approval', 'closed'] as const
export const listedStates = ['waiting', 'active', 'blocked'] as const
const personStates = ['unknown', ...listedStates] as const

/** Who may come in: everybody, whoever an owner has let in, or nobody whom the site doesn't know. */
export type Registration = typeof registrations[number]
/** The states in which an owner finds people. */
export type ListedState = typeof listedStates[number]
/** `unknown`: nothing is stored of them. */
export type PersonState = typeof personStates[number]

/** What the home page shows. */
export interface Overview {
  readonly sessions: readonly LoggedInBrowser[]
  readonly registration: Registration
  readonly state: PersonState
  /** How many people wait to be let in; undefined to whoever is no owner. */
  readonly peopleWaiting: number | undefined
}

/** A person, as an owner sees them. Times are milliseconds since 1970; 0 for who has never scanned. */
export interface Person {
  readonly id: string
  /** What logs and other programs call them: `wx-` and 16 characters. */
  readonly handle: string
  readonly name: string | null
  readonly state: PersonState
  readonly groups: readonly string[]
  readonly firstSeenAt: number
  readonly lastSeenAt: number
}

export interface PeoplePage {
  readonly people: readonly Person[]
  /** What to ask for the next page with; null on the last. */
  readonly next: string | null
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
  const state = body.state === 'scanned' ? body.state : readConfirmed(body)?.state
  const origin = text(site.origin)
  const createdAt = Date.parse(String(body.created_at))
  const match = readMatch(body)
  if (state === undefined || origin === undefined || Number.isNaN(createdAt) || typeof body.expires_in !== 'number' || match === undefined) return undefined
  const phonePlace = textOrNull(body.phone_place)
  return {
    ...match,
    session: text(body.session),
    state,
    site: { name: text(site.name) ?? origin, origin, service: text(site.service) ?? origin, app: text(site.app) },
    browser: browserOf(body.browser),
    isPhone: bodyOf(body.browser).is_phone === true,
    phonePlace,
    phonePlaceEn: text(body.phone_place_en) ?? phonePlace,
    isOtherCountry: body.other_country === true,
    isSamePhone: body.same_phone === true,
    createdAt,
    expiresIn: body.expires_in,
  }
}

/** Strict, as a wrong body must not lead to a screen with a single button that confirms. An older service sends `match_choices` without `match`. */
const readMatch = ({ match, match_choices: choices = null }: Body): Pick<Offer, 'match' | 'choices'> | undefined => {
  if (match === 'tap' || (match === undefined && choices !== null)) {
    const isChoiceList = Array.isArray(choices) && choices.length > 0 && choices.every((choice) => typeof choice === 'string')
    return isChoiceList ? { match: 'tap', choices } : undefined
  }
  if (choices !== null || !(match === undefined || match === 'type' || match === 'off')) return undefined
  return { match: match ?? 'off', choices: [] }
}

/** A login that this person has confirmed: the ticket may be consumed already when the answer comes. */
export interface Confirmed { readonly state: 'confirmed', readonly session: string | undefined }

export const readConfirmed = (body: Body): Confirmed | undefined =>
  body.state === 'confirmed' || body.state === 'consumed' ? { state: 'confirmed', session: text(body.session) } : undefined

/** The name that a person has from now on. In an object, as the name may be null. */
export const readRenamed = (body: Body): { readonly name: string | null } | undefined => {
  const user = bodyOf(body.user)
  return typeof user.sub === 'string' ? { name: textOrNull(user.name) } : undefined
}

export const readCancelled = (body: Body): 'cancelled' | undefined => body.state === 'cancelled' ? 'cancelled' : undefined

/** An older service tells the sessions alone: it lets everybody in. */
export const readOverview = (body: Body): Overview | undefined => Array.isArray(body.sessions)
  ? {
      sessions: body.sessions.flatMap((session) => browserSession(bodyOf(session)) ?? []),
      registration: registrations.find((one) => one === body.registration) ?? 'open',
      state: personStates.find((one) => one === body.state) ?? 'active',
      peopleWaiting: typeof body.people_waiting === 'number' ? body.people_waiting : undefined,
    }
  : undefined

export const readPeople = (body: Body): PeoplePage | undefined => Array.isArray(body.people)
  ? { people: body.people.flatMap((person) => readPerson(bodyOf(person)) ?? []), next: textOrNull(body.next) }
  : undefined

export const readPerson = (body: Body): Person | undefined => {
  const [id, handle] = [text(body.id), text(body.handle)]
  const state = personStates.find((one) => one === body.state)
  if (id === undefined || handle === undefined || state === undefined) return undefined
  return {
    id,
    handle,
    name: textOrNull(body.name),
    state,
    groups: Array.isArray(body.groups) ? body.groups.flatMap((group) => text(group) ?? []) : [],
    firstSeenAt: Date.parse(String(body.first_seen_at)) || 0,
    lastSeenAt: Date.parse(String(body.last_seen_at)) || 0,
  }
}

const browserSession = (session: Body): LoggedInBrowser | undefined => {
  const id = text(session.id)
  const lastSeenAt = Date.parse(String(session.last_seen_at))
  return id === undefined || Number.isNaN(lastSeenAt) ? undefined : { id, browser: browserOf(session.browser), createdAt: Date.parse(String(session.created_at)) || 0, lastSeenAt, site: textOrNull(bodyOf(session.site).name) }
}

/** Empty for what the service calls "Unknown browser": the phone has its own words for that. */
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
