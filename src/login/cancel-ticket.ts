import { isFinal, move, type Ticket } from '../domain/ticket.ts'
import { ticketOfBrowser, type BrowserCredentials } from './browser-ticket.ts'
import type { LoginDeps } from './deps.ts'
import { refuseToOwner, ticketOfPhone, type PhoneRequest } from './phone-ticket.ts'
import { refuse } from './update-ticket.ts'

/** Cancels for the browser. A final ticket stays as it is. Rejects with `ticket-confirmed`. */
export const cancelByBrowser = (deps: LoginDeps, credentials: BrowserCredentials): Promise<Ticket> =>
  ticketOfBrowser(deps, credentials, (ticket, now) => isFinal(ticket.state) ? ticket : move(ticket, 'cancel', now) ?? refuse(ticket))

/**
 * Cancels for the person who scanned. Repeatable. Rejects with `ticket-not-scanned`, `ticket-taken`, `ticket-confirmed`, `ticket-consumed`
 * or `ticket-expired`.
 */
export const cancelByPhone = (deps: LoginDeps, request: PhoneRequest): Promise<Ticket> =>
  ticketOfPhone(deps, request, (ticket, now) => {
    if (ticket.state === 'cancelled') return ticket
    if (ticket.state === 'pending') return refuse(ticket)
    return move(ticket, 'cancel', now) ?? refuseToOwner(ticket)
  })
