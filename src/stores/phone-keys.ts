/** The phones' signing keys and the nonces used with them. Signatures are checked in http/phone-signature.ts. */
import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { maxEntries } from '../cache-options.ts'
import { isKeyId } from '../domain/ids.ts'
import { schema } from '../domain/record.ts'
import { createSeal } from '../domain/seal.ts'
import { Problem } from '../errors.ts'
import type { Clock, PhoneKey, PhoneKeys } from '../login/ports.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'
import { createPhoneKeyLists, maxKeys, type KeyList, type ListedKey } from './phone-key-list.ts'

/**
 * How much longer than its key a nonce is stored: even where the clock is set forward and back, a key that still works finds all nonces used with it.
 * LIMIT_PHONE bounds their number.
 */
const nonceMarginMs = 3_600_000
/** The life of keys that an earlier release issued, whose records don't say when they began. */
const keyTtlMs = 24 * 3600_000
/** How long a phone login that runs at the same time can take to store the key that it has listed, at the most. */
const addingMs = 60_000
/** Keys that this process has seen last, in 4 MB. */
const rememberedKeys = 10_000

/** As stored: the key is sealed, so nobody can sign with a copy of the store. */
interface PhoneKeyRecord extends Omit<PhoneKey, 'key' | 'since'> {
  readonly schema: typeof schema
  readonly sealedKey: string
  /** Both are missing in records of an earlier release, which also listed no keys. */
  readonly version?: number
  readonly since?: number
}

/** Stored in place of a key that was ended before its phone login had stored it, so that it isn't stored. */
interface EndedKeyRecord { readonly schema: typeof schema, readonly id: string, readonly endedAt: number }

export interface PhoneKeysOptions {
  readonly clock: Clock
  /** Seals the stored keys. With another sealing key the phones' keys are unknown, and the phones log in again. */
  readonly sealingKey: Buffer
}

