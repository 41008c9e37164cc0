import { isPast, type ClockReading, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { ticketOfBrowser, type BrowserCredentials } from './browser-ticket.ts'
import type { LoginDeps } from './deps.ts'

/**
 * Claims the right to make the ticket that takes this one's place: true once for each ticket, for the browser that made it, when nobody has scanned it in time,
 * and not before half of its life. So whoever holds some tickets has twice as many at a time at the most, and a chain of them costs half a life for each.
 * Where nothing can be claimed the new ticket is one like any other: no refusal, and no fault of the store, is worth failing for.
 */
export const claimRenewal = async (deps: LoginDeps, credentials: BrowserCredentials): Promise<boolean> => {
  const { tickets, clock } = deps
  try {
    const ticket = await ticketOfBrowser(deps, credentials)
    return isRenewable(ticket, { at: clock.now(), errorMs: clock.errorMs() }) && await tickets.claimSuccessor(ticket)
  } catch (error) {
    if (error instanceof Problem) return false
    throw error
  }
}

const isRenewable = ({ state, createdAt, expiresAt }: Ticket, now: ClockReading): boolean =>
  state === 'expired' || (state === 'pending' && isPast((createdAt + expiresAt) / 2, now))
