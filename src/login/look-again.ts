/** Owns what is done where moves may have been missed: all tickets that somebody here waits for are looked at in one go. */
import type { LoginDeps } from './ports.ts'

/**
 * Makes the look: it wakes those whose ticket is not what they know. While one is under way another adds nothing. Where the store is
 * away everybody goes on resting, as there is nothing to tell them; the next look comes within the second.
 */
export const createLookAgain = ({ tickets, waitingRoom }: Pick<LoginDeps, 'tickets' | 'waitingRoom'>): (() => void) => {
  let isLooking = false

  const look = async (): Promise<void> => {
    const waitedFor = waitingRoom.waitedFor()
    const ids = [...waitedFor.keys()]
    const versions = await tickets.versionsOf(ids)
    for (const [index, id] of ids.entries()) {
      if (versions[index] !== waitedFor.get(id)) waitingRoom.wake(id)
    }
  }

  return () => {
    if (isLooking) return
    isLooking = true
    look().catch(() => {}).finally(() => { isLooking = false })
  }
}
