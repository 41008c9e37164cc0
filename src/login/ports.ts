/** The ports of the use cases, apart from the store's (store-port.ts) and that of people (people-port.ts). Adapters implement them; each method's comment is its contract. */
import type { Person } from '../domain/person.ts'
import type { Place } from '../domain/place.ts'
import type { EndReason } from '../domain/step.ts'
import type { BrowserInfo, Ticket } from '../domain/ticket.ts'
import type { WechatIds } from '../domain/wechat-ids.ts'
import type { CodedFields } from '../log-codes.ts'
import type { Audit } from './audit.ts'

export interface Tickets {
  /**
   * Stores a new ticket. Where MAX_TICKETS are under way, or its network has its share of them, it takes the slot of the oldest ticket that was neither
   * polled nor scanned, which is deleted. Rejects with `too-many-tickets` where there is none.
   */
  add (ticket: Ticket): Promise<void>
  /** Begins what `secureSlot` does, while the ticket is being read: where this process has made the ticket, for the browser whose secret has this hash. */
  beginSecuring (id: string, secretHash: string): Promise<boolean> | undefined
  /**
   * Secures the ticket's slot, as its browser polls: from now on no new ticket can take it. Rejects with `ticket-not-found` where one already has. `securing` is
   * from `beginSecuring`.
   */
  secureSlot (ticket: Ticket, securing?: Promise<boolean>): Promise<void>
  /** The ticket, or undefined where there is none (unknown, or final for more than a minute). */
  read (id: string): Promise<Ticket | undefined>
  /** True for the one caller who makes the ticket that takes this one's place. Ends in some seconds, unless the new ticket is named by `keepSuccessor`. */
  claimSuccessor (ticket: Ticket, salt: string): Promise<boolean>
  keepSuccessor (ticket: Ticket, successor: { readonly salt: string, readonly id: string }): Promise<void>
  /** Gives up the claim with this salt. */
  releaseSuccessor (ticket: Ticket, salt: string): Promise<void>
  /** What was claimed, with an `id` of null until the new ticket is made; undefined where nothing is. */
  readSuccessor (ticket: Ticket): Promise<{ readonly salt: string, readonly id: string | null } | undefined>
  /** The version of each of these tickets; undefined where there is none. One request to the store, or a few. */
  versionsOf (ids: readonly string[]): Promise<Array<number | undefined>>
  /**
   * Stores a move; true for the one caller whose move starts from what is stored. A scan secures the slot as `secureSlot` does, or rejects like it.
   * `decided` is called as soon as the store has answered or failed, so that held polls don't wait for the slot to be updated as well; `isStored` is true where
   * this move is stored for certain.
   */
  replace (before: Ticket, after: Ticket, decided?: (isStored: boolean) => void): Promise<boolean>
  /** Those of these tickets that this person has scanned. */
  scannedBy (sub: string, ids: readonly string[]): Promise<readonly Ticket[]>
  /** Removes those of these tickets that this person has scanned, or is about to: a pending one. Instances that hold a poll for one hear of it. */
  removeOf (sub: string, ids: readonly string[]): Promise<void>
  /** Subscribes to moves made by other processes, as `Store.onChange` does: `listener(id)` for a ticket, `listener(null)` where some may have been missed. */
  onChange (listener: (id: string | null) => void): () => void
}

/** An app that waits for a login, which it has sent the browser to. */
export interface AppLogin {
  readonly name: string
  readonly origin: string
  /** Where a login begins at the app. */
  readonly startUrl: string
  /** When the app no longer waits. Milliseconds since 1970. */
  readonly endsAt: number
}

/** Finds the app that a login goes on to; null where `returnTo` leads to none, or to one that has given up. */
export type FindAppLogin = (returnTo: string) => Promise<AppLogin | null>

/** Hears how a login at an app has ended. `client` is its id, of those that are configured; `refused`: before the login; `failed`: when the app came for its tokens. */
export type OnAppLogin = (client: string, outcome: 'ok' | 'refused' | 'failed') => void

/** A phone's signing key, as it is issued. */
export interface NewPhoneKey { readonly id: string, readonly key: string /* base64url, 32 bytes */, readonly sub: string, readonly expiresAt: number }

/** A signing key in use. Confirmations by it count as made at `since`: a sign-out everywhere ends those made at its cutoff or before. */
export interface PhoneKey extends NewPhoneKey { readonly since: number }

