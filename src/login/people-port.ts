/** The ports of people: who is known, who may come in, and the WeChat ids that are kept of them. `people/` implements them. */
import type { KnownState, Person } from '../domain/person.ts'
import type { WechatIds } from '../domain/wechat-ids.ts'

/** A ticket that a person has scanned, and until when it is stored at the latest. */
export interface ScannedTicket { readonly id: string, readonly storedUntil: number }

/** `next` is where the next page begins; null after the last one. A page may have fewer people than its limit. */
export interface PeoplePage { readonly people: readonly Person[], readonly next: string | null }

/** Everybody who has been here or was let in ahead of their first scan. No WeChat id is stored here. */
export interface PersonRegister {
  /** The person; with the state `unknown` where nothing is stored but, perhaps, a name. */
  read (sub: string): Promise<Person>
  /** Stores a new person, and resolves with them; undefined where there is one. `isSeen`: they are here now. */
  create (sub: string, person: { readonly state: KnownState, readonly groups?: readonly string[], readonly isSeen: boolean, readonly ticket?: ScannedTicket }): Promise<Person | undefined>
  /** Makes sure that owners find a person, as they were read, in the list of their state. Asks the store only where a change has broken off; rejects where that fails. */
  ensureListed (person: Person): Promise<void>
  /** Changes the state; true for the one caller who did. False where the person isn't in one of the states `from`. */
  setState (sub: string, from: readonly KnownState[], to: KnownState): Promise<boolean>
  /** Notes that the person is here, starting from what `read` has found in the same call. False where that record is no more, as their data was deleted meanwhile, and where they were blocked. */
  noteScan (person: Person, ticket: ScannedTicket): Promise<boolean>
  /**
   * Sets a person's name; an empty one removes it. `begunUnder` is the `recordedAt` that the caller has read. Rejects with `person-unknown` where the person's data was
   * deleted meanwhile.
   */
  rename (sub: string, name: string, begunUnder?: number | null): Promise<void>
  /** Sets what `next` makes of the groups; false for an unknown person. */
  setGroups (sub: string, next: (groups: readonly string[]) => readonly string[]): Promise<boolean>
  setOwner (sub: string, isOwner: boolean): Promise<boolean>
  /** People in this state, those who got into it last first. `after` is the `next` of the page before. */
  list (state: KnownState, page: { readonly after: string | null, readonly limit: number }): Promise<PeoplePage>
  /** About how many people are in this state: a change that broke off may count one twice. */
  count (state: KnownState): Promise<number>
  /** People whose handle or name begins with this text, whatever its case; 50 at the most. */
  find (text: string): Promise<readonly Person[]>
  /** The ids of the tickets that the person has scanned, or has tried to, and that may still be stored. */
  ticketsOf (sub: string): Promise<readonly string[]>
  /** The `sub` of the person with this handle. */
  byHandle (handle: string): Promise<string | undefined>
  /**
   * Removes all that is stored here of a person; of a blocked one all but that. Nothing that they began before is valid from the beginning on. `eraseOthers` has to delete
   * what is stored elsewhere, their tickets with these ids among it; it is called again where the person does something meanwhile. Repeatable.
   */
  erase (sub: string, eraseOthers: (ticketIds: readonly string[]) => Promise<void>): Promise<void>
}

/** WeChat's ids of people, sealed. Where they aren't to be kept, only what was kept before is read and erased. */
export interface WechatIdRegister {
  /** Keeps a person's ids; a unionid that isn't given leaves the one that is kept. True where this has changed something. */
  keep (sub: string, ids: WechatIds): Promise<boolean>
  /** Stores the ids of somebody who may become known, for as long as a phone's key lives. */
  remember (sub: string, ids: WechatIds): Promise<void>
  /** Keeps what `remember` has stored; true where there was something. */
  keepRemembered (sub: string): Promise<boolean>
  /** The ids, or undefined. Rejects where they were sealed under another key. */
  read (sub: string): Promise<WechatIds | undefined>
  /** Removes the ids; true for the one caller who found some. */
  erase (sub: string): Promise<boolean>
}
