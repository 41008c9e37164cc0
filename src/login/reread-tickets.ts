import type { LoginDeps } from './deps.ts'

/**
 * Creates the function that re-reads, in one request to the store, every ticket that a poll is held for, and wakes the polls whose ticket has
 * another version than their client knows. It is called where changes made by other processes may have been missed.
 *
 * One re-read runs at a time. Calls during it lead to one more afterwards, as the running one may have read before the change that they are about.
 * A failed re-read wakes nobody: there is nothing to answer, and the next one comes within a second.
 */
export const createRereadTickets = ({ tickets, waitingRoom }: Pick<LoginDeps, 'tickets' | 'waitingRoom'>): (() => void) => {
  let isRunning = false
  let isCalledAgain = false

  const reread = async (): Promise<void> => {
    const waitedFor = waitingRoom.waitedFor()
    const ids = [...waitedFor.keys()]
    const versions = await tickets.versionsOf(ids)
    for (const [index, id] of ids.entries()) {
      if (versions[index] !== waitedFor.get(id)) waitingRoom.wake(id)
    }
  }

  return function rereadTickets () {
    if (isRunning) {
      isCalledAgain = true
      return
    }
    isRunning = true
    reread().catch(() => {}).finally(() => {
      isRunning = false
      if (!isCalledAgain) return
      isCalledAgain = false
      rereadTickets()
    })
  }
}
