/** Changes that other processes make to the embedded database, such as a command beside the service. SQLite says that there were some, and not which. */
import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

const checkEveryMs = 1_000

export interface ChangeWatch {
  /** As `Store`'s; always with null. */
  readonly onChange: Store['onChange']
  close (): void
}

/** Asks once a second for a number that is another one after others have written, while there is a listener. A checkpoint in its thread counts as one of the others. */
export const createChangeWatch = (db: DatabaseSync, clock: Clock): ChangeWatch => {
  const dataVersion = db.prepare('PRAGMA data_version')
  const listeners = new Set<Parameters<Store['onChange']>[0]>()
  let cancel = (): void => {}

  /** Undefined while the database is locked: then it is taken for changed, as a change is a hint only. */
  const readVersion = (): unknown => {
    try {
      return dataVersion.get()?.data_version
    } catch {
      return undefined
    }
  }

  const check = (known: unknown): void => {
    const version = readVersion()
    if (version !== known) for (const listener of listeners) listener(null)
    cancel = clock.after(checkEveryMs, () => { check(version) })
  }

  const close = (): void => {
    listeners.clear()
    cancel()
  }

  return {
    onChange: (listener) => {
      listeners.add(listener)
      if (listeners.size === 1) check(readVersion())
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) cancel()
      }
    },
    close,
  }
}
