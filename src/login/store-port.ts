/** `stores/` implements this port over a file and over Redis; one contract suite runs against both. */

/** A count in the current window, and how long that window still lasts. */
export interface Count { readonly count: number, readonly endsInMs: number }

/** A window that may be full. */
export interface LimitedWindow { readonly key: string, readonly limit: number }

/** `key` names the window that decided: the first full one, or the last. */
export interface DecidingCount extends Count { readonly key: string }

/** A slot of a group, for one member. Each owner may have a share of the group's slots. */
export interface Slot { readonly group: string, readonly owner: string, readonly member: string }

export interface SlotTerms {
  readonly ttlMs: number
  /** How many slots the group has. */
  readonly limit: number
  /** How many of them one owner may have. */
  readonly ownerLimit: number
  /** Whether the slot may be given to another member until it is secured. */
  readonly isProvisional: boolean
}

/** Which texts of a sorted list to read, and how many at the most. */
export interface ListRange {
  /** Only texts that begin so; '' for all. */
  readonly prefix: string
  /** Only texts that come later than this one, which need not be in the list; null for the first ones. */
  readonly after: string | null
  readonly limit: number
}

/** `evicted` is the member that lost its slot to this one. */
export interface SlotGrant { readonly isAcquired: boolean, readonly evicted: string | null }

/**
 * A store of JSON values by key, shared by several processes. Every `boolean` is decided by the store in one step: of any number of
 * concurrent callers exactly one gets true.
 *
 * Every method rejects with `store-unavailable` when the store does not answer within the adapter's limit (≤ 2 s) or fails; whether anything
 * was stored is then unknown, and the caller treats it as not stored. A key consists of fixed words and ids of a known alphabet, joined by ':'.
 * `ttlMs` and `windowMs` are finite numbers above 0, rounded up; anything else is a RangeError. An entry past its end is absent for every method.
 *
 * Entries, lists and `count` are durable: on the embedded store, what a call has stored, removed or read is safe on the disk when it resolves, and not even a power cut
 * undoes it. So are claims, and with them used nonces. Slots and the counts of `countAgainstLimits` outlive the process; a power cut may undo the last of them, but
 * none that came before something durable. What Redis keeps is said in stores/README.md.
 */
export interface Store {
  /** Milliseconds since 1970 by the store's clock, the same for all processes whatever their own clocks say. Entries end by it. */
  now (): number
  /** By how many milliseconds `now` may be wrong, either way: half the round trip where the time is read over a network. */
  timeErrorMs (): number
  /** The value, or undefined. */
  read<T> (key: string): Promise<T | undefined>
  /** The values of all these keys, in one request to the store, or in a few. */
  readMany<T> (keys: readonly string[]): Promise<Array<T | undefined>>
  /** Stores a value whatever was there before. A `ttlMs` of null keeps it until it is removed. */
  write (key: string, value: unknown, ttlMs: number | null): Promise<void>
  /** Removes an entry; true for the one caller who found it. */
  remove (key: string): Promise<boolean>
  /** Stores a value where there is none; true for the one caller who did. This is how the right to do a thing once is taken. */
  claim (key: string, value: unknown, ttlMs: number): Promise<boolean>
  /**
   * Claims, and where that succeeds reads the values of `keys` after it; undefined where it doesn't. For locks: a power cut may undo the claim. One request to the
   * store, or two where a store doesn't keep the order of what is sent together.
   */
  claimAndRead<T> (key: string, value: unknown, ttlMs: number, keys: readonly string[]): Promise<Array<T | undefined> | undefined>
  /** Removes what `claim` stored, where it is still this value; true for the one caller who did. A later claim of another caller stays. */
  removeClaim (key: string, value: unknown): Promise<boolean>
  /** Compare-and-set: stores `value` where the entry still has `version`; true for the one caller who did. `value.version` is higher than `version`. */
  replace (key: string, version: number, value: { readonly version: number }, ttlMs: number): Promise<boolean>
  /** Acquires one of a group's `limit` slots that have no owner, until it is released or `ttlMs` are over. False where all are taken. */
  acquirePlainSlot (group: string, member: string, ttlMs: number, limit: number): Promise<boolean>
  releasePlainSlot (group: string, member: string): Promise<void>
  /**
   * Acquires a slot until it is released or its time is over; a member that has one keeps it, with the new end. Where the owner has no slot left, the
   * owner's oldest provisional one is evicted; where the group has none left, the group's oldest provisional one. A call that acquires nothing evicts nobody.
   */
  acquireSlot (slot: Slot, terms: SlotTerms): Promise<SlotGrant>
  /** Makes a slot one that can't be evicted; false where the member has none (any more). Repeated calls write nothing. */
  secureSlot (slot: Slot): Promise<boolean>
  releaseSlot (slot: Slot): Promise<void>
  /**
   * Adds one to the current window's count, and begins a window of `windowMs` where there is none. No two callers get the same count. Only the end
   * of its time, by the store's clock, ends a window.
   */
  count (key: string, windowMs: number): Promise<Count>
  /**
   * Adds one to each of these windows, as `count` does; but where one has reached its limit, to the first such window alone, so that a refused call
   * uses up nothing of the other limits. In one step. These counts are separate from those of `count`.
   */
  countAgainstLimits (windows: readonly [LimitedWindow, ...LimitedWindow[]], windowMs: number): Promise<DecidingCount>
  /**
   * Reads windows of `countAgainstLimits` without counting. The first key must be the same as there: Redis takes the hash tag from it. The count is 0 where no
   * window is under way. Counts are separate from entries: one key may name both.
   */
  readLimitCounts (keys: readonly [string, ...string[]]): Promise<readonly Count[]>
  /** Adds a text of 1 to 300 characters to a sorted list; one that is in it changes nothing. A list has no end, and needs no more time the longer it gets. */
  addToList (list: string, text: string): Promise<void>
  /** Removes a text from a sorted list; true for the one caller who found it. */
  removeFromList (list: string, text: string): Promise<boolean>
  /** Reads texts in the order of their UTF-8 bytes. */
  readList (list: string, range: ListRange): Promise<readonly string[]>
  /** How many texts a list has. */
  lengthOfList (list: string): Promise<number>
  /**
   * Subscribes to replacements made by other processes; returns the unsubscribe function. `listener(key)`: this value was replaced. `listener(null)`, at
   * most once a second: replacements may have been missed, re-read what you care about; within 2 s of what was missed. A hint, nothing is decided by it.
   */
  onChange (listener: (key: string | null) => void): () => void
  /** Resolves when the store can be read and written now. */
  check (): Promise<void>
  close (): Promise<void>
}
