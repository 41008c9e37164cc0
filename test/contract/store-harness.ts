/** The stores that the contract suite runs against: SQLite in memory, SQLite in a file, and a real Redis. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import type { Clock } from '../../src/login/ports.ts'
import type { Store } from '../../src/login/store-port.ts'
import { createStore } from '../../src/stores/store.ts'
import { createFakeClock } from '../support/fake-clock.ts'
import { createRecordingLog } from '../support/recording-log.ts'
import { startRedis } from '../support/redis.ts'
import { dumpRedis, dumpSqlite } from '../support/store-dump.ts'
import { systemClock } from '../../src/runtime.ts'

export interface Harness {
  readonly clock: Clock
  /** Several on the same data, like those of several processes. */
  readonly stores: readonly [Store, ...Store[]]
  /** The life of an entry that is meant to end during the test. */
  readonly shortMs: number
  /** Resolves when everything written before with `shortMs` has ended. */
  passShort (): Promise<void>
  /** Everything that is stored, as text; '' for a store in memory, which nobody else can read. */
  dump (): Promise<string>
}

/** Runs the same tests on each kind of store. */
export const onEveryStore = async (t: Test, name: string, tests: (t: Test, harness: Harness) => Promise<void>): Promise<void> => {
  for (const [kind, open] of Object.entries({ 'sqlite in memory': inMemory, 'sqlite in a file': inFile, redis: onRedis })) {
    await t.test(`${name} (${kind})`, async (t) => {
      const harness = await open(t)
      await Promise.all(harness.stores.map(untilReady))
      await tests(t, harness)
    })
  }
}

/** Makes a folder that is removed after the test. */
export const temporaryFolder = (t: Test): string => {
  const folder = mkdtempSync(join(tmpdir(), 'scan-login-store-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  return folder
}

/** Opens a store that is closed after the test. */
export const openStore = (t: Test, url: string, clock: Clock, log = createRecordingLog()): Store => {
  const store = createStore(url, { clock, log })
  t.teardown(() => store.close())
  return store
}

/** Waits for a store that connects in the background. */
export const untilReady = async (store: Store): Promise<void> => {
  const giveUpAt = Date.now() + 20_000
  for (;;) {
    try {
      return await store.check()
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
    }
    await sleep(20)
  }
}

const onSqlite = (stores: Harness['stores'], clock: ReturnType<typeof createFakeClock>, dump: () => string): Harness => ({
  clock,
  dump: async () => dump(),
  stores,
  // Shorter than until the purge, which would hide whether the store checks an entry's end.
  shortMs: 1_000,
  async passShort () { clock.advance(1_000) },
})

const inMemory = async (t: Test) => {
  const clock = createFakeClock()
  return onSqlite([openStore(t, 'sqlite::memory:', clock)], clock, () => '')
}

/** The longest pause between two tries to get the file's lock. A checkpoint holds it in a thread of its own, for which no fake time passes. */
const longestLockPauseMs = 10

const inFile = async (t: Test) => {
  const clock = createFakeClock()
  const after: Clock['after'] = (ms, call) => ms > longestLockPauseMs ? clock.after(ms, call) : systemClock.after(ms, call)
  const file = join(temporaryFolder(t), 'store.db')
  const url = `sqlite:${file}`
  const open = (): Store => openStore(t, url, { ...clock, after })
  return onSqlite([open(), open(), open()], clock, () => dumpSqlite(file))
}

const onRedis = async (t: Test): Promise<Harness> => {
  const server = await startRedis()
  t.teardown(() => server.stop())
  const open = () => openStore(t, server.url, systemClock)
  const stores: Harness['stores'] = [open(), open(), open(), open()]
  return {
    clock: systemClock,
    stores,
    dump: () => dumpRedis(server.url),
    shortMs: 40,
    // Redis' own clock decides: of entries with the same time to live the one written last ends last.
    async passShort () {
      await stores[0].write('marker', 1, 40)
      while (await stores[0].read('marker') !== undefined) await sleep(5)
    },
  }
}
