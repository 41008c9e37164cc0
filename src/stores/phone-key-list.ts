/** The ids of the signing keys of a person's phones, one record per person. Every change is a compare-and-set, so one caller alone adds or ends a key. */
import { schema } from '../domain/record.ts'
import type { Clock } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'

/** Keys per person; one more ends the oldest. A phone has one, and gets another when it ends or the phone has lost it. */
export const maxKeys = 20

export interface ListedKey {
  readonly id: string
  /** When confirmations by this key count as made: when the phone logged in, in milliseconds since 1970, but always later than the cutoff before it. */
  readonly since: number
  readonly expiresAt: number
  /** Its end is decided. It is listed until the key itself is removed, so that the next call can finish what a failed one began. */
  readonly isEnding?: true
}

/** As stored. */
export interface KeyList {
  readonly schema: typeof schema
  readonly version: number
  /** The cutoff of the last sign-out: confirmations that count as made at this time or before are no longer valid; 0 without one. Milliseconds since 1970, and higher by 1 at least each time, whatever the clock says. */
  readonly endedAt: number
  /** Oldest first. */
  readonly keys: readonly ListedKey[]
}

export interface PhoneKeyLists {
  read (sub: string): Promise<KeyList>
  /**
   * Stores what `next` makes of the list, and returns the list as stored. `next` is called again where another caller changed it first; what it throws is thrown.
   * The first try starts from `list`, which the same request has read, where that is given.
   */
  change (sub: string, next: (list: KeyList) => Pick<KeyList, 'endedAt' | 'keys'>, list?: KeyList): Promise<KeyList>
  /** Removes a person's list, and with it the cutoff, after `eraseKeys` has removed the keys in it; again where one was added meanwhile. */
  erase (sub: string, eraseKeys: (keys: readonly ListedKey[]) => Promise<void>): Promise<void>
}

/** The cutoff is stored for `keptMs`, the life of the longest key that it may concern. */
export const createPhoneKeyLists = (store: Store, clock: Clock, keptMs: number): PhoneKeyLists => {
  const records = createRecords<KeyList>(store, { prefix: 'person-phone-keys:' })
  const live = (list: KeyList | undefined): KeyList =>
    list === undefined ? { schema, version: 0, endedAt: 0, keys: [] } : { ...list, keys: list.keys.filter(({ expiresAt }) => expiresAt > clock.now()) }

  const ttlOf = ({ endedAt, keys }: KeyList): number => Math.max(1000, endedAt + keptMs - clock.now(), ...keys.map(({ expiresAt }) => expiresAt - clock.now()))

  return {
    read: async (sub) => live(await records.read(sub)),
    async erase (sub, eraseKeys) {
      for (;;) {
        const list = await records.read(sub)
        if (list === undefined) return
        await eraseKeys(live(list).keys)
        if (await store.removeClaim(records.keyOf(sub), list)) return
      }
    },
    async change (sub, next, list) {
      const { after } = await records.update(sub, (before) => {
        const list = live(before)
        return { ...list, ...next(list) }
      }, ttlOf, list && Promise.resolve(list.version === 0 ? undefined : list))
      return after as KeyList // as made above
    },
  }
}
