/** Owns what a database has to offer to become a Store, and the text in which a value is kept. Knows no database. */
import type { KeyvStoreAdapter } from 'keyv'
import type { Count, DecidingCount, LimitedWindow, Slot, SlotGrant, SlotTerms } from '../login/store-port.ts'

/** A database: plain storage for Keyv, and beside it what Keyv has no words for. Each boolean is decided by the database in one step. */
export interface Backend {
  /** get, set, delete, clear and has for Keyv. An entry whose time is up is absent; `delete` is true for one caller; faults are thrown. */
  readonly storage: KeyvStoreAdapter
  /** Keeps a text where there is none. */
  claim (key: string, text: string, ttlMs: number): Promise<boolean>
  /** Removes a text where it is still this one. */
  removeClaim (key: string, text: string): Promise<boolean>
  /** Keeps a text where the value now kept is an object with this `version`. */
  replace (key: string, version: number, text: string, ttlMs: number): Promise<boolean>
  /** A member that has a slot already keeps it, with the new end. */
  acquirePlainSlot (group: string, member: string, ttlMs: number, limit: number): Promise<boolean>
  releasePlainSlot (group: string, member: string): Promise<void>
  /** As `Store`'s, with a whole `ttlMs`. */
  acquireSlot (slot: Slot, terms: SlotTerms): Promise<SlotGrant>
  secureSlot (slot: Slot): Promise<boolean>
  releaseSlot (slot: Slot): Promise<void>
  /** Counts one more, and begins a window where none is under way. */
  count (key: string, windowMs: number): Promise<Count>
  countWithin (windows: readonly [LimitedWindow, ...LimitedWindow[]], windowMs: number): Promise<DecidingCount>
  countsWithin (keys: readonly [string, ...string[]]): Promise<readonly Count[]>
  /** As `Store`'s. */
  onChange (listener: (key: string | null) => void): () => void
  /** The time by which entries end, in milliseconds since 1970. */
  now (): number
  /** By how much that may be wrong, in milliseconds; 0 where nobody else's clock is asked. */
  timeErrorMs (): number
  /** Hears that a call has failed, so that the next has a better chance. */
  failed (error: Error): void
  /** Hears that an answer is overdue, likewise. */
  overdue (error: Error): void
  close (): Promise<void>
}

/**
 * Writes the envelope in which Keyv keeps a value, without the `expires` that Keyv would add: Keyv compares that with the reader's
 * own clock and deletes for everybody what one fast clock believes is over. When an entry ends is the database's to know alone.
 */
export const encode = ({ value }: { value?: unknown }): string => JSON.stringify({ value })

/** Reads the envelope. Throws where the text is none, so that a damaged entry never looks like an absent one. */
export const decode = <Value>(text: string): { value: Value } => {
  const envelope: unknown = JSON.parse(text)
  if (typeof envelope !== 'object' || envelope === null || !Object.hasOwn(envelope, 'value')) {
    throw new Error('The stored text is not one of ours')
  }
  return envelope as { value: Value } // Whoever reads a key knows what was written under it.
}
