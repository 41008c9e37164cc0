/**
 * Changes that a command makes to the embedded database beside the service. The command announces them when it ends. SQLite's own number for changes of others
 * (`data_version`) moves with each checkpoint, too, as those run on a connection of their own: all waiting tickets would be read again each time.
 */
import type { Clock } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'

const checkEveryMs = 1_000

/** An entry with another value after each command. */
export const announcementKey = 'changed-by-command'
export const announcementTtlMs = 3600_000

export interface ChangeWatch {
  /** As `Store`'s; always with null. */
  readonly onChange: Store['onChange']
  close (): void
}

/** Reads the announcement once a second, while there is a listener. */
export const createChangeWatch = (read: (key: string) => string | undefined, clock: Clock): ChangeWatch => {
  const listeners = new Set<Parameters<Store['onChange']>[0]>()
  let cancel = (): void => {}

  const readNow = (before: string | undefined): string | undefined => {
    try {
      return read(announcementKey)
    } catch {
      return before // the next check reads it
    }
  }

  const check = (known: string | undefined): void => {
    const announced = readNow(known)
    if (announced !== known && announced !== undefined) for (const listener of listeners) listener(null)
    cancel = clock.after(checkEveryMs, () => { check(announced) })
  }

  const close = (): void => {
    listeners.clear()
    cancel()
  }

  return {
    onChange: (listener) => {
      listeners.add(listener)
      if (listeners.size === 1) check(readNow(undefined))
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) cancel()
      }
    },
    close,
  }
}
