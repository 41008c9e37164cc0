/** The held polls of this process, by ticket. It knows no ticket states and reads no store. */
import type { Ticket } from '../domain/ticket.ts'
import { timerQueueOf, type Timed } from '../timer-queue.ts'
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

  const timers = timerQueueOf(clock)

  /** A class, and one small object for each poll: there are many of them. */
  class HeldPoll implements Waiter, Timed {
    readonly ticketId: string
    readonly prefixes: readonly string[]
    isWoken = false
    moved: Ticket | undefined = undefined
    /** The one that the client knows, while this waiter waits; otherwise Infinity. */
    version = Infinity
    dueAt = 0
    place = -1
    /** Ends the wait. There, as `signal` and `abort` are, only while this waiter waits. */
    resolve: ((outcome: WaitOutcome) => void) | undefined = undefined
    signal: LeaveSignal | undefined = undefined
    abort: (() => void) | undefined = undefined

    constructor (ticketId: string, prefixes: readonly string[]) {
      this.ticketId = ticketId
      this.prefixes = prefixes
    }

    get isWaiting (): boolean {
      return this.resolve !== undefined
    }

    wait (ms: number, signal: LeaveSignal, version: number): Promise<WaitOutcome> {
      if (closed || signal.aborted) return Promise.resolve('closed')
      if (this.isWoken) return Promise.resolve('changed')
      const entry = entryOf.get(this.ticketId)
      const waiting = entry instanceof PollGroup ? entry.waiting : undefined
      // Evict the oldest poll, the one most likely abandoned, and make it back off: otherwise two sets of clients would keep evicting each other.
      if (waiting !== undefined && waiting.size >= heldPerTicket) waiting.values().next().value?.end('full')
      if (isFullFor(this.prefixes)) return Promise.resolve('full')
      count(this.prefixes, 1)
      waiting?.add(this)
      this.version = version
      this.signal = signal
      this.abort = () => { this.end('closed') }
      signal.addEventListener('abort', this.abort)
      timers.add(this, ms)
      return new Promise((resolve) => { this.resolve = resolve })
    }

    /** Does nothing where this waiter doesn't wait. */
    end (outcome: WaitOutcome): void {
      const { resolve, signal, abort } = this
      if (resolve === undefined || signal === undefined || abort === undefined) return
      this.resolve = this.signal = this.abort = undefined
      this.version = Infinity
      timers.remove(this)
      removeWaiting(this)
      signal.removeEventListener('abort', abort)
      count(this.prefixes, -1)
      resolve(outcome)
    }

    onDue (): void {
      this.end('timed-out')
    }

    wake (moved: Ticket | undefined): void {
      this.isWoken = true
      this.moved = moved
      this.end('changed')
    }

    leave (): void {
      this.end('closed')
      const entry = entryOf.get(this.ticketId)
      if (entry instanceof PollGroup) entry.entered.delete(this)
      if (entry === this || (entry instanceof PollGroup && entry.entered.size === 0)) entryOf.delete(this.ticketId)
    }
  }

  /** The polls of a ticket that has had more than one at a time. However many they are, none has to be searched for, and no list is copied. */
  class PollGroup {
    readonly entered: Set<HeldPoll>
    /** Those of them that wait, at most `heldPerTicket`, the oldest wait first. */
    readonly waiting: Set<HeldPoll>

    constructor (first: HeldPoll) {
      this.entered = new Set([first])
      this.waiting = new Set(first.isWaiting ? [first] : [])
    }
  }

  /** By ticket: its only poll, as nearly all have one at a time, or its group. */
  const entryOf = new Map<string, HeldPoll | PollGroup>()

  const removeWaiting = (poll: HeldPoll): void => {
    const entry = entryOf.get(poll.ticketId)
    if (entry instanceof PollGroup) entry.waiting.delete(poll)
  }

  const waitersFor = (ticketId: string): Iterable<HeldPoll> => {
    const entry = entryOf.get(ticketId)
    return entry === undefined ? [] : entry instanceof PollGroup ? entry.entered : [entry]
  }

  const enter = (ticketId: string, prefixes: readonly string[]): Waiter => {
    const waiter = new HeldPoll(ticketId, prefixes)
    const entry = entryOf.get(ticketId)
    if (entry === undefined) {
      entryOf.set(ticketId, waiter)
    } else {
      const group = entry instanceof PollGroup ? entry : new PollGroup(entry)
      group.entered.add(waiter)
      entryOf.set(ticketId, group)
    }
    return waiter
  }

  const waitedFor = (): ReadonlyMap<string, number> => {
    const lowest = [...entryOf].map(([id, entry]) => [id, entry instanceof PollGroup ? Math.min(...[...entry.waiting].map(({ version }) => version)) : entry.version] as const)
    return new Map(lowest.filter(([, version]) => version < Infinity))
  }

  return {
    enter,
    wake: (ticketId, moved) => { for (const waiter of waitersFor(ticketId)) waiter.wake(moved) },
    waitedFor,
    close: () => {
      closed = true
      for (const ticketId of entryOf.keys()) for (const waiter of waitersFor(ticketId)) waiter.end('closed')
    },
    get held () { return held },
  }
}
