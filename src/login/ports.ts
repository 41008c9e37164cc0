/** The ports of the use cases, but for the store's (store-port.ts): each method is a contract that an adapter implements. */
import type { Place } from '../domain/place.ts'
import type { SessionEnder } from '../domain/step.ts'
import type { BrowserInfo, Ticket } from '../domain/ticket.ts'
import type { Audit } from './audit.ts'

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
