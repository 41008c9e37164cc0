/** Owns the phones' signing keys and the nonces they have used. What a signature has to look like is known above. */
import { schema, understood } from '../domain/record.ts'
import { createSeal } from '../domain/seal.ts'
import type { Clock, PhoneKey, PhoneKeys, Store } from '../login/ports.ts'

/** A signature is accepted from 120 s before to 120 s after its `created`: the whole window, and a margin for clocks that are moved. */
const nonceMemoryMs = 300_000

/** As stored: whoever reads the store, or a copy of it, can't sign. */
interface PhoneKeyRecord extends Omit<PhoneKey, 'key'> {
  readonly schema: typeof schema
  readonly sealedKey: string
}

export interface PhoneKeysOptions {
  readonly clock: Clock
  /** Seals what is stored. Under another one the phones are unknown, and log in anew. */
  readonly sealingKey: Buffer
}

/** Joins the signing keys to a store. A key is gone at its `expiresAt`. */
export const createPhoneKeys = (store: Store, { clock, sealingKey }: PhoneKeysOptions): PhoneKeys => {
  const seal = createSeal(sealingKey, 'phone keys')

  /** Whose key it is belongs to the place, so that a sealed key is of no use under another name. */
  const placeOf = ({ id, sub }: Omit<PhoneKey, 'key'>) => `${keyOf(id)} ${sub}`

  return {
    add: ({ key, ...owner }) => store.write(keyOf(owner.id), { schema, ...owner, sealedKey: seal.close(key, placeOf(owner)) }, owner.expiresAt - clock.now()),
    read: async (id) => {
      const record = isId(id) ? understood(await store.read<PhoneKeyRecord>(keyOf(id))) : undefined
      if (record === undefined) return undefined
      const key = seal.open(record.sealedKey, placeOf(record))
      return key === undefined ? undefined : { id: record.id, key, sub: record.sub, expiresAt: record.expiresAt }
    },
    claimNonce: (keyId, nonce) => store.claim(`nonce:${keyId}:${nonce}`, 1, nonceMemoryMs),
  }
}

const keyOf = (id: string) => `phone-key:${id}`

/** A key id comes from the outside: what was never one is unknown, and no key of the store is made of it. */
const isId = (id: string) => typeof id === 'string' && /^[\w-]{1,64}$/.test(id)
