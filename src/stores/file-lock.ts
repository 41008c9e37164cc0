/**
 * The lock of a service on its embedded store. One service works on a file: a second would learn up to a second late of what the first changes, and so would
 * its held polls. Commands open the store beside the service, without this lock.
 */
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { whyDenied } from '../file-rights.ts'
import type { Clock } from '../login/ports.ts'
import { isLocked } from './sqlite-file.ts'

/** A service needs up to 5 s to end, and its successor may have been started by then. */
const waitMs = 10_000
const retryMs = 100

/** Keeps the databases referenced: the garbage collector would close them and so release the locks. */
const held = new Set<DatabaseSync>()

/**
 * Acquires the lock of the file that `STORE_URL` names; waits up to 10 s for a service that is about to end. Returns the function that releases it; the end
 * of the process releases it, too. Other stores have no lock. Throws an Error with one line for the operator.
 */
export const lockStoreFile = async (url: string, clock: Pick<Clock, 'steady'>): Promise<() => void> => {
  const file = storeFileOf(url)
  if (file === null) return () => {}
  const giveUpAt = clock.steady() + waitMs
  for (;;) {
    const release = tryLock(`${file}.lock`, `STORE_URL ${url}`)
    if (release !== null) return release
    if (clock.steady() >= giveUpAt) {
      throw new Error(`STORE_URL ${url} is in use by another scan-login, and two on one file would miss each other's changes: stop the other one, give this one another file, or use Redis for both`)
    }
    await new Promise<void>((resolve) => { setTimeout(resolve, retryMs) })
  }
}

/** Acquires the lock of a file, as `lockStoreFile` does; null where another process has it. `what` is locked by it, as an error says. */
export const tryLock = (path: string, what: string): (() => void) | null => {
  try {
    const lock = lockNow(path)
    held.add(lock)
    return () => { if (held.delete(lock)) lock.close() }
  } catch (cause) {
    if (isLocked(cause)) return null
    throw new Error(`${what} can't be locked: ${(cause as Error).message}${whyDenied('write', path)}`, { cause }) // node:fs and node:sqlite throw Errors
  }
}

/** Returns the file of an embedded store; null for other stores and for one in memory. */
export const storeFileOf = (url: string): string | null => {
  const file = /^sqlite:(.+)$/.exec(url)?.[1]
  return file === undefined || file === ':memory:' ? null : file
}

/** Acquires SQLite's own lock, on a file beside the store: the operating system releases it however the process ends. */
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
