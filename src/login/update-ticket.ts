/** The one way in which a stored ticket changes. */
import { stepOf, type Canceller, type WrongNumber } from '../domain/step.ts'
import { isOverdue, move, type ClockReading, type Ticket, type TicketState } from '../domain/ticket.ts'
import { Problem, type ProblemCode } from '../errors.ts'
import { compareAndSet } from './compare-and-set.ts'
import type { LoginDeps } from './deps.ts'
import type { Tickets } from './ports.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface UpdateDeps extends Pick<LoginDeps, 'clock' | 'audit'> {
  readonly tickets: Pick<Tickets, 'read' | 'replace'>
  /** Not for a command, which holds no polls. */
  readonly waitingRoom?: Pick<WaitingRoom, 'wake'>
}

/**
 * Changes a ticket: `decide` gets it as it is and returns what it becomes (the same object for no change), or throws a Problem. Of concurrent
 * callers one wins; the others decide again on the changed ticket, so `decide` must be pure. The winner records the step; `by` is the canceller in that
 * step, if `decide` cancels. An overdue ticket expires first, and `decide` gets the expired one. `reading` is a read of the ticket that the same request has
 * begun already.
 * Resolves with the ticket as stored. Rejects with `ticket-not-found` for an unknown id.
 */
export const updateTicket = async (deps: UpdateDeps, id: string, decide: (ticket: Ticket, now: ClockReading) => Ticket, by: Canceller | WrongNumber, reading?: Promise<Ticket | undefined>): Promise<Ticket> => {
  const { tickets, waitingRoom, clock, audit } = deps

  const found = async (reading: Promise<Ticket | undefined>): Promise<Ticket> => {
    const ticket = await reading
    if (ticket === undefined) throw new Problem('ticket-not-found')
    return ticket
  }
  const next = (ticket: Ticket): Ticket => {
    const now = { at: clock.now(), errorMs: clock.errorMs() }
    return isOverdue(ticket, now) ? move(ticket, 'expire', now) ?? ticket : decide(ticket, now)
  }
  // Wakes the polls whatever the outcome: a replacement whose answer got lost may have been stored, and one that lost the race was another caller's.
  const replace = (ticket: Ticket, moved: Ticket): Promise<boolean> => tickets.replace(ticket, moved, (isStored) => { waitingRoom?.wake(id, isStored ? moved : undefined) })

  const { before, after } = await compareAndSet(() => found(tickets.read(id)), next, replace, reading && found(reading))
  if (after === before) return before
  audit.record(stepOf(after, by))
  return after.state === 'expired' ? await updateTicket(deps, id, decide, by) : after
}

/** A `decide` that changes nothing: `updateTicket` then only reads the ticket, and lets an overdue one expire. */
export const unchanged = (ticket: Ticket): Ticket => ticket

/** Throws the Problem of the state that a ticket is in. */
export const refuse = (ticket: Ticket): never => {
  throw problemOf(ticket)
}

export const problemOf = ({ state }: Ticket, extra: Readonly<Record<string, string>> = {}): Problem => new Problem(refusals[state], { extra })

const refusals: Record<TicketState, ProblemCode> = {
  pending: 'ticket-not-scanned',
  scanned: 'ticket-not-confirmed',
  confirmed: 'ticket-confirmed',
  consumed: 'ticket-consumed',
  cancelled: 'ticket-cancelled',
  expired: 'ticket-expired',
}
