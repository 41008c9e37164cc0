/** The store: whether it can be opened, keeps what is written, and is that of these keys. */
import { existsSync, readFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { newId } from '../../domain/ids.ts'
import { randomBytes } from '../../domain/random-pool.ts'
import { whyDenied } from '../../file-rights.ts'
import type { Clock } from '../../login/ports.ts'
import type { Store } from '../../login/store-port.ts'
import { parseKeyFile } from '../../sessions/key-file.ts'
import { hasKeys, readKeyMark } from '../../sessions/key-mark.ts'
import { storeFileOf } from '../../stores/file-lock.ts'
import { readRedisAddress } from '../../stores/redis-address.ts'
import type { RedisConnection } from '../../stores/redis-connection.ts'
import { createStore } from '../../stores/store.ts'
import { checkDisk } from './check-disk.ts'
import { checkRedis } from './check-redis.ts'
import type { Check } from './context.ts'
import { failure, notChecked, ok, warning, type Fault, type Finding } from './finding.ts'
import { noLog } from './no-log.ts'
import { reasonsOf, redisFault, withRedis } from './redis.ts'
import { statOf } from './service-user.ts'
import { tryStore } from './try-store.ts'

export const checkStore: Check = async ({ config, clock }) => {
  const { STORE_URL } = config
  if (!STORE_URL.startsWith('sqlite:')) return await checkRedisStore(config, clock)
  const file = storeFileOf(STORE_URL)
  if (file === null) return [warning('store-in-memory', `STORE_URL is ${STORE_URL}: a restart of the service logs everybody out and forgets people, groups and blocks`, 'set STORE_URL=sqlite:data/scan-login.db, or leave it out')]
  if (whyDenied('write', file, `${file}-wal`, `${file}-shm`) !== '') return [...checkDisk(file), notChecked(`${file}, which this user may not use: see the keys and folders above`)]
  if (!existsSync(file)) return [ok(`${file} is not there yet: the first start makes it`), ...checkDisk(file)]
  const [disk, found] = [checkDisk(file), await checkFile(file, config, clock)]
  const isFull = disk.some((finding) => 'code' in finding && finding.code === 'disk-full')
  return [...disk, ...isFull ? found.filter((finding) => !('code' in finding && finding.code === 'disk-full')) : found] // once is enough
}

const checkFile = async (file: string, config: Config, clock: Clock): Promise<readonly Finding[]> => {
  let store: Store
  try {
    store = createStore(config.STORE_URL, { clock, log: noLog })
  } catch (error) {
    return [unusable(file, error)]
  }
  try {
    const damage = damageOf(file)
    if (typeof damage !== 'string') return [damage]
    return [ok(damage), ...await checkOpened(store, config)]
  } finally {
    await store.close()
  }
}

const restore = 'stop the service, move the file away with its -wal and -shm, and put your last backup in place: npm run restore -- DIR'

/** SQLITE_CORRUPT and SQLITE_NOTADB, the low byte of their extended codes (sqlite.org/rescode.html). */
const damageCodes: ReadonlySet<number> = new Set([11, 26])

/** SQLITE_FULL. */
const fullCode = 13

const unusable = (file: string, error: unknown): Fault => {
  const { message, cause } = error as Error & { cause?: { errcode?: number } } // `createStore` throws Errors, and so does what it calls
  if (damageCodes.has((cause?.errcode ?? 0) & 0xff)) return failure('store-damaged', `${file} is damaged, or is no store (${cause instanceof Error ? cause.message : message})`, restore)
  if (((cause?.errcode ?? 0) & 0xff) === fullCode) return failure('disk-full', `the disk of ${file} is full: the store can't be opened`, 'make room on it')
  const [, found = message, todo = 'correct that, or give STORE_URL a file on a local disk'] = /^(.+?)\. (.+)$/.exec(message) ?? []
  return failure('store-unusable', found, todo)
}

/** A larger file takes seconds, in which the service can't shorten its log. */
const mostToReadBytes = 250_000_000

/** Returns what was found, or a sentence that all is well. */
const damageOf = (file: string): Fault | string => {
  const size = statOf(file)?.size ?? 0
  if (size > mostToReadBytes) return `${file} opens; it is too large to be read through`
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 1000 })
    try {
      const [{ quick_check: found } = {}] = db.prepare('PRAGMA quick_check(1)').all()
      return found === 'ok' ? `${file} is whole` : failure('store-damaged', `${file} is damaged (${String(found).replaceAll('\n', ' ')})`, restore)
    } finally {
      db.close()
    }
  } catch (error) {
    return unusable(file, new Error('', { cause: error }))
  }
}

