/** Re-reads all tickets that somebody here waits for, in one go, where moves may have been missed. */
import type { LoginDeps } from './ports.ts'

/**
 * Makes the re-read: it wakes those whose ticket is not what they know. One at a time; one that is asked for meanwhile is made after it, once for
 * all who ask, as what it is to find may have been read before it changed. Where the store is away everybody goes on resting, as there is nothing
 * to tell them; the next comes within the second.
 */
export const createLookAgain = ({ tickets, waitingRoom }: Pick<LoginDeps, 'tickets' | 'waitingRoom'>): (() => void) => {
  let isLooking = false
  let isAskedAgain = false

  const look = async (): Promise<void> => {
    const waitedFor = waitingRoom.waitedFor()
    const ids = [...waitedFor.keys()]
    const versions = await tickets.versionsOf(ids)
    for (const [index, id] of ids.entries()) {
      if (versions[index] !== waitedFor.get(id)) waitingRoom.wake(id)
    }
  }

  return function lookAgain () {
    if (isLooking) {
      isAskedAgain = true
      return
    }
    isLooking = true
    look().catch(() => {}).finally(() => {
      isLooking = false
      if (!isAskedAgain) return
      isAskedAgain = false
      lookAgain()
    })
  }
}
