import { isFinal, move, type Ticket } from '../domain/ticket.ts'
import { refuse } from './advance.ts'
import { ticketOfPhone, type PhoneClaim } from './phone-ticket.ts'
import type { LoginDeps } from './ports.ts'

/**
 * The first person to scan owns the ticket; the same person again gets the same answer, and no new end.
 * Rejects with `ticket-taken` for anybody else, and with the code of a final state.
 */
export const scanTicket = async (deps: LoginDeps, claim: PhoneClaim): Promise<Ticket> => {
  const person = { sub: claim.sub, name: await deps.names.nameOf(claim.sub) }
  return await ticketOfPhone(deps, claim, (ticket, now) => {
    if (isFinal(ticket.state)) return refuse(ticket)
    if (ticket.state !== 'pending') return ticket
    return move(ticket, 'scan', now, person) ?? refuse(ticket)
  })
}
