/** Owns the embedded database: entries, places and counts in one SQLite file, each with its end by the given clock. Refuses to interpret values. */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { sleep } from '../deadline.ts'
import type { Clock, Log } from '../login/ports.ts'
import type { DecidingCount, LimitedWindow, Slot, SlotGrant, SlotTerms } from '../login/store-port.ts'
import type { Backend } from './backend.ts'
import { schema, statements } from './sqlite-statements.ts'

/** A start may wait for longer: others that write all the time leave the lock free for moments only. */
const openWaitMs = 5_000
const lockWaitMs = 1_500
const lockRetryMs = 10
const purgeEveryMs = 10_000
const purgePauseMs = 20
/** Some milliseconds of work, so that no request waits longer than that for the purge. */
export const purgeBatch = 500

/** Opens the file, or `:memory:`, and makes it where there is none: its folder readable by the owner alone, and so the file. Throws where it can't. */
export const createSqliteAdapter = (file: string, { clock, log }: { clock: Clock, log: Log }): Backend => {
  const db = open(file)
  const sql = statements(db)

  /**
   * Works as soon as no other process holds the write lock. The waiting is ours and not SQLite's, whose busy handler would put the
   * whole process to sleep.
   */
  const patiently = async <T>(work: () => T): Promise<T> => {
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

  const isTrue = (work: () => { changes: number | bigint }) => patiently(() => work().changes === 1)

  const acquirePlainSlotNow = (group: string, member: string, ttlMs: number, limit: number): boolean => {
    const now = clock.now()
    if (sql.findPlace.get(group, member, now) === undefined && sql.taken(group) >= limit) {
      sql.clearPlaces.run(group, now)
      if (sql.taken(group) >= limit) return false
    }
    sql.takePlace.run(group, member, now + ttlMs)
    return true
  }

  /** The member who loses their slot, null where one is free, undefined where none is to be had. */
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

  const countWithinNow = (windows: readonly LimitedWindow[], windowMs: number): DecidingCount => {
    const now = clock.now()
    const full = windows.find(({ key, limit }) => (sql.countOf(withinOf(key), now)?.count ?? 0) >= limit)
    const counts = (full === undefined ? windows : [full]).map(({ key }) => ({ key, ...sql.count(withinOf(key), now, now + windowMs) }))
    const { key, count, endsAt } = counts.at(-1) as typeof counts[number] // there is a window
    return { key, count, endsInMs: endsAt - now }
  }

  let cancelPurge = () => {}
  const purge = (): void => {
    let removed = 0
    try {
      const now = clock.now()
      removed = Math.max(sql.purgeEntries(now, purgeBatch), sql.purgePlaces(now, purgeBatch), sql.purgeSlots(now, purgeBatch), sql.purgeCounts(now, purgeBatch))
    } catch (error) {
      // Another process that writes just now is no fault: the next turn comes.
      if (!isLocked(error)) log.warn({ err: error }, 'What has expired could not be removed from the store')
    }
    cancelPurge = clock.after(removed === purgeBatch ? purgePauseMs : purgeEveryMs, purge)
  }
  purge()

  const storage: Backend['storage'] = {
    opts: {},
    // Keyv looks for it in an adapter; this one has nothing to emit, its faults are thrown.
    on () { return storage },
    // Keyv gets back the text that it gave, and calls that a Value.
    get: async <Value>(key: string) => await patiently(() => sql.read(key, clock.now())) as Value | undefined,
    set: (key: string, text: string, ttlMs?: number) =>
      patiently(() => { sql.write.run(key, text, ttlMs === undefined ? null : clock.now() + ttlMs) }),
    delete: (key: string) => isTrue(() => sql.remove.run(key, clock.now())),
    has: (key: string) => patiently(() => sql.read(key, clock.now()) !== undefined),
    clear: () => patiently(() => { db.exec('DELETE FROM entries') }),
  }

  return {
    storage,
    claim: (key, text, ttlMs) => isTrue(() => sql.claim.run(key, text, clock.now() + ttlMs, clock.now())),
    removeClaim: (key, text) => isTrue(() => sql.removeClaim.run(key, text, clock.now())),
    replace: (key, version, text, ttlMs) => isTrue(() => sql.replace.run(text, clock.now() + ttlMs, key, clock.now(), version)),
    acquirePlainSlot: (group, member, ttlMs, limit) => patiently(() => atomically(db, () => acquirePlainSlotNow(group, member, ttlMs, limit))),
    releasePlainSlot: (group, member) => patiently(() => { sql.leavePlace.run(group, member) }),
    acquireSlot: (slot, terms) => patiently(() => atomically(db, () => acquireSlotNow(slot, terms))),
    secureSlot: (slot) => patiently(() => secureSlotNow(slot)),
    releaseSlot: ({ group, member }) => patiently(() => { sql.deleteSlot.run(group, member) }),
    count: (key, windowMs) => patiently(() => {
      const now = clock.now()
      const { count, endsAt } = sql.count(key, now, now + windowMs)
      return { count, endsInMs: endsAt - now }
    }),
    countWithin: (windows, windowMs) => patiently(() => atomically(db, () => countWithinNow(windows, windowMs))),
    countsWithin: (keys) => patiently(() => {
      const now = clock.now()
      return keys.map((key) => {
        const { count, endsAt } = sql.countOf(withinOf(key), now) ?? { count: 0, endsAt: now }
        return { count, endsInMs: endsAt - now }
      })
    }),
    onChange: () => () => {}, // one process works on the file
    now: clock.now,
    timeErrorMs: clock.errorMs,
    failed () {},
    overdue () {},
    async close () {
      cancelPurge()
      db.close()
    },
  }
}

/** The name of a window that is counted within others, apart from those that are counted alone. */
const withinOf = (key: string): string => `within:${key}`

const open = (file: string): DatabaseSync => {
  if (file !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    // SQLite would make it readable for everybody, and gives its companions -wal and -shm the same mode.
    closeSync(openSync(file, 'a', 0o600))
  }
  const db = new DatabaseSync(file, { timeout: openWaitMs })
  // FULL: an answer is given only after the disk has it, so that not even a power cut takes back a claim or brings back an ended session.
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
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
    // Some faults, a full disk among them, have rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED in the low byte, whatever the extended code says (sqlite.org/rescode.html). */
export const isLocked = (error: unknown): boolean => {
  const code = (error as { errcode?: number }).errcode ?? 0
  return (code & 0xff) === 5 || (code & 0xff) === 6
}