/** The phones' signing keys, stored in such a way that whoever reads the store can't sign. */
export interface PhoneKeys {
  /**
   * Lists the key as its person's and stores it. `ended` are the ids of the person's oldest keys, ended as they were too many. `isKept` is false where all keys
   * of the person were ended at the same time: the phone needs another key.
   */
  add (key: NewPhoneKey): Promise<{ readonly isKept: boolean, readonly ended: readonly string[] }>
  /**
   * Ends all keys of a person except `exceptKeyId`, at once and on all instances; `ended` are the ids that this call ended. Confirmations that count as made
   * at `cutoff` or before are no longer valid. Repeatable: another call finishes what broke off. Rejects with `key-unknown` where `exceptKeyId` was itself
   * ended meanwhile.
   */
  endAll (sub: string, exceptKeyId: string | null): Promise<{ readonly ended: readonly string[], readonly cutoff: number }>
  /**
   * The key as this process has last issued or read it, without a request to the store; undefined where it hasn't. It may have been ended since: good for
   * the check of a signature while `read` is under way, never in its place. Undefined also while a `read` of this key is under way: of many calls at once
   * only one is then taken for its person's before it is known whether the key has been ended.
   */
  recall (id: string): PhoneKey | undefined
  /** The key, or undefined where there is none (unknown, ended, or sealed under a secret that is no longer in the key file). */
  read (id: string): Promise<PhoneKey | undefined>
  /**
   * Ends all keys of a person, and leaves nothing of them in the store. The one that signs the call, if one does, goes last: it can repeat the call where this breaks off.
   */
  eraseAll (sub: string, signingKeyId: string | null): Promise<void>
  /** True for the one caller who uses this nonce first, for as long as the key lives. */
  claimNonce (key: Pick<PhoneKey, 'id' | 'expiresAt'>, nonce: string): Promise<boolean>
  /** Gives back a nonce that this caller has claimed, as nothing was done for its call. */
  releaseNonce (key: Pick<PhoneKey, 'id'>, nonce: string): Promise<void>
}

/** Time as an argument: the time of day, a monotonic clock and a timer. */
export interface Clock {
  /** Milliseconds since 1970. May be set, forwards and back, while the process runs: for moments that are stored or sent, not for durations. */
  now (): number
  /** By how many milliseconds `now` may be wrong, either way. An end that one process wrote is past for another only beyond both errors. */
  errorMs (): number
  /** Milliseconds since some moment in the past. Monotonic: for every duration inside one process. */
  steady (): number
  /** Calls back once after `ms`, unless the returned function is called first. Does not keep the process alive. */
  after (ms: number, call: () => void): () => void
}

export interface CodeImage {
  readonly bytes: Buffer
  /** Read from the first bytes, never from WeChat's `Content-Type`. */
  readonly type: 'image/png' | 'image/jpeg'
}

export interface CodeSource {
  /**
   * The mini-program code that carries this ticket id as its `scene`. Concurrent callers share one call to WeChat. `quotaKey` says for
   * whom the call is made, where that is known: WeChat's quota is shared out fairly among these keys. Rejects with `wechat-unavailable` or `store-unavailable`.
   */
  codeFor (ticketId: string, quotaKey?: string): Promise<CodeImage>
}

/** A ticket id with a prefetched code. Where neither method is called, the id is dropped. */
export interface PrefetchedTicketId {
  readonly id: string
  /** A ticket has this id: its code is cached, and another is prefetched in its place. */
  use (): void
  /** The ticket was refused, and nothing is stored under this id: the next visitor gets it. */
  putBack (): void
}

export interface PrefetchedCodes {
  /** Reserves an id with a prefetched code for a ticket; undefined where there is none, or where this key has had its share. */
  takeTicketId (quotaKey: string): PrefetchedTicketId | undefined
}

export interface LinkSource {
  /**
   * WeChat's link that opens the mini program with this ticket, on the phone that it is tapped on: an absolute URL that works until two minutes after
   * `endsAt`. Concurrent callers share one call to WeChat. `quotaKey` as for a code. Rejects with `wechat-unavailable` or `store-unavailable`.
   */
  linkFor (ticketId: string, endsAt: number, quotaKey?: string): Promise<string>
}

export interface PhoneIdentity {
  /** WeChat's ids behind a js_code; WeChat accepts each js_code once. Rejects with `js-code-invalid`, `wechat-user-blocked` or `wechat-unavailable`. */
  idsFor (jsCode: string): Promise<WechatIds>
}

/** The part of pino's interface that is used. A logger of pino's or Fastify's warns through this type, too: it demands the code. */
export interface Log {
  info (fields: object, message: string): void
  warn (fields: CodedFields<'warn'>, message: string): void
  error (fields: CodedFields<'error'>, message: string): void
}

