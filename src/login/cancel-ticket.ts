import { isFinal, move, type Ticket } from '../domain/ticket.ts'
import { refuse } from './update-ticket.ts'
import { ticketOfBrowser, type BrowserClaim } from './browser-ticket.ts'
import { ticketOfPhone, type PhoneClaim } from './phone-ticket.ts'
import type { LoginDeps } from './deps.ts'

/** The browser gives up. A final ticket stays as it is; a confirmed one is `ticket-confirmed`. */
export const cancelByBrowser = (deps: LoginDeps, claim: BrowserClaim): Promise<Ticket> =>
  ticketOfBrowser(deps, claim, (ticket, now) => isFinal(ticket.state) ? ticket : move(ticket, 'cancel', now) ?? refuse(ticket))

/**
 * The person who scanned says no; again finds it cancelled. Rejects with `ticket-not-scanned`, `ticket-taken`,
 * `ticket-confirmed` or the code of the final state.
 */
export const cancelByPhone = (deps: LoginDeps, claim: PhoneClaim): Promise<Ticket> =>
  ticketOfPhone(deps, claim, (ticket, now) => {
    if (ticket.state === 'cancelled') return ticket
    if (ticket.state === 'pending') return refuse(ticket)
    return move(ticket, 'cancel', now) ?? refuse(ticket)
  })
