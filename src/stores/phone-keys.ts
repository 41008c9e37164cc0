/** Owns the phones' signing keys and the nonces they have used. What a signature has to look like is known above. */
import { isKeyId } from '../domain/ids.ts'
import { schema } from '../domain/record.ts'
import { createSeal } from '../domain/seal.ts'
import { Problem } from '../errors.ts'
import type { Clock, PhoneKey, PhoneKeys } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { createPhoneKeyLists, maxKeys, type ListedKey } from './phone-key-list.ts'

/**
 * A nonce outlives its key by this: whatever the clock is set to and back, a key that still works finds all nonces that it was used with. LIMIT_PHONE
 * bounds how many those are. Milliseconds.
 */
const nonceMarginMs = 3_600_000
/** How long the keys live that an earlier release issued without saying when. Milliseconds. */
const keyTtlMs = 24 * 3600_000
/** An ended key is remembered for longer than a login that was under way meanwhile can take to keep it. Milliseconds. */
const tombstoneMs = 600_000

/** As stored: whoever reads the store, or a copy of it, can't sign. */
interface PhoneKeyRecord extends Omit<PhoneKey, 'key' | 'since'> {
  readonly schema: typeof schema
  readonly sealedKey: string
  /** Both are missing in what an earlier release stored, which listed no keys either. */
  readonly version?: number
  readonly since?: number
}

/** What stands in the place of an ended key. */
interface EndedKeyRecord { readonly schema: typeof schema, readonly id: string, readonly sub: string, readonly endedAt: number }

export interface PhoneKeysOptions {
  readonly clock: Clock
  /** Seals what is stored. Under another one the phones are unknown, and log in anew. */
  readonly sealingKey: Buffer
}

/** Joins the signing keys to a store. A key is gone at its `expiresAt`, or when it is ended. */
export const createPhoneKeys = (store: Store, { clock, sealingKey }: PhoneKeysOptions): PhoneKeys => {
  const seal = createSeal(sealingKey, 'phone keys')
  const records = createRecords<PhoneKeyRecord | EndedKeyRecord>(store, { prefix: 'phone-key:', isId: isKeyId })
  const lists = createPhoneKeyLists(store, clock, keyTtlMs)

  /** Whose key it is belongs to the place, so that a sealed key is of no use under another name. */
  const placeOf = ({ id, sub }: Pick<PhoneKey, 'id' | 'sub'>) => `${records.keyOf(id)} ${sub}`

  /** The record of a key that has not been ended. */
  const find = async (id: string): Promise<PhoneKeyRecord | undefined> => {
    const record = await records.read(id)
    return isInUse(record) ? record : undefined
  }

  /** Ends all keys that are marked, and takes them off the list last: what breaks off in between is finished by the next call. */
  const endMarked = async (sub: string, keys: readonly ListedKey[]): Promise<void> => {
    const ending = new Set(keys.filter(({ isEnding }) => isEnding).map(({ id }) => id))
    if (ending.size === 0) return
    await Promise.all([...ending].map((id) => records.write(id, { schema, id, sub, endedAt: clock.now() }, tombstoneMs)))
    await lists.change(sub, (list) => ({ ...list, keys: list.keys.filter(({ id }) => !ending.has(id)) }))
  }

  /** Dates the key that is spared later than what was just ended. False where somebody else ended it meanwhile. */
  const redate = async (id: string, since: number): Promise<boolean> => {
    const { before, after } = await records.update(id,
      (record) => isInUse(record) && record.version !== undefined ? { ...record, since } : record,
      (record) => isInUse(record) ? Math.max(1, record.expiresAt - clock.now()) : tombstoneMs)
    return after !== before
  }

  return {
    async add ({ id, key, sub, expiresAt }) {
      let newer: readonly string[] = []
      // Listed before it can sign, as the ended are ended before they are taken off the list: one that isn't listed couldn't be ended.
      const { keys } = await lists.change(sub, ({ endedAt, keys }) => {
        const live = keys.filter(({ isEnding }) => !isEnding)
        newer = live.slice(0, Math.max(0, live.length - maxKeys + 1)).map((oldest) => oldest.id)
        return { endedAt, keys: [...keys.map((other) => marked(other, newer.includes(other.id))), { id, since: Math.max(clock.now(), endedAt + 1), expiresAt }] }
      })
      const { since } = keys.at(-1) as ListedKey // the one that was just added
      const record = { schema, version: 1, id, sub, expiresAt, since, sealedKey: seal.close(key, placeOf({ id, sub })) } satisfies PhoneKeyRecord
      // Where the person ended all keys since it was listed, there is a tombstone, and this claim comes too late.
      const isKept = await records.claim(id, record, expiresAt - clock.now())
      await endMarked(sub, keys)
      return { isKept, ended: newer }
    },
    async read (id) {
      const record = await find(id)
      if (record === undefined) return undefined
      const key = seal.open(record.sealedKey, placeOf(record))
      if (key === undefined) return undefined
      const since = record.since ?? record.expiresAt - keyTtlMs
      if (record.since === undefined && since <= (await lists.read(record.sub)).endedAt) return undefined
      return { id: record.id, key, sub: record.sub, expiresAt: record.expiresAt, since }
    },
    async endAll (sub, spared) {
      const record = spared === null ? undefined : await find(spared)
      if (spared !== null && record === undefined) throw new Problem('key-unknown')
      // An earlier release listed none of its keys: such a phone logs in anew, too.
      const listed = record?.since === undefined ? null : record.id
      let ended: readonly string[] = []
      const list = await lists.change(sub, ({ endedAt: before, keys }) => {
        // Of two phones that end each other one is first.
        if (listed !== null && !keys.some(({ id, isEnding }) => id === listed && !isEnding)) throw new Problem('key-unknown')
        const endedAt = Math.max(clock.now(), before + 1, ...keys.map(({ since }) => since))
        ended = keys.filter(({ id, isEnding }) => id !== listed && !isEnding).map(({ id }) => id)
        return { endedAt, keys: keys.map((key) => key.id === listed ? { ...key, since: endedAt + 1 } : marked(key, true)) }
      })
      await endMarked(sub, list.keys)
      if (listed !== null && !await redate(listed, list.endedAt + 1)) throw new Problem('key-unknown')
      return { ended, endedAt: list.endedAt }
    },
    claimNonce: ({ id, expiresAt }, nonce) => store.claim(`nonce:${id}:${nonce}`, 1, Math.max(0, expiresAt - clock.now()) + nonceMarginMs),
  }
}

const marked = (key: ListedKey, isEnding: boolean): ListedKey => isEnding ? { ...key, isEnding } : key

const isInUse = (record: PhoneKeyRecord | EndedKeyRecord | undefined): record is PhoneKeyRecord => record !== undefined && 'sealedKey' in record
