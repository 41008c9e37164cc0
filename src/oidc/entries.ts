/**
 * What the provider stores of its own: codes, tokens, interactions. Under hashes, as each id is a secret that whoever holds it may use. Whose they are is what their session
 * says: of a person who deletes their data nothing is left in them. An interaction is sealed, as what a site sends may name somebody.
 */
import type { Adapter, AdapterPayload } from 'oidc-provider'
import { hashSecret } from '../domain/ids.ts'
import { schema, type StoredRecord } from '../domain/record.ts'
import { createSeal } from '../domain/seal.ts'
import { createRecords } from '../login/records.ts'
import type { Clock } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

/** `payload` as the provider has it, without the id and without the person; of an interaction it is in `payload.sealed`. */
interface Entry extends StoredRecord {
  readonly payload: AdapterPayload
}

/** The key of the entry of a device code, under the code that a person types. */
interface UserCodeEntry extends StoredRecord {
  readonly key: string
}

export interface EntryOptions {
  readonly sealingKey: Buffer
  /** Whose session it is, while it lives. */
  readonly subOf: (sessionId: string) => Promise<string | undefined>
  readonly clock: Pick<Clock, 'now'>
  /** Makes the error for who comes too late, so that the provider answers `invalid_grant` (RFC 6749 §5.2). */
  readonly invalidGrant: (detail: string) => Error
  /** Whether the call goes on with a device code that was found by its user code. */
  readonly goesOnWithDevice: () => boolean
  /** Ends a grant, and with it everything that was issued under it. */
  readonly endGrant: (grantId: string) => Promise<void>
}

/**
 * Two tabs of a site refresh with the same token at the same moment, or a device polls twice. The later call is refused, but only a reuse after this time counts as that
 * of a stolen token and ends the grant: at once, it would end what the first call is about to get.
 */
const lostRaceMs = 10_000

/** Device codes are kept this much longer, so that a device hears that its code has expired rather than that there is none (RFC 8628 §3.5). */
const expiredDeviceCodeSeconds = 300

/** Ids that the provider makes (nanoid), and nothing that could reach another key. */
export const isEntryId = (id: string): boolean => /^[A-Za-z0-9_-]{20,64}$/.test(id)

/** Whether somebody has decided about a device code. */
export const isDecided = ({ accountId, error, consumed }: AdapterPayload): boolean => [accountId, error, consumed].some((member) => member !== undefined)

/** Stands for the id of a device code that was found by its user code: the store has the code's hash alone. */
const foundPrefix = 'found:'

/** In place of the person in what is stored, and where their session has ended: no id of anybody's. */
const somebody = 'somebody'

/** Creates the adapter of one model: `AuthorizationCode`, `AccessToken`, `RefreshToken`, `DeviceCode` or `Interaction`. */
export const createEntries = (store: Store, model: string, { clock, sealingKey, subOf, invalidGrant, goesOnWithDevice, endGrant }: EntryOptions): Adapter => {
  const entries = createRecords<Entry>(store, { prefix: `oidc:${model}:` })
  const userCodes = createRecords<UserCodeEntry>(store, { prefix: 'oidc:user-code:' })
  const isDeviceCode = model === 'DeviceCode'
  const seal = createSeal(sealingKey, 'oidc interaction')

  const storedKey = (id: string): string => id.startsWith(foundPrefix) ? id.slice(foundPrefix.length) : hashSecret(id)

  const toStored = (key: string, { jti, ...payload }: AdapterPayload): AdapterPayload => {
    if (model === 'Interaction') return { sealed: seal.encrypt(JSON.stringify(payload), key) }
    return { ...payload, ...payload.accountId !== undefined && { accountId: somebody } }
  }

  const fromStored = async (key: string, payload: AdapterPayload): Promise<AdapterPayload | undefined> => {
    if (model === 'Interaction') {
      const text = seal.decrypt(payload['sealed'], key)
      return text === undefined ? undefined : JSON.parse(text) as AdapterPayload // sealed by `toStored`
    }
    if (payload.accountId === undefined) return payload
    const sub = payload.sessionUid === undefined ? undefined : await subOf(payload.sessionUid)
    return { ...payload, accountId: sub ?? somebody }
  }

  const ttlMs = (expiresIn: number | undefined): number => Math.max(1, (expiresIn ?? 0) + (isDeviceCode ? expiredDeviceCodeSeconds : 0)) * 1000

  const remainingMs = ({ payload }: Entry): number => Math.max(1, ((payload.exp ?? 0) + (isDeviceCode ? expiredDeviceCodeSeconds : 0)) * 1000 - clock.now())

  const isLostRace = ({ consumed }: AdapterPayload): boolean => ['RefreshToken', 'DeviceCode'].includes(model) && typeof consumed === 'number' && clock.now() - consumed < lostRaceMs

  const read = async (id: string, key: string): Promise<AdapterPayload | undefined> => {
    const entry = await entries.read(key)
    if (entry === undefined) return undefined
    const { consumed, ...stored } = entry.payload
    const payload = await fromStored(key, stored)
    return payload && { ...payload, jti: id, ...(consumed !== undefined && !isLostRace(entry.payload) && { consumed }) }
  }

  return {
    find: async (id) => {
      if (isDeviceCode && id.startsWith(foundPrefix)) return goesOnWithDevice() ? await read(id, storedKey(id)) : undefined
      return isEntryId(id) ? await read(id, hashSecret(id)) : undefined
    },
    findByUid: async () => undefined, // only sessions have one
    findByUserCode: async (userCode) => {
      const found = await userCodes.read(hashSecret(userCode))
      const code = found && await read(`${foundPrefix}${found.key}`, found.key)
      // Whoever has begun to answer and turned back may begin again: `upsert` lets one person decide.
      return code && { ...code, inFlight: undefined }
    },
    upsert: async (id, payload, expiresIn) => {
      const key = storedKey(id)
      const kept = toStored(key, payload)
      if (!isDeviceCode) return await entries.write(key, { schema, version: 1, payload: kept }, ttlMs(expiresIn))
      // Of several people who answer for one device at once, the first has decided.
      const { before, after } = await entries.update(key, (entry) => entry !== undefined && isDecided(entry.payload) ? entry : { schema, payload: kept }, () => ttlMs(expiresIn))
      if (before !== undefined && after === before) throw invalidGrant('another person was faster')
      if (before === undefined && typeof payload.userCode === 'string') await userCodes.write(hashSecret(payload.userCode), { schema, key }, ttlMs(expiresIn))
    },
    consume: async (id) => {
      const key = storedKey(id)
      const entry = await entries.read(key)
      const isWon = entry !== undefined && entry.payload.consumed === undefined &&
        await entries.replace(key, entry, { ...entry, payload: { ...entry.payload, consumed: clock.now() } }, remainingMs(entry))
      if (!isWon) throw invalidGrant(`the ${model} was used by another call`)
    },
    destroy: async (id) => { await entries.remove(storedKey(id)) },
    revokeByGrantId: endGrant,
  }
}
