/** The consequences of a person's earlier wrong numbers for their tickets. */
import { move, type ClockReading, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { WrongNumberState } from './ports.ts'
import { refuse } from './update-ticket.ts'

/** Throws `rate-limited` while the person is locked out. */
export const refuseDuringLockout = ({ lockoutMs }: WrongNumberState): void => {
  if (lockoutMs > 0) throw new Problem('rate-limited', { detail: 'Too many wrong numbers', retryAfterSeconds: Math.ceil(lockoutMs / 1000), extra: { reason: 'wrong-numbers' } })
}

/**
 * Cancels a scanned ticket that offered three numbers where the person has to type by now. Otherwise somebody could scan many tickets first and
 * then have a guess of one in three at each. Any other ticket stays as it is.
 */
export const cancelIfMustType = (ticket: Ticket, { mustType }: WrongNumberState, now: ClockReading): Ticket => {
  const isOffered = ticket.state === 'scanned' && ticket.match !== null && ticket.matchMode !== 'type'
  return isOffered && mustType ? move(ticket, 'cancel', now) ?? refuse(ticket) : ticket
}