/** A browser's login, without secrets. Times are milliseconds since 1970. */
export interface Session {
  /** 22 characters of base64url; public, the `sid` of tokens. */
  readonly id: string
  readonly sub: string
  readonly browser: BrowserInfo
  readonly createdAt: number
  readonly lastSeenAt: number
  /** The idle end or the absolute end, whichever comes first. */
  readonly expiresAt: number
  /** The origin of the other site that it was opened for, which gets tokens and no cookie; null for our own site. */
  readonly site: string | null
}

/** A session in use, with its person as they are now. */
export interface PersonalSession extends Session { readonly person: Person }

/** A session with the secret for its cookie. The server keeps a hash of the secret only. */
export interface OpenedSession {
  readonly session: Session
  readonly secret: string
  /** When the cookie ends: the absolute end. */
  readonly endsAt: number
}

export interface SessionOpening {
  /**
   * Opens the session of a consumed ticket. Repeatable: the same ticket and browser secret give the same session; undefined once that has ended.
   * Records a step each time, repeated calls included, so that no session is in use without one.
   */
  open (ticket: Ticket, browserSecret: string, audit: Audit): Promise<OpenedSession | undefined>
}

export interface SessionOpener {
  /** The id that the session of this ticket will have; told before the session opens, so that its person can end it at any time. */
  idFor (ticketId: string, browserSecret: string): string
  /** Begins to read what opening a session of this person needs, so that it need not be waited for after the ticket is consumed. */
  prepare (sub: string): SessionOpening
  /**
   * Ends the sessions behind these secrets of a browser's cookies, as `session` takes their place. Repeatable. Where a later login in the same
   * browser has come first, it ends `session` instead and resolves with false.
   */
  endSuperseded (secrets: readonly string[], session: Session, audit: Audit): Promise<boolean>
}

export interface SessionEnder {
  /**
   * Ends all sessions of a person, and prevents those of tickets that were confirmed at `cutoff` or before; records a step for each that it ended.
   * Repeatable: another call finishes what broke off. Resolves with how many this call ended.
   */
  endAll (sub: string, cutoff: number, by: EndReason, audit: Audit): Promise<number>
  /**
   * Ends all sessions of a person and those with these ids, which may be about to open, and records a step for each that it ended. What is left in the store for some
   * minutes names nobody. Repeatable.
   */
  eraseAll (sub: string, opening: readonly string[], by: EndReason, audit: Audit): Promise<void>
  /** Ends a person's session at once and for good, and records that; within a minute once more, where the answer may have got lost. False where this call did not end one. */
  end (sub: string, id: string, by: EndReason, audit: Audit): Promise<boolean>
  /** Ends the session of a confirmed ticket for its person, or prevents it where it hasn't opened yet, and records which. Repeatable; the repetition is recorded as one. */
  endOfTicket (ticket: Ticket, audit: Audit): Promise<void>
  /**
   * Whether the person has a session of the time before people were recorded that hasn't ended, in any browser. A later one proves nothing of somebody without a record:
   * that was deleted.
   */
  hasAny (sub: string): Promise<boolean>
  /** Whether the session of a confirmed ticket was ended, or prevented. False once that was so long ago that it is forgotten. */
  hasEnded (ticket: Ticket): Promise<boolean>
}

/** The consequences of a person's earlier wrong numbers. */
export interface WrongNumberState {
  /** They have to type the number; three to choose from are no longer offered. */
  readonly mustType: boolean
  /** How long they can neither scan nor confirm; 0 for no lockout. */
  readonly lockoutMs: number
}

/** Wrong numbers, counted per person. Every method rejects with `store-unavailable` where the store fails: no guess goes uncounted. */
export interface WrongNumbers {
  stateOf (sub: string): Promise<WrongNumberState>
  /** Counts a wrong number. `count`: how many this person has entered within a month. `lockoutMs`: of the lockout that this one begins; 0 for none. */
  add (sub: string): Promise<{ readonly count: number, readonly lockoutMs: number }>
  /**
   * Runs `work` under a lock on this person, held across all instances, with the state as it is then. `release` ends the lock before the work does: where the
   * rest of it judges no number. Rejects with `rate-limited` where the lock isn't free within 2 s.
   */
  exclusively<T> (sub: string, work: (state: WrongNumberState, release: () => void) => Promise<T>): Promise<T>
}

export interface Places {
  /** The place of a plain address; null where it is not known. Never throws: a login needs no place. */
  placeOf (address: string): Place | null
}
