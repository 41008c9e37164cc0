/** Owns who waits for which ticket in this process. Knows no states and reads no store: it only rests people and wakes them. */
import type { Clock } from './ports.ts'

/** A page asks once at a time; a second one may be left over from a connection that died unheard, or from a reload. */
const heldPerTicket = 4
/** More people than any office has behind one address; and no one address takes all places. */
export const heldPerClient = 2_000
/** A network has a quarter of the places: with the defaults, one for each of the tickets that it may have (a twentieth of MAX_TICKETS). */
const shareOfNetwork = 1 / 4

/** How many polls are held for one of a visitor's networks, in a room of so many. */
export const heldPerNetwork = (limit: number): number => Math.max(heldPerClient, limit * shareOfNetwork)

/** One held poll. Entered before the ticket is read, so that a change between reading and resting still wakes it. */
export interface Seat {
  /**
   * Resolves with `awake` when the ticket may have been touched since entering, with `over` after `ms`, with `closed` when `signal` aborts or
   * the room closes; with `full` at once where no more polls may be held, here or for one of the networks, and as soon as too many newer ones are held for the same ticket.
   * `version` is the one that whoever rests knows.
   */
  rest (ms: number, signal: AbortSignal, version: number): Promise<RestOutcome>
  /** Gives the seat up; must be called once, whatever happened. */
  leave (): void
}

export type RestOutcome = 'awake' | 'over' | 'closed' | 'full'

export interface WaitingRoom {
  /** `networks` are those of whoever polls, the widest first; the last is their client key. */
  enter (ticketId: string, networks: readonly string[]): Seat
  /** Wakes everybody who waits for this ticket. */
  wake (ticketId: string): void
  /** The tickets that are waited for just now, each with the lowest version that one of those who rest knows. */
  waitedFor (): ReadonlyMap<string, number>
  /** Wakes everybody and rests nobody any more. */
  close (): void
  /** How many polls are held just now. */
  readonly held: number
}

/** Makes the room of one process. `limit` polls at most are held at a time. */
export const createWaitingRoom = (clock: Clock, limit: number): WaitingRoom => {
  const bells = new Map<string, Set<Bell>>()
  const heldOf = new Map<string, number>()
  let held = 0
  let closed = false

  /** Counts one more or one less, and forgets who has none. */
  const count = (networks: readonly string[], by: 1 | -1): void => {
    held += by
    for (const network of networks) {
      const now = (heldOf.get(network) ?? 0) + by
      if (now > 0) heldOf.set(network, now)
      else heldOf.delete(network)
    }
  }

  const isFullFor = (networks: readonly string[]): boolean => held >= limit || networks.some((network, index) =>
    (heldOf.get(network) ?? 0) >= (index === networks.length - 1 ? heldPerClient : heldPerNetwork(limit)))

  const enter = (ticketId: string, networks: readonly string[]): Seat => {
    const bell: Bell = { rung: false, stop: undefined, version: Infinity }
    const group = bells.get(ticketId) ?? new Set()
    bells.set(ticketId, group.add(bell))

    const rest: Seat['rest'] = (ms, signal, version) => {
      if (closed || signal.aborted) return Promise.resolve('closed')
      if (bell.rung) return Promise.resolve('awake')
      const resting = [...group].filter(({ stop }) => stop !== undefined)
      // The oldest goes, as it is the likeliest to have lost its listener; and it is told to stay away, or two crowds would wake each other without end.
      if (resting.length >= heldPerTicket) resting[0]?.stop?.('full')
      if (isFullFor(networks)) return Promise.resolve('full')
      count(networks, 1)
      bell.version = version
      return new Promise((resolve) => {
        bell.stop = (outcome) => {
          bell.stop = undefined
          bell.version = Infinity
          cancelTimer()
          signal.removeEventListener('abort', giveUp)
          count(networks, -1)
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

  const waitedFor = (): ReadonlyMap<string, number> => {
    const lowest = [...bells].map(([id, group]) => [id, Math.min(...[...group].map(({ version }) => version))] as const)
    return new Map(lowest.filter(([, version]) => version < Infinity))
  }

  return {
    enter,
    wake: (ticketId) => bells.get(ticketId)?.forEach(ring),
    waitedFor,
    close: () => {
      closed = true
      for (const group of bells.values()) for (const bell of group) bell.stop?.('closed')
    },
    get held () { return held },
  }
}

/** One seat's bell: whether it has rung, and while somebody rests what ends that and the version they know. */
interface Bell { rung: boolean, stop: ((outcome: RestOutcome) => void) | undefined, version: number }
