/** The embedded database as a `Backend`: entries, slots and counts in one SQLite file, each ended by the given clock. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sleep } from '../deadline.ts'
import type { Clock, Log } from '../login/ports.ts'
import type { DecidingCount, LimitedWindow, Slot, SlotGrant, SlotTerms } from '../login/store-port.ts'
import type { Backend } from './backend.ts'
import { schema, statements } from './sqlite-statements.ts'
import { refuseNetworkShare, useWriteAheadLog } from './write-ahead-log.ts'

/** Opening waits longer than calls do: processes that write all the time leave the lock free for moments only. */
const openWaitMs = 5_000
const lockWaitMs = 1_500
const lockRetryMs = 10
const purgeEveryMs = 10_000
const purgePauseMs = 20
/** A batch takes a few milliseconds, and no request waits longer than that for the purge. */
export const purgeBatch = 500

/** Opens the file, or `:memory:`. Makes the file and its folder where there is none, readable by the owner alone. Throws where that fails. */
export const createSqliteAdapter = (file: string, { clock, log }: { clock: Clock, log: Log }): Backend => {
  const db = open(file)
  const sql = statements(db)

  /**
   * Runs `work` once no other process holds the write lock. Not with SQLite's busy handler, which would block the whole process meanwhile.
   */
  const whenUnlocked = async <T>(work: () => T): Promise<T> => {
    const giveUpAt = clock.steady() + lockWaitMs
    for (;;) {
      try {
        return work()
      } catch (error) {
        if (!isLocked(error) || clock.steady() >= giveUpAt) throw error
      }
      await sleep(clock, lockRetryMs)
    }
  }

  const isTrue = (work: () => { changes: number | bigint }) => whenUnlocked(() => work().changes === 1)

  const acquirePlainSlotNow = (group: string, member: string, ttlMs: number, limit: number): boolean => {
    const now = clock.now()
    if (sql.findPlainSlot.get(group, member, now) === undefined && sql.plainSlotsTaken(group) >= limit) {
      sql.clearPlainSlots.run(group, now)
      if (sql.plainSlotsTaken(group) >= limit) return false
    }
    sql.putPlainSlot.run(group, member, now + ttlMs)
    return true
  }

  /** The member that loses its slot; null where one is free, undefined where there is none to evict. */
  const evictedFor = ({ group, owner }: Slot, { limit, ownerLimit }: SlotTerms, now: number): string | null | undefined => {
    if (sql.slotsOwned(group, owner, now) >= ownerLimit) return sql.oldestProvisionalOf(group, owner, now)
    if (sql.slotsTaken(group) < limit) return null
    sql.clearSlots.run(group, now)
    return sql.slotsTaken(group) < limit ? null : sql.oldestProvisional(group, now)
  }

  const acquireSlotNow = (slot: Slot, terms: SlotTerms): SlotGrant => {
    const { group, owner, member } = slot
    const now = clock.now()
    const evicted = sql.findSlot.get(group, member, now) === undefined ? evictedFor(slot, terms, now) : null
    if (evicted === undefined) return { isAcquired: false, evicted: null }
    if (evicted !== null) sql.deleteSlot.run(group, evicted)
    sql.putSlot.run(group, member, owner, now + terms.ttlMs, terms.isProvisional ? 1 : 0)
    return { isAcquired: true, evicted }
  }

  const secureSlotNow = ({ group, member }: Slot): boolean => {
    sql.secureSlot.run(group, member)
    return sql.findSlot.get(group, member, clock.now()) !== undefined
  }

  const countAgainstLimitsNow = (windows: readonly LimitedWindow[], windowMs: number): DecidingCount => {
    const now = clock.now()
    const full = windows.find(({ key, limit }) => (sql.countOf(limitKeyOf(key), now)?.count ?? 0) >= limit)
    const counts = (full === undefined ? windows : [full]).map(({ key }) => ({ key, ...sql.count(limitKeyOf(key), now, now + windowMs) }))
    const { key, count, endsAt } = counts.at(-1) as typeof counts[number] // there is a window
    return { key, count, endsInMs: endsAt - now }
  }

  let cancelPurge = () => {}
  const purge = (): void => {
    let removed = 0
    try {
      const now = clock.now()
      removed = Math.max(sql.purgeEntries(now, purgeBatch), sql.purgePlainSlots(now, purgeBatch), sql.purgeSlots(now, purgeBatch), sql.purgeCounts(now, purgeBatch))
    } catch (error) {
      // Another process is writing: the next purge comes soon.
      if (!isLocked(error)) log.warn({ err: error }, 'Expired entries could not be removed from the store; trying again')
    }
    cancelPurge = clock.after(removed === purgeBatch ? purgePauseMs : purgeEveryMs, purge)
  }
  purge()

  const storage: Backend['storage'] = {
    opts: {},
    // Keyv calls it; this adapter emits nothing, its faults are thrown.
    on () { return storage },
    // Keyv calls the stored text a Value.
    get: async <Value>(key: string) => await whenUnlocked(() => sql.read(key, clock.now())) as Value | undefined,
    set: (key: string, text: string, ttlMs?: number) =>
      whenUnlocked(() => { sql.write.run(key, text, ttlMs === undefined ? null : clock.now() + ttlMs) }),
    delete: (key: string) => isTrue(() => sql.remove.run(key, clock.now())),
    has: (key: string) => whenUnlocked(() => sql.read(key, clock.now()) !== undefined),
    clear: () => whenUnlocked(() => { db.exec('DELETE FROM entries') }),
  }

  return {
    storage,
    claim: (key, text, ttlMs) => isTrue(() => sql.claim.run(key, text, clock.now() + ttlMs, clock.now())),
    removeClaim: (key, text) => isTrue(() => sql.removeClaim.run(key, text, clock.now())),
    replace: (key, version, text, ttlMs) => isTrue(() => sql.replace.run(text, clock.now() + ttlMs, key, clock.now(), version)),
    acquirePlainSlot: (group, member, ttlMs, limit) => whenUnlocked(() => atomically(db, () => acquirePlainSlotNow(group, member, ttlMs, limit))),
    releasePlainSlot: (group, member) => whenUnlocked(() => { sql.deletePlainSlot.run(group, member) }),
    acquireSlot: (slot, terms) => whenUnlocked(() => atomically(db, () => acquireSlotNow(slot, terms))),
    secureSlot: (slot) => whenUnlocked(() => secureSlotNow(slot)),
    releaseSlot: ({ group, member }) => whenUnlocked(() => { sql.deleteSlot.run(group, member) }),
    count: (key, windowMs) => whenUnlocked(() => {
      const now = clock.now()
      const { count, endsAt } = sql.count(key, now, now + windowMs)
      return { count, endsInMs: endsAt - now }
    }),
    countAgainstLimits: (windows, windowMs) => whenUnlocked(() => atomically(db, () => countAgainstLimitsNow(windows, windowMs))),
    readLimitCounts: (keys) => whenUnlocked(() => {
      const now = clock.now()
      return keys.map((key) => {
        const { count, endsAt } = sql.countOf(limitKeyOf(key), now) ?? { count: 0, endsAt: now }
        return { count, endsInMs: endsAt - now }
      })
    }),
    onChange: () => () => {}, // one service works on a file, see file-lock.ts
    now: clock.now,
    timeErrorMs: clock.errorMs,
    onFailure () {},
    onTimeout () {},
    async close () {
      cancelPurge()
      db.close()
    },
  }
}

/** The key of a window of `countAgainstLimits`, apart from the windows of `count`. */
const limitKeyOf = (key: string): string => `within:${key}`

const open = (file: string): DatabaseSync => {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    refuseNetworkShare(dirname(file))
    // SQLite would make it readable for everybody. It gives -wal and -shm the mode of the file.
    closeSync(openSync(file, 'a', 0o600))
  }
  const db = new DatabaseSync(file, { timeout: openWaitMs })
  useWriteAheadLog(db)
  // FULL: a call is answered only after the data is on disk, so not even a power cut undoes a claim or the end of a session.
  db.exec('PRAGMA synchronous = FULL')
  atomically(db, () => { db.exec(schema) })
  db.exec('PRAGMA busy_timeout = 0')
  return db
}

const atomically = <T>(db: DatabaseSync, work: () => T): T => {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // After some faults, such as a full disk, SQLite has rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** True for SQLITE_BUSY and SQLITE_LOCKED, which are the low byte of all their extended codes (sqlite.org/rescode.html). */
export const isLocked = (error: unknown): boolean => {
  const code = (error as { errcode?: number }).errcode ?? 0
  return (code & 0xff) === 5 || (code & 0xff) === 6
}
