/**
 * The port `Store` over a database: checks arguments, puts a deadline on every answer and turns every fault into `store-unavailable`. What goes through Keyv,
 * and why the rest can't, is said in keyv.ts.
 */
import { settleWithin } from '../deadline.ts'
import { Problem } from '../errors.ts'
import { whyDenied } from '../file-rights.ts'
import type { Clock, Log } from '../login/ports.ts'
import type { Slot, Store } from '../login/store-port.ts'
import type { Backend } from './backend.ts'
import { storeFileOf } from './file-lock.ts'
import { createValues, decode, encode } from './keyv.ts'
import { createRedisAdapter } from './redis-adapter.ts'
import { createSqliteAdapter } from './sqlite-adapter.ts'

const answerWithinMs = 2_000
const checkTtlMs = 10_000

interface StoreDeps {
  readonly clock: Clock
  readonly log: Log
}

/**
 * Opens the store that `STORE_URL` names: `sqlite:<file>`, `sqlite::memory:`, `redis://…`, `rediss://…`, `redis+sentinel://…` or
 * `redis+cluster://…`. Throws an Error with one line for any other, and where the file can't be opened. A Redis that is unreachable is no
 * error here: calls reject until it is reachable.
 */
export const createStore = (url: string, deps: StoreDeps): Store => {
  const backend = openBackend(url, deps)
  const values = createValues(backend.storage)
  let isClosed = false

  const timedOut = (): Error => {
    const error = new Error(`The store did not answer within ${answerWithinMs} ms`)
    backend.onTimeout(error)
    return error
  }

  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      if (isClosed) throw new Error('The store is closed')
      return await settleWithin(deps.clock, answerWithinMs, work(), timedOut)
    } catch (cause) {
      backend.onFailure(cause as Error) // we and the libraries throw Errors
      throw new Problem('store-unavailable', { cause })
    }
  }

  const store: Store = {
    now: () => backend.now(),
    timeErrorMs: () => backend.timeErrorMs(),
    async read<T> (key: string) {
      checkKey(key)
      return ask(() => values.read<T>(key))
    },
    async readMany<T> (keys: readonly string[]) {
      keys.forEach(checkKey)
      if (keys.length === 0) return []
      return ask(() => values.readMany<T>(keys))
    },
    async write (key, value, ttlMs) {
      checkKey(key)
      textOf(value) // for its RangeError only: thrown inside Keyv it would be reported as `store-unavailable`
      const ttl = ttlMs === null ? undefined : wholeTtl(ttlMs)
      await ask(() => values.write(key, value, ttl))
    },
    async remove (key) {
      checkKey(key)
      return ask(() => values.remove(key))
    },
    async claim (key, value, ttlMs) {
      checkKey(key)
      const text = textOf(value)
      const ttl = wholeTtl(ttlMs)
      return ask(() => backend.claim(key, text, ttl))
    },
    async claimAndRead<T> (key: string, value: unknown, ttlMs: number, keys: readonly string[]) {
      for (const one of [key, ...keys]) checkKey(one)
      const text = textOf(value)
      const ttl = wholeTtl(ttlMs)
      return ask(async () => (await backend.claimAndRead(key, text, ttl, keys))?.map((found) => found === undefined ? undefined : decode<T>(found).value))
    },
    async removeClaim (key, value) {
      checkKey(key)
      const text = textOf(value)
      return ask(() => backend.removeClaim(key, text))
    },
    async replace (key, version, value, ttlMs) {
      checkKey(key)
      checkVersions(version, value.version)
      const text = textOf(value)
      const ttl = wholeTtl(ttlMs)
      return ask(() => backend.replace(key, version, text, ttl))
    },
    async acquirePlainSlot (group, member, ttlMs, limit) {
      checkKey(group)
      checkKey(member)
      const ttl = wholeTtl(ttlMs)
      checkLimit(limit)
      return ask(() => backend.acquirePlainSlot(group, member, ttl, limit))
    },
    async releasePlainSlot (group, member) {
      checkKey(group)
      checkKey(member)
      await ask(() => backend.releasePlainSlot(group, member))
    },
    async acquireSlot (slot, terms) {
      checkSlot(slot)
      const ttlMs = wholeTtl(terms.ttlMs)
      checkLimit(terms.limit)
      checkLimit(terms.ownerLimit)
      return ask(() => backend.acquireSlot(slot, { ...terms, ttlMs }))
    },
    async secureSlot (slot) {
      checkSlot(slot)
      return ask(() => backend.secureSlot(slot))
    },
    async releaseSlot (slot) {
      checkSlot(slot)
      await ask(() => backend.releaseSlot(slot))
    },
    async count (key, windowMs) {
      checkKey(key)
      const wholeMs = wholeTtl(windowMs)
      return ask(() => backend.count(key, wholeMs))
    },
    async countAgainstLimits (windows, windowMs) {
      const wholeMs = wholeTtl(windowMs)
      for (const { key, limit } of windows) {
        checkKey(key)
        checkLimit(limit)
      }
      return ask(() => backend.countAgainstLimits(windows, wholeMs))
    },
    async readLimitCounts (keys) {
      keys.forEach(checkKey)
      return ask(() => backend.readLimitCounts(keys))
    },
    async addToList (list, text) {
      checkKey(list)
      checkListed(text)
      await ask(() => backend.addToList(list, text))
    },
    async removeFromList (list, text) {
      checkKey(list)
      checkListed(text)
      return ask(() => backend.removeFromList(list, text))
    },
    async readList (list, range) {
      checkKey(list)
      checkLimit(range.limit)
      if (range.prefix !== '') checkListed(range.prefix)
      return ask(() => backend.readList(list, range))
    },
    async lengthOfList (list) {
      checkKey(list)
      return ask(() => backend.lengthOfList(list))
    },
    onChange: (listener) => backend.onChange(listener),
    async check () {
      await store.write('check', 1, checkTtlMs)
      await store.read('check')
    },
    async close () {
      if (isClosed) return
      isClosed = true
      await backend.close()
    },
  }
  return store
}

