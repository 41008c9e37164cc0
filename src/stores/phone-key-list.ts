/** Which signing keys a person's phones hold, one record per person. Every change is a compare-and-set, so a key is listed, or ended, by one caller. */
import { schema } from '../domain/record.ts'
import type { Clock } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'

/** A person has at most so many keys; one more ends the oldest. A phone holds one, and gets another when it ends or is forgotten. */
export const maxKeys = 20

export interface ListedKey {
  readonly id: string
  /** When the phone logged in, and later than any `endedAt` before it. Milliseconds since 1970. */
  readonly since: number
  readonly expiresAt: number
  /** Its end is decided; it stays listed until the key itself is gone, so that a call which breaks off in between can be finished by the next. */
  readonly isEnding?: true
}

/** As stored. */
export interface KeyList {
  readonly schema: typeof schema
  readonly version: number
  /** What is of this moment or before it has been ended; 0 where nothing has. Milliseconds since 1970, but never set back: one later per ending, whatever a clock says. */
  readonly endedAt: number
  /** Oldest first. */
  readonly keys: readonly ListedKey[]
}

export interface PhoneKeyLists {
  read (sub: string): Promise<KeyList>
  /** Stores what `next` makes of the list, called again where somebody else changed it first; what it throws is thrown. Gives the list as stored. */
  change (sub: string, next: (list: KeyList) => Pick<KeyList, 'endedAt' | 'keys'>): Promise<KeyList>
}

/** Joins the lists to a store. `endedAt` is remembered for `keptMs`, the life of the longest key that it may concern. */
export const createPhoneKeyLists = (store: Store, clock: Clock, keptMs: number): PhoneKeyLists => {
  const records = createRecords<KeyList>(store, { prefix: 'person-phone-keys:' })
  const live = (list: KeyList | undefined): KeyList =>
    list === undefined ? { schema, version: 0, endedAt: 0, keys: [] } : { ...list, keys: list.keys.filter(({ expiresAt }) => expiresAt > clock.now()) }

  const ttlOf = ({ endedAt, keys }: KeyList): number => Math.max(1000, endedAt + keptMs - clock.now(), ...keys.map(({ expiresAt }) => expiresAt - clock.now()))

  return {
    read: async (sub) => live(await records.read(sub)),
    async change (sub, next) {
      const { after } = await records.update(sub, (before) => ({ ...live(before), ...next(live(before)) }), ttlOf)
      return after as KeyList // as made above
    },
  }
}
