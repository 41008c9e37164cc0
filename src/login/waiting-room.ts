/** The held polls of this process, by ticket. It knows no ticket states and reads no store. */
import type { Ticket } from '../domain/ticket.ts'
import type { Clock } from './ports.ts'

/** A page polls once at a time; further polls are left over from a reload, or from a connection that broke unnoticed. */
const heldPerTicket = 4
/** More people than any office has behind one address. Bounds what one address can take of the room. */
export const heldPerClient = 2_000
/** A network has a quarter of the room: with the defaults, one poll for each of the tickets that it may have (a twentieth of MAX_TICKETS). */
const shareOfNetwork = 1 / 4

/** How many polls are held for a prefix wider than a client key, in a room for `limit` polls. */
export const heldPerNetwork = (limit: number): number => Math.max(heldPerClient, limit * shareOfNetwork)

/** How a wait ended. `changed`: the ticket may have changed. `full`: no more polls are held, so the client has to stay away for a while. */
export type WaitOutcome = 'changed' | 'timed-out' | 'closed' | 'full'

/** The part of an AbortSignal that a wait needs. */
export interface LeaveSignal {
  readonly aborted: boolean
  addEventListener (type: 'abort', call: () => void): void
  removeEventListener (type: 'abort', call: () => void): void
}

/** One poll in the room. It enters before its ticket is read, so that a change between the read and the wait isn't missed. */
export interface Waiter {
  /**
   * Resolves with `changed` when the ticket may have changed since this waiter entered; with `timed-out` after `ms`; with `closed` when `signal`
   * aborts or the room closes; with `full` at once where the limit of the room or of one of the prefixes is reached, and later where four newer polls wait for the same ticket.
   * `version` is the one that the client knows.
   */
  wait (ms: number, signal: LeaveSignal, version: number): Promise<WaitOutcome>
  /** The ticket as the caller that woke this waiter last has stored it. Undefined where nobody did, or who did doesn't know: then the ticket has to be read. */
  readonly moved: Ticket | undefined
  /** Must be called when the poll is over, whatever happened; a second call does nothing. */
  leave (): void
}

export interface WaitingRoom {
  /** `prefixes` are those of the client's address (`prefixesOf`), the widest first; the last is its client key. */
  enter (ticketId: string, prefixes: readonly string[]): Waiter
  /** Wakes every waiter of this ticket. `moved` is the ticket as the caller has stored it. */
  wake (ticketId: string, moved?: Ticket): void
  /** The tickets with a poll held now, each with the lowest version that one of these polls knows. */
  waitedFor (): ReadonlyMap<string, number>
  /** Ends every wait with `closed`, and those to come at once. */
  close (): void
  /** How many polls are held now. */
  readonly held: number
}

/** Creates the waiting room of one process, which holds at most `limit` polls at a time. */
export const createWaitingRoom = (clock: Clock, limit: number): WaitingRoom => {
  const waitersOf = new Map<string, Set<WaiterState>>()
  const heldOf = new Map<string, number>()
  let held = 0
  let closed = false

  /** Deletes a prefix's entry at 0, so that the map doesn't grow with every prefix that has ever polled. */
  const count = (prefixes: readonly string[], change: 1 | -1): void => {
    held += change
    for (const prefix of prefixes) {
      const ofPrefix = (heldOf.get(prefix) ?? 0) + change
      if (ofPrefix > 0) heldOf.set(prefix, ofPrefix)
      else heldOf.delete(prefix)
    }
  }

  const isFullFor = (prefixes: readonly string[]): boolean => held >= limit || prefixes.some((prefix, index) =>
    (heldOf.get(prefix) ?? 0) >= (index === prefixes.length - 1 ? heldPerClient : heldPerNetwork(limit)))

  const enter = (ticketId: string, prefixes: readonly string[]): Waiter => {
    const waiter: WaiterState = { isWoken: false, moved: undefined, end: undefined, version: Infinity }
    const group = waitersOf.get(ticketId) ?? new Set()
    waitersOf.set(ticketId, group.add(waiter))

    const wait: Waiter['wait'] = (ms, signal, version) => {
      if (closed || signal.aborted) return Promise.resolve('closed')
      if (waiter.isWoken) return Promise.resolve('changed')
      const waiting = [...group].filter(({ end }) => end !== undefined)
      // Evict the oldest poll, the one most likely abandoned, and make it back off: otherwise two sets of clients would keep evicting each other.
      if (waiting.length >= heldPerTicket) waiting[0]?.end?.('full')
      if (isFullFor(prefixes)) return Promise.resolve('full')
      count(prefixes, 1)
      waiter.version = version
      return new Promise((resolve) => {
        waiter.end = (outcome) => {
          waiter.end = undefined
          waiter.version = Infinity
          cancelTimer()
          signal.removeEventListener('abort', abort)
          count(prefixes, -1)
          resolve(outcome)
        }
        const abort = (): void => waiter.end?.('closed')
        const cancelTimer = clock.after(ms, () => waiter.end?.('timed-out'))
        signal.addEventListener('abort', abort)
      })
    }

    const leave = (): void => {
      waiter.end?.('closed')
      group.delete(waiter)
      if (group.size === 0 && waitersOf.get(ticketId) === group) waitersOf.delete(ticketId)
    }

    return { wait, leave, get moved () { return waiter.moved } }
  }

  const wake = (waiter: WaiterState, moved: Ticket | undefined): void => {
    waiter.isWoken = true
    waiter.moved = moved
    waiter.end?.('changed')
  }

  const waitedFor = (): ReadonlyMap<string, number> => {
    const lowest = [...waitersOf].map(([id, group]) => [id, Math.min(...[...group].map(({ version }) => version))] as const)
    return new Map(lowest.filter(([, version]) => version < Infinity))
  }

  return {
    enter,
    wake: (ticketId, moved) => waitersOf.get(ticketId)?.forEach((waiter) => { wake(waiter, moved) }),
    waitedFor,
    close: () => {
      closed = true
      for (const group of waitersOf.values()) for (const waiter of group) waiter.end?.('closed')
    },
    get held () { return held },
  }
}

/** `end` and a finite `version` are there only while the waiter waits. */
interface WaiterState { isWoken: boolean, moved: Ticket | undefined, end: ((outcome: WaitOutcome) => void) | undefined, version: number }
