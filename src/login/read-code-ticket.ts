import { Problem } from '../errors.ts'
import { isId } from '../domain/ids.ts'
import { isFinal, type Ticket } from '../domain/ticket.ts'
import { updateTicket, unchanged } from './update-ticket.ts'
import type { LoginDeps } from './deps.ts'

/** The ticket whose code is to be shown, or whose link is to be followed; anybody may ask. A malformed id, an unknown and a final ticket are all `ticket-not-found`. */
export const readCodeTicket = async (deps: LoginDeps, id: string): Promise<Ticket> => {
  const ticket = isId(id) ? await updateTicket(deps, id, unchanged, 'browser') : undefined
  if (ticket === undefined || isFinal(ticket.state)) throw new Problem('ticket-not-found')
  return ticket
}