/** A key works until its `expiresAt`, or until it is ended. */
export const createPhoneKeys = (store: Store, { clock, sealingKey }: PhoneKeysOptions): PhoneKeys => {
  const seal = createSeal(sealingKey, 'phone keys')
  const records = createRecords<PhoneKeyRecord | EndedKeyRecord>(store, { prefix: 'phone-key:', isId: isKeyId })
  const lists = createPhoneKeyLists(store, clock, keyTtlMs)
  const seen = new LRUCache<string, { readonly sealedKey: string, readonly key: PhoneKey }>(maxEntries(rememberedKeys))
  /** How many reads of a key are under way. */
  const reading = new Map<string, number>()

  /** Binds a sealed key to its id and its person: copied into another record it can't be decrypted. */
  const associatedDataOf = ({ id, sub }: Pick<PhoneKey, 'id' | 'sub'>) => `${records.keyOf(id)} ${sub}`

  /** Returns the record of a key that has not been ended. */
  const find = async (id: string): Promise<PhoneKeyRecord | undefined> => {
    const record = await records.read(id)
    return isInUse(record) ? record : undefined
  }

  const readKey = async (id: string): Promise<PhoneKey | undefined> => {
    const record = await find(id)
    if (record === undefined) return undefined
    const known = seen.get(id)
    const key = known?.sealedKey === record.sealedKey ? known.key.key : seal.decrypt(record.sealedKey, associatedDataOf(record))
    if (key === undefined) return undefined
    const since = record.since ?? record.expiresAt - keyTtlMs
    if (record.since === undefined && since <= (await lists.read(record.sub)).endedAt) return undefined
    const found = { id: record.id, key, sub: record.sub, expiresAt: record.expiresAt, since }
    seen.set(id, { sealedKey: record.sealedKey, key: found })
    return found
  }

  /** Removes a key for good. Nothing is left of it, unless its phone login may be about to store it. */
  const removeKey = async ({ id, since }: Pick<ListedKey, 'id' | 'since'>): Promise<void> => {
    seen.delete(id)
    const key = records.keyOf(id)
    if (await store.remove(key) || clock.now() - since > addingMs) return
    const isPrevented = await records.claim(id, { schema, id, endedAt: clock.now() }, addingMs)
    if (!isPrevented) await store.remove(key) // it came in between
  }

  /** Ends all keys that are marked, and removes them from the list last: where a call fails in between, the next one finishes it. */
  const endMarked = async (sub: string, keys: readonly ListedKey[]): Promise<void> => {
    const ending = keys.filter(({ isEnding }) => isEnding)
    if (ending.length === 0) return
    await Promise.all(ending.map(removeKey))
    const ids = new Set(ending.map(({ id }) => id))
    await lists.change(sub, (list) => ({ ...list, keys: list.keys.filter(({ id }) => !ids.has(id)) }))
  }

  /** Moves the `since` of the key that stays past the cutoff. False where another caller has ended it meanwhile. */
  const redate = async (id: string, since: number): Promise<boolean> => {
    const { before, after } = await records.update(id,
      (record) => isInUse(record) && record.version !== undefined ? { ...record, since } : record,
      (after) => Math.max(1, (after as PhoneKeyRecord).expiresAt - clock.now())) // a key in use, as nothing else is changed
    return after !== before
  }

  return {
    async add ({ id, key, sub, expiresAt }) {
      let evicted: readonly string[] = []
      const at = clock.now()
      const sinceAfter = (endedAt: number): number => Math.max(at, endedAt + 1)
      const recordSince = (since: number) =>
        ({ schema, version: 1, id, sub, expiresAt, since, sealedKey: seal.encrypt(key, associatedDataOf({ id, sub })) }) satisfies PhoneKeyRecord
      const addTo = ({ endedAt, keys }: KeyList) => {
        const live = keys.filter(({ isEnding }) => !isEnding)
        evicted = live.slice(0, Math.max(0, live.length - maxKeys + 1)).map((oldest) => oldest.id)
        return { endedAt, keys: [...keys.map((other) => marked(other, evicted.includes(other.id))), { id, since: sinceAfter(endedAt), expiresAt }] }
      }
      const list = await lists.read(sub)
      const record = recordSince(sinceAfter(list.endedAt))
      // Side by side, as nobody has the key before both are done: one that isn't listed couldn't be ended.
      // Where the person has ended all keys since it was listed, the record of an ended key is there, and the claim is refused.
      const [{ keys }, isClaimed] = await Promise.all([lists.change(sub, addTo, list), records.claim(id, record, expiresAt - clock.now())])
      const { since } = keys.at(-1) as ListedKey // the one that was just added
      // They ended them before it was listed: it counts as made after that.
      const isKept = isClaimed && (since === record.since || await records.replace(id, record, recordSince(since), expiresAt - clock.now()))
      await endMarked(sub, keys)
      if (isKept) seen.set(id, { sealedKey: record.sealedKey, key: { id, key, sub, expiresAt, since } })
      return { isKept, ended: evicted }
    },
    recall: (id) => reading.has(id) ? undefined : seen.get(id)?.key,
    async read (id) {
      reading.set(id, (reading.get(id) ?? 0) + 1)
      try {
        const key = await readKey(id)
        if (key === undefined) seen.delete(id)
        return key
      } finally {
        const others = (reading.get(id) ?? 0) - 1
        if (others > 0) reading.set(id, others)
        else reading.delete(id)
      }
    },
    async endAll (sub, exceptKeyId) {
      const record = exceptKeyId === null ? undefined : await find(exceptKeyId)
      if (exceptKeyId !== null && record === undefined) throw new Problem('key-unknown')
      // An earlier release listed no keys: such a phone has to log in again, too.
      const listed = record?.since === undefined ? null : record.id
      let ended: readonly string[] = []
      const list = await lists.change(sub, ({ endedAt: before, keys }) => {
        // Where two phones end each other's keys, the second finds its own ended.
        if (listed !== null && !keys.some(({ id, isEnding }) => id === listed && !isEnding)) throw new Problem('key-unknown')
        const endedAt = Math.max(clock.now(), before + 1, ...keys.map(({ since }) => since))
        ended = keys.filter(({ id, isEnding }) => id !== listed && !isEnding).map(({ id }) => id)
        return { endedAt, keys: keys.map((key) => key.id === listed ? { ...key, since: endedAt + 1 } : marked(key, true)) }
      })
      await endMarked(sub, list.keys)
      if (listed !== null && !await redate(listed, list.endedAt + 1)) throw new Problem('key-unknown')
      return { ended, cutoff: list.endedAt }
    },
    async eraseAll (sub, signingKeyId) {
      await lists.erase(sub, async (keys) => { await Promise.all(keys.filter(({ id }) => id !== signingKeyId).map(removeKey)) })
      if (signingKeyId === null) return
      seen.delete(signingKeyId)
      await records.remove(signingKeyId)
    },
    claimNonce: ({ id, expiresAt }, nonce) => store.claim(nonceKey(id, nonce), 1, Math.max(0, expiresAt - clock.now()) + nonceMarginMs),
    releaseNonce: async ({ id }, nonce) => { await store.removeClaim(nonceKey(id, nonce), 1) },
  }
}

/** Nonces outlive their key. Their names don't lead to it, so nothing has to go with a person's data. */
const nonceKey = (id: string, nonce: string): string => `nonce:${hash('sha256', `${id}\0${nonce}`, 'base64url')}`

const marked = (key: ListedKey, isEnding: boolean): ListedKey => isEnding ? { ...key, isEnding } : key

const isInUse = (record: PhoneKeyRecord | EndedKeyRecord | undefined): record is PhoneKeyRecord => record !== undefined && 'sealedKey' in record
