import { Problem } from '../errors.ts'
import { move, type Ticket } from '../domain/ticket.ts'
import { refuse } from './advance.ts'
import { ticketOfPhone, type PhoneClaim } from './phone-ticket.ts'
import type { LoginDeps } from './ports.ts'

export interface Confirmation extends PhoneClaim {
  /** The two digits that were tapped; needed where the ticket asks for a number. */
  readonly matchCode: string | undefined
  /** The date of the key that signs. */
  readonly since: number
}

/**
 * The person who scanned says yes, with the number on the screen where one is asked for; again finds it done. One wrong number
 * cancels the ticket and rejects with `match-wrong`. Rejects with `bad-request` without a number, `ticket-not-scanned`, `ticket-taken`,
 * `ticket-cancelled` or `ticket-expired`.
 */
export const confirmTicket = async (deps: LoginDeps, confirmation: Confirmation): Promise<Ticket> => {
  const person = { sub: confirmation.sub, name: await deps.names.nameOf(confirmation.sub), since: confirmation.since }
  const ticket = await ticketOfPhone(deps, confirmation, (ticket, now) => {
    if (ticket.state === 'confirmed' || ticket.state === 'consumed') return ticket
    if (ticket.state !== 'scanned') return refuse(ticket)
    return (isMatch(ticket, confirmation.matchCode) ? move(ticket, 'confirm', now, person) : move(ticket, 'cancel', now)) ?? refuse(ticket)
  }, 'wrong-number')
  if (ticket.state === 'cancelled') throw new Problem('match-wrong')
  return ticket
}

const isMatch = (ticket: Ticket, matchCode: string | undefined): boolean => {
  if (ticket.match === null) return true
  if (matchCode === undefined) throw new Problem('bad-request', { detail: 'match_code is needed' })
  return matchCode === ticket.match.code
}
