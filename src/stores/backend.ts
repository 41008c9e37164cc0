/** What a database must implement to become a `Store`. */
import type { Store } from '../login/store-port.ts'
import type { KeyvStoreAdapter } from './keyv.ts'

type SameAsStore = 'acquirePlainSlot' | 'releasePlainSlot' | 'acquireSlot' | 'secureSlot' | 'releaseSlot' | 'count' | 'countAgainstLimits' | 'readLimitCounts' |
  'addToList' | 'removeFromList' | 'readList' | 'lengthOfList' | 'onChange' | 'now' | 'timeErrorMs' | 'close'

/**
 * A database: plain storage for Keyv, and beside it the atomic steps that Keyv doesn't have. Each boolean is decided by the database in one step. Arguments are
 * checked already, and times are whole; a value is a text (`encode`).
 */
export interface Backend extends Pick<Store, SameAsStore> {
  /** Keyv's adapter. An expired entry is absent; `delete` is true for one caller; faults are thrown. */
  readonly storage: KeyvStoreAdapter
  /** Stores a text where there is none. */
  claim (key: string, text: string, ttlMs: number): Promise<boolean>
  /** Stores a text where there is none, and then reads the texts of `keys`; undefined where there is one. */
  claimAndRead (key: string, text: string, ttlMs: number, keys: readonly string[]): Promise<Array<string | undefined> | undefined>
  /** Removes a text where it is still this one. */
  removeClaim (key: string, text: string): Promise<boolean>
  /** Stores a text where the value is an object with this `version`. */
  replace (key: string, version: number, text: string, ttlMs: number): Promise<boolean>
  /** Called after each call that failed, so that the database can get another connection. */
  onFailure (error: Error): void
  /** Called when a call got no answer in time, likewise. */
  onTimeout (error: Error): void
}
