/** What a person's earlier wrong numbers mean for a ticket of theirs. */
import { move, type Moment, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { refuse } from './update-ticket.ts'
import type { WrongNumberStanding } from './ports.ts'

/** Rejects with `rate-limited` for whoever has to wait. */
export const refuseToWait = ({ waitMs }: WrongNumberStanding): void => {
  if (waitMs > 0) throw new Problem('rate-limited', { detail: 'Too many wrong numbers', retryAfterSeconds: Math.ceil(waitMs / 1000), extra: { reason: 'wrong-numbers' } })
}

/**
 * Cancels a scanned ticket for which three numbers were offered to a person who has to type by now: whoever scans many tickets first and taps then
 * would have a guess of one in three for each of them. Any other ticket stays as it is.
 */
export const withdraw = (ticket: Ticket, { mustType }: WrongNumberStanding, now: Moment): Ticket => {
  const isOffered = ticket.state === 'scanned' && ticket.match !== null && ticket.matchMode !== 'type'
  return isOffered && mustType ? move(ticket, 'cancel', now) ?? refuse(ticket) : ticket
}
