/** Owns the phones' signing keys and the nonces they have used. What a signature has to look like is known above. */
import { schema, understood } from '../domain/record.ts'
import type { Clock, PhoneKey, PhoneKeys, Store } from '../login/ports.ts'

/** A signature is accepted from 120 s before to 120 s after its `created`: the whole window, and a margin for clocks that are moved. */
const nonceMemoryMs = 300_000

/** As stored. */
interface PhoneKeyRecord extends PhoneKey { readonly schema: typeof schema }

/** Joins the signing keys to a store. A key is gone at its `expiresAt`. */
export const createPhoneKeys = (store: Store, { clock }: { clock: Clock }): PhoneKeys => ({
  add: (key) => store.write(keyOf(key.id), { schema, ...key }, key.expiresAt - clock.now()),
  read: async (id) => isId(id) ? understood(await store.read<PhoneKeyRecord>(keyOf(id))) : undefined,
  claimNonce: (keyId, nonce) => store.claim(`nonce:${keyId}:${nonce}`, 1, nonceMemoryMs),
})

const keyOf = (id: string) => `phone-key:${id}`

/** A key id comes from the outside: what was never one is unknown, and no key of the store is made of it. */
const isId = (id: string) => typeof id === 'string' && /^[\w-]{1,64}$/.test(id)
