/**
 * How much is stored for visitors of the provider. What they send may be long, waits for up to an hour, and they need nobody's leave for it: so there is a limit over
 * all instances, with a share for each network. Where one is reached, the oldest makes room; a login that is under way is among the newest.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { hashSecret } from '../domain/ids.ts'
import type { Store } from '../login/store-port.ts'
import { isDecided } from './entries.ts'

/** What is stored for visitors, by the word in its key. */
type Kind = 'Interaction' | 'DeviceCode' | 'visitor'

export interface VisitorRoom {
  /** Takes the room for what is about to be stored for the call that is being answered. */
  take (kind: Kind, key: string): Promise<void>
}

export interface VisitorRoomOptions {
  readonly max: number
  /** The network of the call that is being answered: a part of a key. */
  readonly network: () => string
}

/** The part that one network may have, as with tickets. */
const networkShare = 1 / 20

/** As long as anything is stored. One length for all: the slot that ends first is taken for the oldest. */
const roomMs = 3600_000

export const createVisitorRoom = (store: Store, { max, network }: VisitorRoomOptions): VisitorRoom => ({
  async take (kind, key) {
    const slot = { group: 'oidc', owner: network(), member: `${kind}-${key}` }
    const { evicted } = await store.acquireSlot(slot, { ttlMs: roomMs, limit: max, ownerLimit: Math.max(1, Math.floor(max * networkShare)), isProvisional: true })
    if (evicted !== null) await store.remove(`oidc:${evicted.replace('-', ':')}`)
  },
})

/** Makes an adapter take room for what is new. What a person has answered has its room already. */
export const withinRoom = (entries: Adapter, room: VisitorRoom, model: 'Interaction' | 'DeviceCode'): Adapter => ({
  ...entries,
  upsert: async (id, payload, expiresIn) => {
    if (isNew(payload)) await room.take(model, hashSecret(id))
    await entries.upsert(id, payload, expiresIn)
  },
})

const isNew = (payload: AdapterPayload): boolean => payload['result'] === undefined && payload['inFlight'] === undefined && !isDecided(payload)
