/** Owns what the use cases need from below, each method as a contract. Adapters implement it; nothing here runs. */
import type { RandomBytes } from '../domain/ids.ts'
import type { MatchMode } from '../domain/match.ts'
import type { Place } from '../domain/place.ts'
import type { BrowserInfo, Ticket } from '../domain/ticket.ts'
import type { Audit, SessionEnder } from './audit.ts'
import type { WaitingRoom } from './waiting-room.ts'

/** How often something was counted in the window under way, and in how many milliseconds that ends. */
export interface Count { readonly count: number, readonly endsInMs: number }

/** A window that may be full. */
export interface LimitedWindow { readonly key: string, readonly limit: number }

/** How the windows were found: the count of the window with this key, the first full one or the last. */
export interface DecidingCount extends Count { readonly key: string }

/** One of the slots in a group. Each has an owner, who has a share of them. */
export interface Slot { readonly group: string, readonly owner: string, readonly member: string }

export interface SlotTerms {
  readonly ttlMs: number
  /** How many slots the group has. */
  readonly limit: number
  /** How many of them one owner may have. */
  readonly ownerLimit: number
  /** Whether somebody else may be given the slot while it isn't secured. */
  readonly isProvisional: boolean
}

/** Whether a slot was acquired, and the member who has lost theirs to it. */
export interface SlotGrant { readonly isAcquired: boolean, readonly evicted: string | null }

/**
 * A store of JSON values by key, on which several processes may work. Every `boolean` is decided by the store in one step: of any
 * number of callers at the same time, one gets true.
 *
 * Every method rejects with `store-unavailable` when the store does not answer within the adapter's limit (≤ 2 s) or could not do
 * what was asked; the outcome is then unknown and counts as not done. A key is built from fixed words and ids of a known alphabet, joined by ':'.
 * `ttlMs` and `windowMs` are finite numbers above 0, rounded up; anything else is a RangeError. An entry whose time is up is absent for every method.
 */
export interface Store {
  /** What time it is, in milliseconds since 1970: the same for all processes on this store, whatever their own clocks say. Entries end by it. */
  now (): number
  /** By how much `now` may be wrong, forwards or back, in milliseconds: where the time is read over a network, half the way there and back. */
  timeErrorMs (): number
  /** The value, or undefined. */
  read<T> (key: string): Promise<T | undefined>
  /** The values of all these keys, in one question to the store, or in a few. */
  readMany<T> (keys: readonly string[]): Promise<Array<T | undefined>>
  /** Stores a value that nobody races for. `null` keeps it for good. */
  write (key: string, value: unknown, ttlMs: number | null): Promise<void>
  /** Removes an entry; true for the one caller who found it. */
  remove (key: string): Promise<boolean>
  /** Stores a value where there is none; true for the one caller who did. The right to do a thing once. */
  claim (key: string, value: unknown, ttlMs: number): Promise<boolean>
  /** Removes what `claim` stored, where it is still this value; true for the one caller who did. What somebody else has claimed since then stays. */
  removeClaim (key: string, value: unknown): Promise<boolean>
  /** Stores `value` where the entry still has `version`; true for the one caller who did. `value.version` is higher than `version`. */
  replace (key: string, version: number, value: { readonly version: number }, ttlMs: number): Promise<boolean>
  /** Acquires one of a group's `limit` slots that have no owner, until it is released or `ttlMs` are over. False where all are taken. */
  acquirePlainSlot (group: string, member: string, ttlMs: number, limit: number): Promise<boolean>
  releasePlainSlot (group: string, member: string): Promise<void>
  /**
   * Acquires a slot until it is released or its time is over; a member that has one keeps it, with the new end. Where the owner has no slot left, the
   * owner's oldest provisional one is taken; where the group has none, its oldest provisional one. Nobody is evicted for a call that acquires nothing.
   */
  acquireSlot (slot: Slot, terms: SlotTerms): Promise<SlotGrant>
  /** Makes a slot one that nobody else is given; false where the member has none (any more). From the second time on nothing is written. */
  secureSlot (slot: Slot): Promise<boolean>
  releaseSlot (slot: Slot): Promise<void>
  /**
   * Counts one more in the window under way, and begins one of `windowMs` where there is none; each caller is told another count.
   * Nothing but its end, by the store's own time, ends a window.
   */
  count (key: string, windowMs: number): Promise<Count>
  /**
   * Counts one more in each of these windows, as `count` does; or, where one has reached its limit, in the first such alone, so that who is over one limit
   * uses up no other. In one step. These counts are apart from those of `count`.
   */
  countWithin (windows: readonly [LimitedWindow, ...LimitedWindow[]], windowMs: number): Promise<DecidingCount>
  /**
   * The windows of `countWithin` with these keys, of which the first is as wide as the first there, as they are; a count of 0 where none is under way.
   * Counts are apart from the entries: one key may name both.
   */
  countsWithin (keys: readonly [string, ...string[]]): Promise<readonly Count[]>
  /**
   * Subscribes to replacements made by other processes; returns the unsubscribe function. `listener(key)`: this value was replaced. `listener(null)`, at
   * most once a second: replacements may have been missed, re-read what you care about; within 2 s of what was missed. A hint, nothing is decided by it.
   */
  onChange (listener: (key: string | null) => void): () => void
  /** Resolves when the store can be read and written just now. */
  check (): Promise<void>
  close (): Promise<void>
}

