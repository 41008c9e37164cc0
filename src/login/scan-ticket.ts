import { areOneConnection } from '../domain/address.ts'
import type { Person } from '../domain/person.ts'
import type { Place } from '../domain/place.ts'
import { areDifferentCountries } from '../domain/place.ts'
import { isFinal, move, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { admitPerson, assertAdmitted, scannedTicket, type AdmissionDeps } from './admit-person.ts'
import type { LoginDeps } from './deps.ts'
import { cancelIfMustType, refuseDuringLockout } from './match-number.ts'
import { begunReads, refuseToOwner, ticketOfPhone, type PhoneReads, type PhoneRequest } from './phone-ticket.ts'
import type { SessionEnder } from './ports.ts'
import { refuse } from './update-ticket.ts'

export interface ScanRequest extends PhoneRequest {
  /** Who scans, as they were read with this call. */
  readonly person: Person
  /** The phone's own address. */
  readonly ip: string
}

export interface Scan {
  readonly ticket: Ticket
  /** Where the phone is, by its address. */
  readonly phonePlace: Place | null
  /** Browser and phone are known to be in different countries or regions. The person judges it: many travel, and many use a VPN. */
  readonly isOtherCountry: boolean
  /**
   * The browser may be on the phone that scans, where no camera can see its code. Its `User-Agent` alone proves nothing, as an attacker who sends somebody
   * a code can claim to be a phone, so browser and phone have to be on one connection as well.
   */
  readonly isSamePhone: boolean
}

/**
 * Scans a ticket: the first person to do so owns it. Repeatable for that person, without moving the ticket's end again.
 * Rejects as `admitPerson` does, with `ticket-taken` for anybody else, with the code of a final state, and with `rate-limited` after too many wrong numbers. To its person a ticket
 * whose session has ended already counts as consumed, with `reason`: `logged-out`.
 */
export const scanTicket = async (deps: AdmissionDeps & { readonly sessions: Pick<SessionEnder, 'hasEnded'> }, request: ScanRequest): Promise<Scan> => {
  const found = await (request.reads?.ticket ?? deps.tickets.read(request.id))
  if (found === undefined) throw new Problem('ticket-not-found')
  const wrongNumberState = await (request.reads?.wrongNumbers ?? deps.wrongNumbers.stateOf(request.sub))
  if (deps.settings.matchNumbers !== 'off') refuseDuringLockout(wrongNumberState)
  const admitted = request.person.state === 'active' ? request.person : await admitPerson(deps, request.person, await scannable(deps, request, found))
  const { recordedAt } = admitted
  // The browser gets the name after the confirm.
  const person = { sub: request.sub, name: null, ...(recordedAt !== null && { recordedAt }) }
  const matchMode = wrongNumberState.mustType || deps.settings.matchNumbers === 'type' ? 'type' : 'tap'

  // Of somebody else's ticket, or one that is over, nothing is noted: it is refused below.
  const isOpen = found.state === 'pending' || (found.person?.sub === request.sub && !isFinal(found.state))
  const noting = isOpen ? deps.people.noteScan(admitted, scannedTicket(found)) : Promise.resolve(true)
  noting.catch(() => {}) // awaited below
  const ticket = await ticketOfPhone(deps, request, (ticket, now) => {
    if (ticket.state === 'consumed') return ticket // refused below, once it is known what became of its session
    if (isFinal(ticket.state)) return refuseToOwner(ticket)
    if (ticket.state !== 'pending') return cancelIfMustType(ticket, wrongNumberState, now)
    const scanned = move(ticket, 'scan', now, person) ?? refuse(ticket)
    return ticket.match === null ? scanned : { ...scanned, matchMode }
  }, 'wrong-number', Promise.resolve(found))
  if (!await noting) {
    // The person's data is deleted at this moment, or they were blocked, and this ticket was not yet noted as theirs.
    await deps.tickets.removeOf(request.sub, [found.id])
    assertAdmitted(await deps.people.read(request.sub))
    throw new Problem('person-unknown')
  }
  if (ticket.state === 'cancelled') return refuse(ticket)
  if ((ticket.state === 'confirmed' || ticket.state === 'consumed') && await deps.sessions.hasEnded(ticket)) throw new Problem('ticket-consumed', { extra: { reason: 'logged-out' } })
  if (ticket.state === 'consumed') return refuseToOwner(ticket)
  const phonePlace = deps.places.placeOf(request.ip)
  return {
    ticket,
    phonePlace,
    isOtherCountry: areDifferentCountries(ticket.browser.country, phonePlace?.country),
    isSamePhone: ticket.browser.isPhone === true && areOneConnection(ticket.browser.ip, request.ip),
  }
}

/** Rejects where the ticket can't be scanned by this person whoever they are: then nothing is stored of them. */
const scannable = (deps: LoginDeps, request: ScanRequest, found: Ticket): Promise<Ticket> =>
  ticketOfPhone(deps, request, (ticket) => isFinal(ticket.state) ? refuseToOwner(ticket) : ticket, 'phone', Promise.resolve(found))

export const readForScan = ({ tickets, wrongNumbers }: LoginDeps, { id, sub }: PhoneRequest): PhoneReads =>
  begunReads({ ticket: tickets.read(id), wrongNumbers: wrongNumbers.stateOf(sub) })