const openBackend = (url: string, deps: StoreDeps): Backend => {
  if (/^sqlite:(?!\/\/)./.test(url)) {
    try {
      return createSqliteAdapter(url.slice('sqlite:'.length), deps)
    } catch (cause) {
      const file = storeFileOf(url)
      const why = file === null ? '' : whyDenied('write', file, `${file}-wal`, `${file}-shm`)
      throw new Error(`STORE_URL ${url} can't be opened: ${(cause as Error).message}${why}`, { cause }) // node:fs and node:sqlite throw Errors
    }
  }
  if (/^redis/.test(url)) return createRedisAdapter(url, deps)
  // Without the URL, as it may hold a password.
  throw new Error('STORE_URL is none of sqlite:<file>, sqlite::memory:, redis://<host>, rediss://<host>, redis+sentinel://<hosts>/<name>, redis+cluster://<hosts>')
}

const checkKey = (key: string): void => {
  // Keyv takes an array for many keys, and a text with other characters could be the key of another entry.
  if (typeof key !== 'string' || key.length > 200 || !/^[\w-]+(:[\w-]+)*$/.test(key)) {
    throw new RangeError('A key is made of words and ids in [A-Za-z0-9_-], joined by \':\', 200 characters at most')
  }
}

const checkSlot = ({ group, owner, member }: Slot): void => {
  for (const key of [group, owner, member]) checkKey(key)
  if (owner.includes(':') || member.includes(':')) throw new RangeError('An owner and a member of slots are one word each')
}

const checkLimit = (limit: number): void => {
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError('A limit is a whole number above 0')
}

/** Half a surrogate pair has no UTF-8, and U+10FFFF ends the range of a prefix. */
const checkListed = (text: string): void => {
  if (text === '' || text.length > 300 || !text.isWellFormed() || /[\0\u{10ffff}]/u.test(text)) {
    throw new RangeError('A text of a list has 1 to 300 characters, and neither U+0000 nor U+10FFFF')
  }
}

const textOf = (value: unknown): string => {
  const text = encode({ value })
  if (text === '{}') throw new RangeError('Only values of JSON can be stored')
  return text
}

const checkVersions = (before: number, after: number): void => {
  if (!Number.isSafeInteger(before) || !Number.isSafeInteger(after) || after <= before) {
    throw new RangeError('A version is a whole number, and the new one is higher')
  }
}

/** Databases take 0 or NaN for "no end", and with a negative one store nothing, without an error. */
const wholeTtl = (ttlMs: number): number => {
  const whole = Number.isFinite(ttlMs) ? Math.ceil(ttlMs) : 0
  if (!Number.isSafeInteger(whole) || whole <= 0) throw new RangeError('A time to live is a finite number of milliseconds above 0')
  return whole
}
