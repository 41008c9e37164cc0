import { hashSecret } from '../domain/ids.ts'
import { UnknownSchemaError } from '../domain/record.ts'
import { isFinal, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { ticketOfBrowser, type BrowserCredentials } from './browser-ticket.ts'
import type { LoginDeps } from './deps.ts'
import type { LeaveSignal } from './waiting-room.ts'

export interface Poll extends BrowserCredentials {
  /** The version that the browser knows; -1 for none. */
  readonly after: number
  readonly waitMs: number
  /** Those of the client's address (`prefixesOf`), the widest first; the last is its client key. */
  readonly prefixes: readonly string[]
  /** Aborts when the client has disconnected. */
  readonly signal: LeaveSignal
}

/** What a poll answers, and all that a held one keeps of its ticket: there are many of them. */
export interface PolledTicket extends Pick<Ticket, 'id' | 'state' | 'version' | 'expiresAt' | 'person'> {
  /** The number that the page shows: null unless the ticket is scanned and has one. */
  readonly matchCode: string | null
}

/** `pollAfterSeconds` is there when the waiting room is full: how long the browser has to stay away. */
export interface PollAnswer {
  readonly ticket: PolledTicket
  readonly pollAfterSeconds?: number
}

const pollAfterSeconds = 2
/** While the store is unavailable, a poll that was woken reads again after this. */
const retryMs = 1_000
/** The store's clock is corrected by less than this. A larger jump means that somebody set it: don't trust the time left, answer now. */
const correctionMs = 2_000

/**
 * The long poll: answers at once when the ticket is further than the browser knows, and otherwise when it changes, when `waitMs` are over, or
 * at shutdown. It doesn't read the store while it waits. Rejects with `ticket-not-found`, and with `store-unavailable` if the first read fails; a
 * poll that has begun to wait keeps waiting while the store is unavailable, as such a fault is mostly over before the poll's time is.
 */
export const waitForTicket = async (deps: LoginDeps, poll: Poll): Promise<PollAnswer> => {
  const until = deps.clock.now() + poll.waitMs
  let ticket: PolledTicket | undefined
  let whole: Ticket | undefined
  /** Handed over by the caller in this process that moved the ticket: it needs no read, and is of this browser, as its secret never changes. */
  let moved: Ticket | undefined
  let securing: Promise<boolean> | undefined
  let isTimedOut = false
  for (;;) {
    // Enters before it reads: a change between the two wakes this waiter, so none is missed. It may also be woken without a change.
    const waiter = deps.waitingRoom.enter(poll.id, poll.prefixes)
    try {
      let fault: unknown
      try {
        securing = ticket === undefined ? deps.tickets.beginSecuring(poll.id, hashSecret(poll.secret)) : undefined
        whole = moved ?? await ticketOfBrowser(deps, poll)
        ticket = polledOf(whole, poll)
        await deps.tickets.secureSlot(whole, securing)
      } catch (error) {
        if (ticket === undefined || !isTransient(error)) throw error
        fault = error
      }
      whole = moved = securing = undefined
      const leftMs = Math.min(until, ticket.expiresAt + deps.clock.errorMs()) - deps.clock.now()
      const isOver: boolean = leftMs <= 0 || (isTimedOut && leftMs > correctionMs)
      if (isOver && fault !== undefined) throw fault
      if (ticket.version > poll.after || isOver) return { ticket }
      const waitMs = fault === undefined ? leftMs : Math.min(leftMs, retryMs)
      const outcome = await waiter.wait(waitMs, poll.signal, ticket.version)
      if (outcome === 'full') return { ticket, pollAfterSeconds }
      // A final ticket can't have changed, and may be deleted by now. At shutdown the ticket as read is a true answer, and the browser polls again.
      if (isFinal(ticket.state) || outcome === 'closed') return { ticket }
      isTimedOut = outcome === 'timed-out' && waitMs === leftMs
      // One that is no newer was read already: the move came before the read.
      moved = waiter.moved !== undefined && waiter.moved.version > ticket.version ? waiter.moved : undefined
    } finally {
      waiter.leave()
    }
  }
}

/** With the id that came with the poll, which has it anyway. */
const polledOf = ({ state, version, expiresAt, match, person }: Ticket, { id }: Poll): PolledTicket =>
  ({ id, state, version, expiresAt, person, matchCode: state === 'scanned' ? match?.code ?? null : null })

/** A record of another release's schema is `store-unavailable` too, but doesn't become readable while the poll waits. */
const isTransient = (error: unknown): boolean => error instanceof Problem && error.code === 'store-unavailable' && !(error instanceof UnknownSchemaError)
