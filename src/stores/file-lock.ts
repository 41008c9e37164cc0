/**
 * The lock of a service on its embedded store: one service works on a file, as a second would hear nothing of what the first changes, and its waiting
 * polls would miss it. Commands open the store beside the service, without this lock.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../login/ports.ts'
import { isLocked } from './sqlite-adapter.ts'

/** A service that is told to end needs up to 5 s, and its successor may have been started by then. Milliseconds. */
const waitMs = 10_000
const retryMs = 100

/** A database that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>()

/**
 * Takes the lock of the file that `STORE_URL` names, and waits for a service that is about to end. Gives the function that lets go of it; a process
 * that dies lets go as well. Other stores have none. Throws an Error with one line for the operator.
 */
export const lockStoreFile = async (url: string, clock: Pick<Clock, 'steady'>): Promise<() => void> => {
  const file = storeFileOf(url)
  if (file === null) return () => {}
  const giveUpAt = clock.steady() + waitMs
  for (;;) {
    try {
      const lock = lockNow(`${file}.lock`)
      held.add(lock)
      return () => { if (held.delete(lock)) lock.close() }
    } catch (cause) {
      if (!isLocked(cause)) throw new Error(`STORE_URL ${url} can't be locked: ${(cause as Error).message}`, { cause }) // node:fs and node:sqlite throw Errors
      if (clock.steady() >= giveUpAt) {
        throw new Error(`STORE_URL ${url} is in use by another scan-login, and two on one file miss each other's steps: stop the other one, give this one a file of its own, or let both use Redis`, { cause })
      }
    }
    await new Promise<void>((resolve) => { setTimeout(resolve, retryMs) })
  }
}

/** The file of an embedded store; null where there is none. */
export const storeFileOf = (url: string): string | null => {
  const file = /^sqlite:(.+)$/.exec(url)?.[1]
  return file === undefined || file === ':memory:' ? null : file
}

/** Holds SQLite's own lock on a file beside the store: the operating system takes it from a process that dies, however that happens. */
const lockNow = (path: string): DatabaseSync => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  closeSync(openSync(path, 'a', 0o600))
  const lock = new DatabaseSync(path, { timeout: 0 })
  try {
    lock.exec('BEGIN EXCLUSIVE')
    return lock
  } catch (error) {
    lock.close()
    throw error
  }
}
