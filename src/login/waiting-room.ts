/** Owns who waits for which ticket in this process. Knows no states and reads no store: it only rests people and wakes them. */
import type { Clock } from './ports.ts'

/** One held poll. Entered before the ticket is read, so that a change between reading and resting still wakes it. */
export interface Seat {
  /**
   * Resolves when the ticket was touched since entering, after `ms`, when `signal` aborts, or when the room closes; at once
   * with `full` where no more polls may be held.
   */
  rest (ms: number, signal: AbortSignal): Promise<'awake' | 'full'>
  /** Gives the seat up; must be called once, whatever happened. */
  leave (): void
}

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
    const bell: Bell = { rung: closed, stop: undefined }
    const group = bells.get(ticketId) ?? new Set()
    bells.set(ticketId, group.add(bell))

    const rest = (ms: number, signal: AbortSignal): Promise<'awake' | 'full'> => {
      if (bell.rung || signal.aborted) return Promise.resolve('awake')
      if (held >= limit) return Promise.resolve('full')
      held++
      return new Promise((resolve) => {
        bell.stop = () => {
          bell.stop = undefined
          cancelTimer()
          signal.removeEventListener('abort', stop)
          held--
          resolve('awake')
        }
        const stop = (): void => bell.stop?.()
        const cancelTimer = clock.after(ms, stop)
        signal.addEventListener('abort', stop)
      })
    }

    const leave = (): void => {
      bell.stop?.()
      group.delete(bell)
      if (group.size === 0) bells.delete(ticketId)
    }

    return { rest, leave }
  }

  const ring = (bell: Bell): void => {
    bell.rung = true
    bell.stop?.()
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
      wake(null)
    },
    get held () { return held },
  }
}

/** One seat's bell: whether it has rung, and what ends the rest while somebody rests. */
interface Bell { rung: boolean, stop: (() => void) | undefined }
