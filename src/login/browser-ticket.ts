import { equalInConstantTime, hashSecret, isId, isSecret } from '../domain/ids.ts'
import type { ClockReading, Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { LoginDeps } from './deps.ts'
import { updateTicket, unchanged } from './update-ticket.ts'

/** What a browser proves itself with: the ticket's id, and the secret that was given to this browser alone. */
export interface BrowserCredentials {
  readonly id: string
  readonly secret: string
}

/**
 * Updates a ticket for the browser that made it; without `decide` it is read. `reading` as in `updateTicket`. Rejects with `ticket-not-found` alike for another ticket's
 * secret, a malformed one and an unknown id.
 */
export const ticketOfBrowser = async (deps: LoginDeps, { id, secret }: BrowserCredentials, decide: (ticket: Ticket, now: ClockReading) => Ticket = unchanged, reading?: Promise<Ticket | undefined>): Promise<Ticket> => {
  if (!isId(id) || !isSecret(secret)) throw new Problem('ticket-not-found')
  const secretHash = hashSecret(secret)
  return await updateTicket(deps, id, (ticket, now) => {
    if (!equalInConstantTime(ticket.secretHash, secretHash)) throw new Problem('ticket-not-found')
    return decide(ticket, now)
  }, 'browser', reading)
}