const checkRedisStore = async (config: Config, clock: Clock): Promise<readonly Finding[]> => {
  let address: ReturnType<typeof readRedisAddress>
  try {
    address = readRedisAddress(config.STORE_URL)
  } catch (error) {
    return [failure('store-unusable', (error as Error).message, 'correct STORE_URL, and restart the service')] // it throws Errors without the URL
  }
  let asked: readonly Finding[]
  try {
    asked = await withRedis(address, clock, askRedis)
  } catch (error) {
    return [redisFault(error, 'the connection')]
  }
  if (asked.some(({ status }) => status === 'failure')) return asked
  const store = createStore(config.STORE_URL, { clock, log: noLog })
  try {
    await untilConnected(store, clock)
    return [...asked, ...await checkOpened(store, config)]
  } catch (error) {
    return [...asked, redisFault(error, 'writing and reading')]
  } finally {
    await store.close()
  }
}

/** What the store's own connection needs, so that its faults can be told from each other; then how each server is configured. */
const askRedis = async (connection: RedisConnection): Promise<readonly Finding[]> => {
  const id = newId(randomBytes)
  const [first] = connection.masters
  const needs: ReadonlyArray<readonly [string, () => Promise<unknown>]> = [
    ['the clock', () => Promise.all(connection.masters.map((master) => master.time()))],
    ['writing', () => connection.assertMaster(`scan-login-check:doctor-${id}`)],
    ['wake-ups', async () => {
      const beside = await connection.openBeside(AbortSignal.timeout(2000))
      try {
        await beside.masters[0]?.subscribe(`scan-login:doctor:${id}`, () => {})
        await first?.publish(`scan-login:doctor:${id}`, '')
      } finally {
        beside.close()
      }
    }],
  ]
  const faults = await Promise.all(needs.map(async ([what, need]) => {
    try {
      await need()
      return []
    } catch (error) {
      return [redisFault(error, what)]
    }
  }))
  return [...faults, ...await Promise.all(connection.masters.map(checkRedis))].flat()
}

/** A Redis is connected to in the background, and calls are refused until then. */
const untilConnected = async (store: Store, clock: Clock): Promise<void> => {
  const giveUpAt = clock.steady() + 5000
  for (;;) {
    try {
      return await store.check()
    } catch (error) {
      if (!reasonsOf(error).includes('Redis is unreachable')) return // it answers: what it refuses, the rest finds out
      if (clock.steady() >= giveUpAt) throw error
    }
    await sleep(100)
  }
}

const checkOpened = async (store: Store, config: Config): Promise<readonly Finding[]> => {
  const failures = await tryStore(store, { isRedis: !config.STORE_URL.startsWith('sqlite:') })
  if (failures.length > 0) return [...new Map(failures.map(({ what, error }) => faultOf(what, error, config)).map((fault) => [fault.todo, fault])).values()]
  return [ok('it writes, reads and removes, gives each claim to one caller, and forgets what has ended'), await checkMark(store, config)]
}

const faultOf = (what: string, error: unknown, { STORE_URL }: Config): Fault => {
  const why = reasonsOf(error)
  if (!STORE_URL.startsWith('sqlite:') && error instanceof Error && error.cause !== undefined) return redisFault(error, what)
  if (/disk is full|ENOSPC/.test(why)) return failure('disk-full', `the disk of the store is full: ${what} fails`, 'make room on it')
  return failure('store-fails', `${what} fails: ${why}`, 'restart the service, and run the doctor again. If it stays, report it with this line')
}

const checkMark = async (store: Store, { KEYS_FILE, WECHAT_APPID }: Config): Promise<Finding> => {
  const mark = await readKeyMark(store)
  if (mark === undefined) return notChecked('whose store it is, as no service of this release has worked on it yet')
  let keys: ReturnType<typeof parseKeyFile>['keys']
  try {
    keys = parseKeyFile(KEYS_FILE, readFileSync(KEYS_FILE, 'utf8')).keys
  } catch {
    return notChecked(`whether the store is that of KEYS_FILE ${KEYS_FILE}, which can't be read`)
  }
  const other = [...hasKeys(mark, keys) ? [] : [`another KEYS_FILE than ${KEYS_FILE}`], ...WECHAT_APPID === null || mark.appid === WECHAT_APPID ? [] : [`the WECHAT_APPID ${mark.appid}, and here it is ${WECHAT_APPID}`]]
  return other.length === 0
    ? ok('it is the store of these keys and this mini program')
    : failure('store-of-others', `the store was last used with ${other.join(', and with ')}: a service with these is one of strangers to everybody in it`, 'give the service the KEYS_FILE, WECHAT_APPID and STORE_URL that belong together. To begin anew with others, give it a new store')
}
