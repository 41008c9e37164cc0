import { areOneConnection } from '../domain/address.ts'
import type { Place } from '../domain/place.ts'
import { areApart } from '../domain/place.ts'
import { isFinal, move, type Ticket } from '../domain/ticket.ts'
import { refuse } from './update-ticket.ts'
import { refuseToWait, withdraw } from './match-number.ts'
import { ticketOfPhone, type PhoneClaim } from './phone-ticket.ts'
import type { LoginDeps } from './deps.ts'

export interface ScanClaim extends PhoneClaim {
  /** The phone's own address. */
  readonly ip: string
}

export interface Scan {
  readonly ticket: Ticket
  /** Where the phone itself is, as its address says. */
  readonly phonePlace: Place | null
  /** Browser and phone are known to be in different countries or regions. The person decides what that means: many travel, and many use a VPN. */
  readonly isOtherCountry: boolean
  /**
   * The browser may be on the phone that scans, so that no camera could see its code. Its own word that it is on a phone is not enough: whoever sends a
   * code to somebody can say so, too. They would have to be on that person's connection as well.
   */
  readonly isSamePhone: boolean
}

/**
 * The first person to scan owns the ticket; the same person again gets the same answer, and no new end.
 * Rejects with `ticket-taken` for anybody else, with the code of a final state, and with `rate-limited` for whoever has had too many wrong numbers.
 */
export const scanTicket = async (deps: LoginDeps, claim: ScanClaim): Promise<Scan> => {
  const person = { sub: claim.sub, name: null } // told to the browser after the yes, and read then
  const standing = await deps.wrongNumbers.standingOf(claim.sub)
  if (deps.settings.matchNumbers !== 'off') refuseToWait(standing)
  const matchMode = standing.mustType || deps.settings.matchNumbers === 'type' ? 'type' : 'tap'

  const ticket = await ticketOfPhone(deps, claim, (ticket, now) => {
    if (isFinal(ticket.state)) return refuse(ticket)
    if (ticket.state !== 'pending') return withdraw(ticket, standing, now)
    const scanned = move(ticket, 'scan', now, person) ?? refuse(ticket)
    return ticket.match === null ? scanned : { ...scanned, matchMode }
  }, 'wrong-number')
  if (ticket.state === 'cancelled') return refuse(ticket)
  const phonePlace = deps.places.placeOf(claim.ip)
  return {
    ticket,
    phonePlace,
    isOtherCountry: areApart(ticket.browser.country, phonePlace?.country),
    isSamePhone: ticket.browser.isPhone === true && areOneConnection(ticket.browser.ip, claim.ip),
  }
}