/** The tickets, each with an end of its own. */
export interface Tickets {
  /**
   * Keeps a new ticket. Where MAX_TICKETS are under way, or its network has its share of them, the oldest ticket that was neither polled nor scanned
   * is forgotten for it; where there is none, rejects with `too-many-tickets`.
   */
  add (ticket: Ticket): Promise<void>
  /** Lets nobody forget this ticket for a new one from now on, as its browser polls. Rejects with `ticket-not-found` where that was done. */
  keep (ticket: Ticket): Promise<void>
  /** The ticket, or undefined where there is none (unknown, or final for more than a minute). */
  read (id: string): Promise<Ticket | undefined>
  /** The version of each of these tickets; undefined where there is none. Asks the store once, or a few times. */
  versionsOf (ids: readonly string[]): Promise<Array<number | undefined>>
  /**
   * Stores a move; true for the one caller whose move starts from what is stored. A scan keeps the ticket as `keep` does, or rejects like it.
   * `decided` is called as soon as the store has answered, whatever it said: those who wait for the ticket need not wait for what is done for it then.
   */
  replace (before: Ticket, after: Ticket, decided?: () => void): Promise<boolean>
  /** Subscribes to moves made by other processes, as `Store.onChange` does: `listener(id)` for a ticket, `listener(null)` where some may have been missed. */
  onChange (listener: (id: string | null) => void): () => void
}

/** A phone's signing key, as it is issued. */
export interface NewPhoneKey { readonly id: string, readonly key: string /* base64url, 32 bytes */, readonly sub: string, readonly expiresAt: number }

/** A signing key in use. `since` dates what it approves: all that is of the moment when its person signed out everywhere, or before, has ended. */
export interface PhoneKey extends NewPhoneKey { readonly since: number }

/** They are kept so that nobody who reads the store can sign. */
export interface PhoneKeys {
  /**
   * Lists the key as its person's and keeps it. `ended` are the ids of the oldest that were too many. Not kept where all keys of the person
   * were ended meanwhile: the phone needs another.
   */
  add (key: NewPhoneKey): Promise<{ readonly isKept: boolean, readonly ended: readonly string[] }>
  /**
   * Ends all keys of a person but `spared`, at once and on all instances; `ended` are the ids of those that this call ended. What is dated `endedAt` or before
   * counts no more. Again, it finishes what broke off. Rejects with `key-unknown` where `spared` was itself ended meanwhile.
   */
  endAll (sub: string, spared: string | null): Promise<{ readonly ended: readonly string[], readonly endedAt: number }>
  /** The key, or undefined where there is none (unknown, ended, or kept under secrets that are not ours any more). */
  read (id: string): Promise<PhoneKey | undefined>
  /** True for the one caller who shows this nonce first, as long as the key lives. */
  claimNonce (key: Pick<PhoneKey, 'id' | 'expiresAt'>, nonce: string): Promise<boolean>
}

/** Time as an argument: the time of day, a measure for durations, and a timer. */
export interface Clock {
  /** Milliseconds since 1970. May be set, forwards and back, while the process runs: good for moments that are stored or told, not for durations. */
  now (): number
  /** By how much `now` may be wrong, forwards or back, in milliseconds. An end that was noted by one process and is found by another is past only beyond both errors. */
  errorMs (): number
  /** Milliseconds since some moment in the past. Only ever grows, as nobody sets it: for every duration inside one process. */
  steady (): number
  /** Calls back once after `ms`, unless the returned function was called first. Does not keep the process alive. */
  after (ms: number, call: () => void): () => void
}

export interface CodeImage {
  readonly bytes: Buffer
  /** Told by the first bytes, never by WeChat's label. */
  readonly type: 'image/png' | 'image/jpeg'
}

/** Where mini-program codes come from. */
export interface CodeSupply {
  /**
   * The code that carries this ticket id as its `scene`. Callers at the same time share one call. `clientKey` is whose ticket it is, as far as
   * that is known: whoever asks much waits first. Rejects with `wechat-unavailable` or `store-unavailable`.
   */
  codeFor (ticketId: string, clientKey?: string): Promise<CodeImage>
}

/** A ticket id whose code is made already. Where neither is called, nobody gets it any more. */
export interface ReadyTicketId {
  readonly id: string
  /** Its ticket is made: the code is kept for it, and another made ahead in its place. */
  use (): void
  /** Its ticket was refused, and nothing is stored under it: the next visitor gets it. */
  putBack (): void
}

