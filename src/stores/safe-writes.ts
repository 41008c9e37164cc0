/** Which entries are written and not yet safe on the disk, and what becomes of the store when the disk fails to keep them. */
import type { Clock, Log } from '../login/ports.ts'
import { createGroupFlush } from './group-flush.ts'

/** Between two tries to repair the log after a flush that failed. */
const repairEveryMs = 1_000
/** Between two lines about it: a disk may fail and work again by turns. */
const lineEveryMs = 60_000

export interface SafeWrites {
  /** Throws after a flush that failed, until the log is repaired. Called before each write. */
  assertWritable (): void
  /** Called right after an entry was written or removed; resolves when that is safe. */
  written (key: string): Promise<void>
  /** Resolves when what is stored under a key is safe: at once, unless it was written a moment ago. Rejects where it may be lost. */
  safe (key: string): Promise<void>
  /** True during a flush or a repair. */
  isBusyWithDisk (): boolean
  close (): Promise<void>
}

export interface SafeWritesDeps {
  /** Flushes the log. */
  readonly sync: () => Promise<void>
  /** Makes all that is written safe after a flush that failed, or rejects. */
  readonly repair: () => Promise<void>
  readonly clock: Pick<Clock, 'after' | 'steady'>
  readonly log: Log
}

/** Of a database in memory, where nothing has to be flushed. */
export const nothingToFlush: SafeWrites = {
  assertWritable () {},
  async written () {},
  async safe () {},
  isBusyWithDisk: () => false,
  async close () {},
}

/**
 * The operating system reports a failed flush once, and the next may succeed though data is lost. So after one that failed every call that waits for a flush is
 * refused, and every write, until `repair` has succeeded. Entries that were safe before can be read meanwhile.
 */
export const createSafeWrites = ({ sync, repair, clock, log }: SafeWritesDeps): SafeWrites => {
  let failure: Error | undefined
  let isReported = false
  let nextLineAt = -Infinity
  let isClosed = false
  let isRepairing = false
  let repairing = Promise.resolve()
  let cancelRepair = () => {}
  const unsafe = new Map<string, Promise<void>>()

  const assertWritable = (): void => {
    if (failure !== undefined) throw new Error('The disk has failed to keep what was written', { cause: failure })
  }

  /** Each failure has one line, or, soon after another, one when it lasts. */
  const report = (): void => {
    if (isReported || clock.steady() < nextLineAt) return
    isReported = true
    nextLineAt = clock.steady() + lineEveryMs
    log.error({ code: 'disk-failed', err: failure }, 'The disk has failed to keep what the store wrote: calls that write are refused until it does. If it has space and no fault, and this goes on, restart the service')
  }

  const tryRepair = async (): Promise<void> => {
    isRepairing = true
    try {
      await repair()
      failure = undefined
      unsafe.clear()
      if (isReported) log.info({}, 'The disk keeps what the store writes again')
      isReported = false
    } catch {
      report()
      repairLater()
    } finally {
      isRepairing = false
    }
  }
  const repairLater = (): void => {
    if (!isClosed) cancelRepair = clock.after(repairEveryMs, () => { repairing = tryRepair() })
  }

  const { flush, isFlushing, idle } = createGroupFlush(async () => {
    assertWritable()
    try {
      await sync()
    } catch (error) {
      failure = error as Error // of a system call
      report()
      repairLater()
      throw error
    }
  })

  return {
    assertWritable,
    written (key) {
      const flushed = flush()
      unsafe.set(key, flushed)
      const forget = (): void => { if (unsafe.get(key) === flushed) unsafe.delete(key) }
      flushed.then(forget, () => {}) // one that failed stays unsafe
      return flushed
    },
    async safe (key) { await unsafe.get(key) },
    isBusyWithDisk: () => isFlushing() || isRepairing,
    async close () {
      isClosed = true
      cancelRepair()
      await Promise.all([idle(), repairing])
    },
  }
}
