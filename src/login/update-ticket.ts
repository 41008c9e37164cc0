/** Owns the one way in which a stored ticket changes: read, decide, replace, and start over where somebody was quicker. */
import { Problem, type ProblemCode } from '../errors.ts'
import { isOverdue, move, type Moment, type Ticket, type TicketState } from '../domain/ticket.ts'
import { stepOf, type Canceller, type WrongNumber } from '../domain/step.ts'
import type { LoginDeps } from './deps.ts'

type UpdateDeps = Pick<LoginDeps, 'tickets' | 'waitingRoom' | 'clock' | 'audit'>

/**
 * Lets `decide` look at the ticket as it is and say what it is to be: the same object for "nothing to do", a moved one, or a thrown
 * Problem for "no". The store decides between callers; who loses decides again on what the winner left, so `decide` must be pure. The winner
 * tells the audit; `by` is what it means there when this call cancels.
 * Resolves with the ticket as stored. Rejects with `ticket-not-found` for an unknown id.
 */
export const updateTicket = async (deps: UpdateDeps, id: string, decide: (ticket: Ticket, now: Moment) => Ticket, by: Canceller | WrongNumber): Promise<Ticket> => {
  for (;;) { // ends: every lost race means that the ticket has come one edge nearer to its end
    const before = await deps.tickets.read(id)
    if (before === undefined) throw new Problem('ticket-not-found')
    const now = { at: deps.clock.now(), errorMs: deps.clock.errorMs() }
    const overdue = isOverdue(before, now)
    const after = overdue ? move(before, 'expire', now) ?? before : decide(before, now)
    if (after === before) return before
    // Wakes whatever comes of it: a move whose answer got lost may have been made, and one that was lost has been made by somebody else.
    const isTaken = await deps.tickets.replace(before, after, () => { deps.waitingRoom.wake(id) })
    if (isTaken) deps.audit.record(stepOf(after, by))
    if (isTaken && !overdue) return after
  }
}

/** Decides for nothing: the ticket is read as it is now. Whoever sees first that its time is up takes the `expire` edge all the same. */
export const unchanged = (ticket: Ticket): Ticket => ticket

/** Says no in the name of the state that a ticket is in. */
export const refuse = (ticket: Ticket): never => {
  throw new Problem(refusals[ticket.state])
}

const refusals: Record<TicketState, ProblemCode> = {
  pending: 'ticket-not-scanned',
  scanned: 'ticket-not-confirmed',
  confirmed: 'ticket-confirmed',
  consumed: 'ticket-consumed',
  cancelled: 'ticket-cancelled',
  expired: 'ticket-expired',
}
