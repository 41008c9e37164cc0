import { isId } from '../domain/ids.ts'
import type { Canceller, WrongNumber } from '../domain/step.ts'
import { isFinal, type ClockReading, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { LoginDeps } from './deps.ts'
import type { WrongNumberState } from './ports.ts'
import { problemOf, refuse, updateTicket } from './update-ticket.ts'

/** What the use case of a call reads first, begun while the nonce of the call is being stored. */
export interface PhoneReads {
  readonly ticket: Promise<Ticket | undefined>
  readonly wrongNumbers?: Promise<WrongNumberState>
}

/** The ticket id from the scanned code, and the person whose key signed the call. */
export interface PhoneRequest {
  readonly id: string
  readonly sub: string
  readonly reads?: PhoneReads
}

/** Begins what a call reads first. What rejects does so again where it is used, if it is. */
export const begunReads = <R extends PhoneReads>(reads: R): R => {
  for (const reading of Object.values(reads) as Array<Promise<unknown>>) reading.catch(() => {})
  return reads
}

/**
 * Updates a ticket for the person who scanned it, or for anybody while it is pending. Rejects with `ticket-not-found`; for anybody else with
 * the code of the final state or with `ticket-taken`, which reveal nothing about the person who scanned. `by` is the canceller, if `decide` cancels;
 * `reading` as in `updateTicket`.
 */
export const ticketOfPhone = async (deps: LoginDeps, { id, sub }: PhoneRequest, decide: (ticket: Ticket, now: ClockReading) => Ticket, by: Canceller | WrongNumber = 'phone', reading?: Promise<Ticket | undefined>): Promise<Ticket> => {
  if (!isId(id)) throw new Problem('ticket-not-found')
  return await updateTicket(deps, id, (ticket, now) => {
    const foreign = ticket.person !== null && ticket.person.sub !== sub
    if (isFinal(ticket.state) && (foreign || ticket.person === null)) return refuse(ticket)
    if (foreign) throw new Problem('ticket-taken')
    return decide(ticket, now)
  }, by, reading)
}

/**
 * Throws as `refuse` does, to the person whose ticket it is. After their confirmation the Problem has the id of the session: the answer to the confirmation may
 * have got lost.
 */
export const refuseToOwner = (ticket: Ticket): never => {
  const { state, sessionId } = ticket
  const isTheirs = (state === 'confirmed' || state === 'consumed') && sessionId !== undefined
  throw problemOf(ticket, isTheirs ? { session: sessionId } : {})
}
