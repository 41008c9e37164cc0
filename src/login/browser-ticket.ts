/** Owns what a browser must show to reach its ticket. */
import { Problem } from '../errors.ts'
import { hashSecret, isId, isSecret, sameText } from '../domain/ids.ts'
import type { Moment, Ticket } from '../domain/ticket.ts'
import { updateTicket, unchanged } from './update-ticket.ts'
import type { LoginDeps } from './deps.ts'

/** What a browser holds: the id from the code and the secret that only it was given. */
export interface BrowserClaim {
  readonly id: string
  readonly secret: string
}

/**
 * Advances the ticket of the browser that made it; without `decide` it is read. A foreign secret, a malformed one and an unknown id are
 * all `ticket-not-found`.
 */
export const ticketOfBrowser = async (deps: LoginDeps, { id, secret }: BrowserClaim, decide: (ticket: Ticket, now: Moment) => Ticket = unchanged): Promise<Ticket> => {
  if (!isId(id) || !isSecret(secret)) throw new Problem('ticket-not-found')
  const secretHash = hashSecret(secret)
  return await updateTicket(deps, id, (ticket, now) => {
    if (!sameText(ticket.secretHash, secretHash)) throw new Problem('ticket-not-found')
    return decide(ticket, now)
  }, 'browser')
}
