/** Owns what a person must be to touch a ticket from the phone. */
import { Problem } from '../errors.ts'
import { isId } from '../domain/ids.ts'
import { isFinal, type Moment, type Ticket } from '../domain/ticket.ts'
import { updateTicket, refuse } from './update-ticket.ts'
import type { Canceller, WrongNumber } from '../domain/step.ts'
import type { LoginDeps } from './deps.ts'

/** A ticket id from a scanned code, and the person whom the signing key names. */
export interface PhoneClaim {
  readonly id: string
  readonly sub: string
}

/**
 * Advances a ticket for the person who scanned it, or for anybody while it is pending. Rejects with `ticket-not-found`; for anybody else with
 * the code of the final state or `ticket-taken`, which tells nothing about the first. `by` is what it means when this call cancels.
 */
export const ticketOfPhone = async (deps: LoginDeps, { id, sub }: PhoneClaim, decide: (ticket: Ticket, now: Moment) => Ticket, by: Canceller | WrongNumber = 'phone'): Promise<Ticket> => {
  if (!isId(id)) throw new Problem('ticket-not-found')
  return await updateTicket(deps, id, (ticket, now) => {
    const foreign = ticket.person !== null && ticket.person.sub !== sub
    if (isFinal(ticket.state) && (foreign || ticket.person === null)) return refuse(ticket)
    if (foreign) throw new Problem('ticket-taken')
    return decide(ticket, now)
  }, by)
}
