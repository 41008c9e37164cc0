/**
 * The queue in the store. Steps are stored in batches, and a sorted list has the batches' names, which begin with the time of their first step. A batch is written
 * before its name and removed before it, so a name may lead to nothing, and no batch is left without a name. Sealed: steps name people and addresses.
 */
import { newId, type RandomBytes } from '../domain/ids.ts'
import { schema, type StoredRecord } from '../domain/record.ts'
import { createSeal } from '../domain/seal.ts'
import type { LoggedStep } from '../login/audit.ts'
import { createRecords } from '../login/records.ts'
import type { Store } from '../login/store-port.ts'

/** `at` is when it was recorded, by the store's clock. */
export interface QueuedStep {
  /** The same in each try. */
  readonly id: string
  readonly at: number
  readonly step: LoggedStep
}

export interface Batch { readonly name: string, readonly steps: readonly QueuedStep[] }

/** As stored. */
interface BatchRecord extends StoredRecord { readonly sealed: string }

/** How long a step is tried to be delivered. */
export const triedForMs = 86_400_000
/** A batch ends by itself this much later, where no instance is there to give it up. */
const endsLaterMs = 3600_000

const list = 'webhook'
const timeDigits = 13

export interface StepBatches {
  /** Makes a name for a batch whose first step was recorded then. Within a millisecond this process's names ascend. */
  newName (at: number): string
  /** Stores batches, or what is left of them, side by side: a database flushes them together. Where it rejects, any of them may be stored. */
  write (all: readonly Batch[]): Promise<void>
  /** Names in order of time. */
  listNames (after: string | null, limit: number): Promise<readonly string[]>
  /** The steps of these batches; undefined where there is none any more, null where another release or another key has written it. */
  read (names: readonly string[]): Promise<ReadonlyArray<readonly QueuedStep[] | undefined | null>>
  remove (name: string): Promise<void>
  count (): Promise<number>
}

/** The time in a batch's name. */
export const timeOf = (name: string): number => Number(name.slice(0, timeDigits))

export const createStepBatches = (store: Store, { sealingKey, random }: { sealingKey: Buffer, random: RandomBytes }): StepBatches => {
  const seal = createSeal(sealingKey, 'webhook')
  const keyOf = (name: string): string => `${list}:${name}`
  let made = 0
  const records = createRecords<BatchRecord>(store, { prefix: `${list}:` })
  return {
    newName: (at) => `${String(Math.floor(at)).padStart(timeDigits, '0')}-${String(made++ % 1e6).padStart(6, '0')}-${newId(random)}`,
    write: async (all) => {
      await Promise.all(all.map(({ name, steps }) => records.write(name, { schema, sealed: seal.encrypt(JSON.stringify(steps), keyOf(name)) }, triedForMs + endsLaterMs)))
      await Promise.all(all.map(({ name }) => store.addToList(list, name)))
    },
    listNames: (after, limit) => store.readList(list, { prefix: '', after, limit }),
    read: async (names) => (await store.readMany<BatchRecord>(names.map(keyOf))).map((record, index) => {
      if (record === undefined) return undefined
      const text = record.schema === schema ? seal.decrypt(record.sealed, keyOf(names[index] as string)) : undefined // one for each name
      return text === undefined ? null : JSON.parse(text) as readonly QueuedStep[] // sealed by `write`
    }),
    remove: async (name) => {
      await records.remove(name)
      await store.removeFromList(list, name)
    },
    count: () => store.lengthOfList(list),
  }
}
