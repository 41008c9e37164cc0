/** The embedded database as a `Backend`: entries, slots and counts in one SQLite file, each ended by the given clock. */
import { sleep } from '../deadline.ts'
import type { Clock, Log } from '../login/ports.ts'
import type { DecidingCount, LimitedWindow, Slot, SlotGrant, SlotTerms } from '../login/store-port.ts'
import { createHourlyLine } from '../rare-line.ts'
import type { Backend } from './backend.ts'
import { createCheckpoints } from './checkpoints.ts'
import { repairLog } from './log-repair.ts'
import { createSafeWrites, nothingToFlush } from './safe-writes.ts'
import { createChangeWatch } from './sqlite-changes.ts'
import { createTransactions, isLocked, openDatabase } from './sqlite-file.ts'
import { statements } from './sqlite-statements.ts'

const lockWaitMs = 1_500
const lockRetryMs = 10
/** A longer pause between two tries shows that this process was stalled. */
const maxCountedMs = 100
const purgeEveryMs = 10_000
const purgePauseMs = 20
/** Rows of each table. A batch takes a few milliseconds, and no request waits longer than that for the purge: keys are random, so nearly each row is on a page of its own. */
export const purgeBatch = 100

/** Opens the file, or `:memory:`. Makes the file and its folder where there is none, readable by the owner alone. Throws where that fails. */
export const createSqliteAdapter = (file: string, { clock, log }: { clock: Clock, log: Log }): Backend => {
  const { db, logFile } = openDatabase(file)
  const sql = statements(db)
  const atomically = createTransactions(db)
  const mark = (text: string): void => { sql.write.run('repair', JSON.stringify({ value: text }), clock.now()) }
  const safeWrites = logFile === null
    ? nothingToFlush
    : createSafeWrites({ sync: logFile.flush, repair: () => repairLog(db, logFile.path, mark), clock, log })
  const checkpoints = logFile === null ? null : createCheckpoints(file, { clock, log })
  const watch = logFile === null ? null : createChangeWatch((key) => sql.read(key, clock.now()), clock)
  // A flush can't be cancelled, and the process would not exit before one that hangs has ended. Nothing that waits for it was answered.
  const killHanging = (): void => { if (safeWrites.isBusyWithDisk() || checkpoints?.isRunning() === true) process.kill(process.pid, 'SIGKILL') }
  if (logFile !== null) process.on('exit', killHanging)
  let isClosed = false

  /**
   * Runs `work` once no other process holds the write lock. Not with SQLite's busy handler, which would block the whole process meanwhile.
   */
  const whenUnlocked = async <T>(work: () => T): Promise<T> => {
    let [waitedMs, triedAt] = [0, clock.steady()]
    for (;;) {
      if (isClosed) throw new Error('The store was closed meanwhile') // or its flush would run on a descriptor that is closed, and perhaps another file's by then
      try {
        return work()
      } catch (error) {
        const now = clock.steady()
        waitedMs += Math.min(now - triedAt, maxCountedMs) // the time in which this process was stalled proves nothing: the lock may be free by now
        triedAt = now
        if (!isLocked(error) || waitedMs >= lockWaitMs) throw error
      }
      await sleep(clock, lockRetryMs)
    }
  }

  /** A write that a power cut may undo. */
  const change = <T>(work: () => T): Promise<T> => whenUnlocked(() => {
    safeWrites.assertWritable()
    const result = work()
    checkpoints?.written()
    return result
  })

  /** A write that is safe on the disk when it resolves; where `hasWritten` says that there was nothing to write, that which was found is. */
  const changeSafely = async <T>(key: string, work: () => T, hasWritten: (result: T) => boolean): Promise<T> => {
    const { result, safe } = await change(() => {
      const result = work()
      return { result, safe: hasWritten(result) ? safeWrites.written(key) : safeWrites.safe(key) } // of this moment: others may write the same key next
    })
    await safe
    return result
  }

  const always = (): boolean => true
  const isTrue = (key: string, work: () => { changes: number | bigint }) => changeSafely(key, () => work().changes === 1, (isDone) => isDone)

  const acquirePlainSlotNow = (group: string, member: string, ttlMs: number, limit: number): boolean => {
    const now = clock.now()
    if (sql.findPlainSlot.get(group, member, now) === undefined) {
      const missing = sql.plainSlotsTaken(group) - limit + 1
      if (missing > 0 && sql.clearPlainSlots(group, now, missing) < missing) return false
    }
    sql.putPlainSlot.run(group, member, now + ttlMs)
    return true
  }

  /** The member that loses its slot; null where one is free, undefined where there is none to evict. */
  const evictedFor = ({ group, owner }: Slot, { limit, ownerLimit }: SlotTerms, now: number): string | null | undefined => {
    if (sql.slotsOwned(group, owner, now) >= ownerLimit) return sql.oldestProvisionalOf(group, owner, now)
    // Of those that have ended no more are removed than one slot takes: nobody waits until a full group is cleared. The rest is left to the purge.
    const missing = sql.slotsTaken(group) - limit + 1
    return missing <= 0 || sql.clearSlots(group, now, missing) === missing ? null : sql.oldestProvisional(group, now)
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

  const readSafely = async (key: string): Promise<string | undefined> => {
    const { text, safe } = await whenUnlocked(() => ({ text: sql.read(key, clock.now()), safe: safeWrites.safe(key) }))
    await safe
    return text
  }

  let purgeError: unknown
  const purgeFailed = createHourlyLine(clock, (times) => {
    log.warn({ code: 'purge-failed', err: purgeError, times }, 'Expired entries could not be removed from the store; trying again. If this goes on, the file grows: see whether its disk has space and no fault')
  })
  let cancelPurge = () => {}
  const purge = (): void => {
    let most = purgeBatch
    // The log can't start over while it is copied, and must not outgrow that: SQLite would copy it on the event loop.
    if (checkpoints?.isRunning() !== true) {
      try {
        most = purgeNow()
      } catch (error) {
        most = 0
        // Another process is writing: the next purge comes soon.
        if (!isLocked(error)) {
          purgeError = error
          purgeFailed.add(1)
        }
      }
    }
    cancelPurge = clock.after(most === purgeBatch ? purgePauseMs : purgeEveryMs, purge)
  }
  /** Returns how many rows of one table it has removed at the most. */
  const purgeNow = (): number => {
    safeWrites.assertWritable()
    const now = clock.now()
    const removed = [sql.purgeEntries, sql.purgePlainSlots, sql.purgeSlots, sql.purgeCounts].map((purgeTable) => {
      const rows = purgeTable(now, purgeBatch)
      if (rows > 0) checkpoints?.written(rows)
      return rows
    })
    return Math.max(...removed)
  }
  purge()

  const storage: Backend['storage'] = {
    opts: {},
    // Keyv calls it; this adapter emits nothing, its faults are thrown.
    on () { return storage },
    // Keyv calls the stored text a Value.
    get: async <Value>(key: string) => await readSafely(key) as Value | undefined,
    set: (key: string, text: string, ttlMs?: number) =>
      changeSafely(key, () => { sql.write.run(key, text, ttlMs === undefined ? null : clock.now() + ttlMs) }, always),
    delete: (key: string) => isTrue(key, () => sql.remove.run(key, clock.now())),
    has: async (key: string) => await readSafely(key) !== undefined,
    clear: () => changeSafely('', () => { db.exec('DELETE FROM entries') }, always),
  }

  return {
    storage,
    claim: (key, text, ttlMs) => isTrue(key, () => sql.claim.run(key, text, clock.now() + ttlMs, clock.now())),
    claimAndRead: (key, text, ttlMs, keys) => change(() => {
      const now = clock.now()
      return sql.claim.run(key, text, now + ttlMs, now).changes === 1 ? keys.map((one) => sql.read(one, now)) : undefined
    }),
    removeClaim: (key, text) => isTrue(key, () => sql.removeClaim.run(key, text, clock.now())),
    replace: (key, version, text, ttlMs) => isTrue(key, () => sql.replace.run(text, clock.now() + ttlMs, key, clock.now(), version)),
    acquirePlainSlot: (group, member, ttlMs, limit) => change(() => atomically(() => acquirePlainSlotNow(group, member, ttlMs, limit))),
    releasePlainSlot: (group, member) => change(() => { sql.deletePlainSlot.run(group, member) }),
    acquireSlot: (slot, terms) => change(() => atomically(() => acquireSlotNow(slot, terms))),
    secureSlot: (slot) => change(() => secureSlotNow(slot)),
    releaseSlot: ({ group, member }) => change(() => { sql.deleteSlot.run(group, member) }),
    count: (key, windowMs) => changeSafely(`count ${key}`, () => {
      const now = clock.now()
      const { count, endsAt } = sql.count(key, now, now + windowMs)
      return { count, endsInMs: endsAt - now }
    }, always),
    countAgainstLimits: (windows, windowMs) => change(() => atomically(() => countAgainstLimitsNow(windows, windowMs))),
    readLimitCounts: (keys) => whenUnlocked(() => {
      const now = clock.now()
      return keys.map((key) => {
        const { count, endsAt } = sql.countOf(limitKeyOf(key), now) ?? { count: 0, endsAt: now }
        return { count, endsInMs: endsAt - now }
      })
    }),
    addToList: (list, text) => changeSafely(listedAs(list, text), () => { sql.addToList.run(list, text) }, always),
    removeFromList: (list, text) => isTrue(listedAs(list, text), () => sql.removeFromList.run(list, text)),
    readList: (list, range) => whenUnlocked(() => sql.readList(list, range)),
    lengthOfList: (list) => whenUnlocked(() => sql.lengthOfList(list)),
    onChange: watch === null ? () => () => {} : watch.onChange, // what is in memory nobody else can change
    now: clock.now,
    timeErrorMs: clock.errorMs,
    onFailure () {},
    onTimeout () {},
    async close () {
      isClosed = true
      cancelPurge()
      purgeFailed.flush()
      watch?.close()
      await safeWrites.close()
      await checkpoints?.close()
      process.off('exit', killHanging)
      db.close()
      logFile?.close()
    },
  }
}

/** What a write to a list is safe under, apart from entries. */
const listedAs = (list: string, text: string): string => `list ${list} ${text}`

/** The key of a window of `countAgainstLimits`, apart from the windows of `count`. */
const limitKeyOf = (key: string): string => `within:${key}`
