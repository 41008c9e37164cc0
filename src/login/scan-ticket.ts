import { areApart } from '../domain/place.ts'
import { isFinal, move, type Ticket } from '../domain/ticket.ts'
import { refuse } from './advance.ts'
import { ticketOfPhone, type PhoneClaim } from './phone-ticket.ts'
import type { LoginDeps } from './ports.ts'

export interface ScanClaim extends PhoneClaim {
  /** The phone's own address. */
  readonly ip: string
}

export interface Scan {
  readonly ticket: Ticket
  /** Browser and phone are known to be in different countries or regions. The person decides what that means: many travel, and many use a VPN. */
  readonly isOtherCountry: boolean
}

/**
 * The first person to scan owns the ticket; the same person again gets the same answer, and no new end.
 * Rejects with `ticket-taken` for anybody else, and with the code of a final state.
 */
export const scanTicket = async (deps: LoginDeps, claim: ScanClaim): Promise<Scan> => {
  const person = { sub: claim.sub, name: null } // told to the browser after the yes, and read then
  const ticket = await ticketOfPhone(deps, claim, (ticket, now) => {
    if (isFinal(ticket.state)) return refuse(ticket)
    if (ticket.state !== 'pending') return ticket
    return move(ticket, 'scan', now, person) ?? refuse(ticket)
  })
  return { ticket, isOtherCountry: areApart(ticket.browser.country, deps.places.placeOf(claim.ip)?.country) }
}
