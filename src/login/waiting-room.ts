/** Owns who waits for which ticket in this process. Knows no states and reads no store: it only rests people and wakes them. */
import type { Clock } from './ports.ts'

/** A page asks once at a time; a second one may be left over from a connection that died unheard, or from a reload. */
const heldPerTicket = 4

/** One held poll. Entered before the ticket is read, so that a change between reading and resting still wakes it. */
export interface Seat {
  /**
   * Resolves with `awake` when the ticket may have been touched since entering, with `over` after `ms`, with `closed` when `signal` aborts or
   * the room closes; with `full` at once where no more polls may be held, and as soon as too many newer ones are held for the same ticket.
   */
  rest (ms: number, signal: AbortSignal): Promise<RestOutcome>
  /** Gives the seat up; must be called once, whatever happened. */
  leave (): void
}

export type RestOutcome = 'awake' | 'over' | 'closed' | 'full'

export interface WaitingRoom {
  enter (ticketId: string): Seat
  /** Wakes everybody who waits for this ticket; null: for any. */
  wake (ticketId: string | null): void
  /** Wakes everybody and rests nobody any more. */
  close (): void
  /** How many polls are held just now. */
  readonly held: number
}

/** Makes the room of one process. `limit` polls at most are held at a time. */
export const createWaitingRoom = (clock: Clock, limit: number): WaitingRoom => {
  const bells = new Map<string, Set<Bell>>()
  let held = 0
  let closed = false

  const enter = (ticketId: string): Seat => {
    const bell: Bell = { rung: false, stop: undefined }
    const group = bells.get(ticketId) ?? new Set()
    bells.set(ticketId, group.add(bell))

    const rest = (ms: number, signal: AbortSignal): Promise<RestOutcome> => {
      if (closed || signal.aborted) return Promise.resolve('closed')
      if (bell.rung) return Promise.resolve('awake')
      const resting = [...group].filter(({ stop }) => stop !== undefined)
      // The oldest goes, as it is the likeliest to have lost its listener; and it is told to stay away, or two crowds would wake each other without end.
      if (resting.length >= heldPerTicket) resting[0]?.stop?.('full')
      if (held >= limit) return Promise.resolve('full')
      held++
      return new Promise((resolve) => {
        bell.stop = (outcome) => {
          bell.stop = undefined
          cancelTimer()
          signal.removeEventListener('abort', giveUp)
          held--
          resolve(outcome)
        }
        const giveUp = (): void => bell.stop?.('closed')
        const cancelTimer = clock.after(ms, () => bell.stop?.('over'))
        signal.addEventListener('abort', giveUp)
      })
    }

    const leave = (): void => {
      bell.stop?.('closed')
      group.delete(bell)
      if (group.size === 0 && bells.get(ticketId) === group) bells.delete(ticketId)
    }

    return { rest, leave }
  }

  const ring = (bell: Bell): void => {
    bell.rung = true
    bell.stop?.('awake')
  }

  const wake = (ticketId: string | null): void => {
    if (ticketId !== null) bells.get(ticketId)?.forEach(ring)
    else for (const group of bells.values()) group.forEach(ring)
  }

  return {
    enter,
    wake,
    close: () => {
      closed = true
      for (const group of bells.values()) for (const bell of group) bell.stop?.('closed')
    },
    get held () { return held },
  }
}

/** One seat's bell: whether it has rung, and what ends the rest while somebody rests. */
interface Bell { rung: boolean, stop: ((outcome: RestOutcome) => void) | undefined }
