/** The rounds in which a queue of the store is worked off, by the one instance that holds the lease. */
import { settleWithin, sleep } from '../deadline.ts'
import type { Clock } from '../login/ports.ts'
import type { Lease } from './lease.ts'

/** Calls under way may end for so long when the service ends. */
const closeWithinMs = 200

export interface RoundOptions {
  readonly clock: Clock
  readonly lease: Lease
  readonly roundMs: number
  /** Forgets what was loaded: another instance may have had the lease meanwhile. */
  readonly forget: () => void
  /** One round, with the lease. It may reject, as the store has logged its fault: the next round goes on where this one ended. */
  readonly work: () => Promise<void>
  /** The calls under way. */
  readonly underWay: () => Iterable<Promise<unknown>>
  /** Writes the log lines that wait. */
  readonly flush: () => void
  /** Stores what was done, before another instance may go on. What it doesn't store is repeated. */
  readonly finish: () => Promise<void>
}

export interface Rounds {
  isStopped (): boolean
  /** Ends the calls, and lets another instance go on. Never rejects. */
  close (): Promise<void>
}

/** Begins at once. */
export const startRounds = ({ clock, lease, roundMs, forget, work, underWay, flush, finish }: RoundOptions): Rounds => {
  let isStopped = false
  let cancelRound = (): void => {}

  const round = async (): Promise<void> => {
    try {
      const kept = await lease.keep()
      if (kept !== 'kept') forget()
      if (kept !== 'missed') await work()
    } catch {
      // The store has logged its fault.
    }
    if (!isStopped) schedule()
  }

  let rounds = Promise.resolve()
  const schedule = (): void => { cancelRound = clock.after(roundMs, () => { rounds = round() }) }
  schedule()

  const close = async (): Promise<void> => {
    isStopped = true
    cancelRound()
    await Promise.race([Promise.all([rounds, ...underWay()]), sleep(clock, closeWithinMs)])
    flush()
    if (!lease.isHeld()) return
    await finish()
    await lease.release()
  }
  return {
    isStopped: () => isStopped,
    close: () => settleWithin(clock, 3 * closeWithinMs, close(), () => new Error('late')).catch(() => {}),
  }
}
