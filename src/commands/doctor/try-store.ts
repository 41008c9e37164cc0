/** Does once with the store what the service does with it. What it writes, it removes, and all of it ends by itself within a minute. */
import { setTimeout as sleep } from 'node:timers/promises'
import { newId } from '../../domain/ids.ts'
import { randomBytes } from '../../domain/random-pool.ts'
import type { Store } from '../../login/store-port.ts'

/** What went wrong, by what was tried: an error, or an answer that no store may give. */
export interface Failure {
  readonly what: string
  readonly error: unknown
}

type Attempt = readonly [what: string, attempt: () => Promise<void>]

const ttlMs = 60_000
const shortMs = 200
/** Counts can't be removed. */
const windowMs = 1000

/** Returns what fails. Of slots, counts and lists SQLite would keep a row each with their names: they are tried on Redis alone, where each needs rights of its own. */
export const tryStore = async (store: Store, { isRedis }: { readonly isRedis: boolean }): Promise<readonly Failure[]> => {
  const id = newId(randomBytes)
  const [record, claim, ending, list, group, window] = ['record', 'claim', 'ending', 'list', 'group', 'window'].map((name) => `doctor-${name}:${id}`) as [string, string, string, string, string, string] // six of six
  const slot = { group, owner: 'doctor', member: id }
  const common: readonly Attempt[] = [
    ['writing, reading and removing', async () => {
      await store.write(record, { version: 1 }, ttlMs)
      expect((await store.read<{ version: number }>(record))?.version === 1, 'what was written can\'t be read')
      expect(await store.replace(record, 1, { version: 2 }, ttlMs), 'a value can\'t be replaced')
      expect(!await store.replace(record, 1, { version: 3 }, ttlMs), 'a value is replaced by what was made of an older one')
      expect((await store.readMany([record]))[0] !== undefined, 'several values can\'t be read')
      expect(await store.remove(record), 'a value can\'t be removed')
      expect(await store.read(record) === undefined, 'what was removed is still there')
    }],
    ['claiming', async () => {
      const winners = (await Promise.all([1, 2, 3].map((one) => store.claim(claim, one, ttlMs)))).filter((isWinner) => isWinner)
      expect(winners.length === 1, `${winners.length} of three callers get what one may get`)
      await store.remove(claim)
      expect(await store.claimAndRead(claim, id, ttlMs, [record]) !== undefined, 'a claim that was removed is still there')
      expect(await store.removeClaim(claim, id), 'a claim can\'t be removed')
    }],
    ['ending', async () => {
      await store.write(ending, 1, shortMs)
      await sleep(3 * shortMs)
      const isOver = await store.read(ending) === undefined
      if (!isOver) await store.remove(ending)
      expect(isOver, 'a value is there after its end')
    }],
  ]
  const more: readonly Attempt[] = [
    ['slots', async () => {
      expect(await store.acquirePlainSlot(group, id, ttlMs, 1), 'there is no slot in a new group')
      await store.releasePlainSlot(group, id)
      expect((await store.acquireSlot(slot, { ttlMs, limit: 1, ownerLimit: 1, isProvisional: true })).isAcquired, 'there is no slot in a new group')
      expect(await store.secureSlot(slot), 'a slot can\'t be secured')
      await store.releaseSlot(slot)
    }],
    ['counting', async () => {
      expect((await store.count(window, windowMs)).count === 1, 'a new count isn\'t 1')
      expect((await store.countAgainstLimits([{ key: window, limit: 2 }], windowMs)).count === 1, 'a new count isn\'t 1')
      await store.readLimitCounts([window])
    }],
    ['lists', async () => {
      await store.addToList(list, id)
      expect((await store.readList(list, { prefix: '', after: null, limit: 2 }))[0] === id && await store.lengthOfList(list) === 1, 'a list hasn\'t what was added to it')
      expect(await store.removeFromList(list, id), 'what is in a list can\'t be removed')
    }],
  ]
  const failures = await Promise.all([...common, ...isRedis ? more : []].map(async ([what, attempt]) => {
    try {
      await attempt()
      return []
    } catch (error) {
      return [{ what, error }]
    }
  }))
  return failures.flat()
}

const expect = (isSo: boolean, otherwise: string): void => { if (!isSo) throw new Error(otherwise) }