/** Where ticket ids come from whose codes are made already. */
export interface CodeStock {
  /** An id that nobody else gets meanwhile, for a ticket of this client; undefined where none is ready, or where this client has had its share. */
  takeTicketId (clientKey: string): ReadyTicketId | undefined
}

/** Where links come from that open the mini program on the phone they are tapped on. */
export interface LinkSupply {
  /**
   * WeChat's link to the login page with this ticket: an absolute URL that works until `endsAt` and two minutes more. Callers at the
   * same time share one call. `clientKey` as for a code. Rejects with `wechat-unavailable` or `store-unavailable`.
   */
  linkFor (ticketId: string, endsAt: number, clientKey?: string): Promise<string>
}

/** Who a js_code stands for. */
export interface PhoneIdentity {
  /** The openid behind a js_code, asked for once. Rejects with `js-code-invalid`, `wechat-user-blocked` or `wechat-unavailable`. */
  openidFor (jsCode: string): Promise<string>
}

/** What the floors below tell the operator; pino's shape, cut to what is used. */
export interface Log {
  info (fields: object, message: string): void
  warn (fields: object, message: string): void
  error (fields: object, message: string): void
}

/** A browser's login, as others may know it. Times are milliseconds since 1970. */
export interface Session {
  /** 22 characters of base64url; public, the `sid` of tokens. */
  readonly id: string
  readonly sub: string
  readonly browser: BrowserInfo
  readonly createdAt: number
  readonly lastSeenAt: number
  /** The idle end or the absolute one, whichever comes first. */
  readonly expiresAt: number
  /** The origin of the other site that it was opened for, which has tokens of it and no cookie; null for one of ours. */
  readonly site: string | null
}

/** A session together with the secret for its cookie, which the server can't tell a second time. */
export interface OpenedSession {
  readonly session: Session
  readonly secret: string
  /** When the cookie ends: the absolute end. */
  readonly endsAt: number
}

export interface SessionOpener {
  /**
   * Opens the session of a consumed ticket. Again for the same ticket and browser secret it finds the same one; undefined once that has ended.
   * Whenever one is handed out the audit is told, again too, so that none is in use without a word.
   */
  open (ticket: Ticket, browserSecret: string, audit: Audit): Promise<OpenedSession | undefined>
  /**
   * Ends the sessions that these secrets of a browser's cookies open, as `session` takes their place; again it finds that done. Where a login that
   * came later in the same browser was quicker, it ends `session` instead, and resolves with false.
   */
  replace (secrets: readonly string[], session: Session, audit: Audit): Promise<boolean>
}

export interface SessionsEnder {
  /**
   * Ends all sessions of a person at once, and those to come of tickets that were approved at `endedAt` or before; the audit is told of each. Again, it
   * finishes what broke off. Gives how many this call ended.
   */
  endAll (sub: string, endedAt: number, by: SessionEnder, audit: Audit): Promise<number>
}

/** What a person's wrong numbers mean for them just now. */
export interface WrongNumberStanding {
  /** They have to type the number; one of three is not offered any more. */
  readonly mustType: boolean
  /** In how many milliseconds they may scan again; 0 for at once. */
  readonly waitMs: number
}

/** Wrong numbers, counted per person. Every method rejects with `store-unavailable` where the store can't say: then nobody gets a guess for nothing. */
export interface WrongNumbers {
  standingOf (sub: string): Promise<WrongNumberStanding>
  /** Counts a wrong number: how many this person has had within a month, and for how many milliseconds they have to wait because of this one; 0 for not at all. */
  add (sub: string): Promise<{ readonly count: number, readonly waitMs: number }>
  /** Runs `work` while no other process or call does so for this person, and waits for the one that does. Rejects with `rate-limited` where that takes 2 s. */
  exclusively<T> (sub: string, work: () => Promise<T>): Promise<T>
}

/** How people are shown, by `sub`. */
export interface Names {
  /** The name a person chose, or null. */
  nameOf (sub: string): Promise<string | null>
}

/** Where addresses are. */
export interface Places {
  /** The place of a plain address, at once; null where it is not known. Never throws: a login needs no place. */
  placeOf (address: string): Place | null
}

/** What the use cases work with. */
export interface LoginDeps {
  readonly tickets: Tickets
  readonly waitingRoom: WaitingRoom
  readonly names: Names
  readonly places: Places
  readonly wrongNumbers: WrongNumbers
  readonly clock: Clock
  readonly random: RandomBytes
  /** Hears each step with whose call it was, so each call brings its own. */
  readonly audit: Audit
  readonly settings: {
    readonly ticketTtlSeconds: number
    /** How the phone asks for the number on the screen, and whether it does. */
    readonly matchNumbers: MatchMode | 'off'
    /** Origins that a visitor may be returned to, the site's own among them. */
    readonly returnOrigins: readonly string[]
  }
}
