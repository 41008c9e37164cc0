import { isId } from '../domain/ids.ts'
import { isFinal, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { LoginDeps } from './deps.ts'
import { updateTicket, unchanged } from './update-ticket.ts'

/** Reads the ticket of a code or a link, for anybody who has its id. Rejects with `ticket-not-found` alike for a malformed id, an unknown one and a final ticket. */
export const readCodeTicket = async (deps: LoginDeps, id: string): Promise<Ticket> => {
  const ticket = isId(id) ? await updateTicket(deps, id, unchanged, 'browser') : undefined
  if (ticket === undefined || isFinal(ticket.state)) throw new Problem('ticket-not-found')
  return ticket
}
