/** Checkpoints of the embedded database in a thread of their own: they copy the log into the database and flush both, which on a slow disk takes long. */
import { Worker } from 'node:worker_threads'
import type { Clock, Log } from '../login/ports.ts'
import { createHourlyLine } from '../rare-line.ts'

/** How many writes the log takes before a checkpoint: up to 40 MB, which the next process reads again after a kill. */
export const writesPerCheckpoint = 1_500

/**
 * Runs in the thread, in plain JavaScript: a thread that strips types takes 18 MB more. PASSIVE copies while others write; RESTART copies the rest, and the log
 * starts over. The first write to it makes SQLite flush the log's header, so it is made here. RESTART holds the write lock while it waits for readers, so it waits
 * briefly: while one reads for long, as a backup does, the log goes on, and starts over at a later checkpoint. At the end a copy is enough, without a write.
 */
const program = `
  const { parentPort, workerData } = require('node:worker_threads')
  const { DatabaseSync } = require('node:sqlite')
  const db = new DatabaseSync(workerData, { timeout: 50 })
  db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0')
  const mark = db.prepare("INSERT OR REPLACE INTO entries VALUES ('checkpoint', ?, 0)")
  parentPort.on('message', (number) => {
    let error = null
    try {
      db.exec('PRAGMA wal_checkpoint(PASSIVE)')
      if (number !== null) {
        db.exec('PRAGMA wal_checkpoint(RESTART)')
        mark.run(JSON.stringify({ value: number }))
      }
    } catch (thrown) {
      error = thrown
    }
    parentPort.postMessage(error)
  })
`

export interface Checkpoints {
  /** Counts writes; every so many, a checkpoint begins. */
  written (count?: number): void
  isRunning (): boolean
  /** Copies what is left, so that closing the database has nothing to flush on the event loop. */
  close (): Promise<void>
}

/** The thread starts at the first checkpoint. */
export const createCheckpoints = (file: string, { clock, log }: { clock: Pick<Clock, 'after'>, log: Log }): Checkpoints => {
  let worker: Worker | undefined
  let isRunning = false
  let hasWritten = false
  let writes = 0
  let number = 0
  let ended = (): void => {}

  let failure: unknown
  const failed = createHourlyLine(clock, (times) => {
    log.warn({ code: 'checkpoint-failed', err: failure, times }, 'The log of the store could not be copied into its database; trying again. If this goes on, the file -wal grows: see whether its disk has space and no fault')
  })
  const fail = (err: unknown): void => {
    failure = err
    failed.add(1)
  }

  const start = (): Worker => {
    const thread = new Worker(program, { eval: true, workerData: file })
    thread.unref()
    thread.on('message', (error) => {
      isRunning = false
      if (error !== null) fail(error)
      ended()
    })
    thread.on('error', fail)
    thread.on('exit', () => {
      isRunning = false
      worker = undefined
      ended()
    })
    return thread
  }

  /** With null, the last one. */
  const run = (which: number | null): void => {
    try {
      worker ??= start()
      isRunning = true
      worker.postMessage(which)
    } catch (error) {
      fail(error) // the machine has no room for a thread
    }
  }

  const runLast = async (): Promise<void> => {
    worker?.ref()
    if (isRunning) await new Promise<void>((resolve) => { ended = resolve })
    run(null)
    worker?.ref() // it may be another one
    if (isRunning) await new Promise<void>((resolve) => { ended = resolve })
  }

  return {
    written (count = 1) {
      hasWritten = true
      writes += count
      if (writes < writesPerCheckpoint || isRunning) return
      writes = 0
      run(number += 1)
    },
    isRunning: () => isRunning,
    async close () {
      if (hasWritten) await runLast()
      await worker?.terminate()
      failed.flush()
    },
  }
}
