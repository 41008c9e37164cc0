import { move, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { refuse, unchanged } from './update-ticket.ts'
import { refuseToWait, withdraw } from './match-number.ts'
import { ticketOfPhone, type PhoneClaim } from './phone-ticket.ts'
import type { LoginDeps } from './deps.ts'

export interface Confirmation extends PhoneClaim {
  /** The two digits that were tapped or typed; needed where the ticket asks for a number. */
  readonly matchCode: string | undefined
  /** The date of the key that signs. */
  readonly since: number
}

/**
 * The person who scanned says yes, with the number on the screen where one is asked for; again finds it done. One wrong number
 * cancels the ticket, counts against the person and rejects with `match-wrong`. While another number of this person is being judged it waits, so that the
 * second of two taps is answered like the first. Rejects with `bad-request` without a number, `rate-limited` where that takes long or they have to wait, `ticket-not-scanned`, `ticket-taken`, `ticket-cancelled` or `ticket-expired`.
 */
export const confirmTicket = async (deps: LoginDeps, confirmation: Confirmation): Promise<Ticket> => {
  const ticket = await ticketOfPhone(deps, confirmation, unchanged)
  if (isConfirmed(ticket)) return ticket
  if (ticket.state !== 'scanned') return refuse(ticket)
  if (ticket.match === null) return await confirm(deps, confirmation)
  if (confirmation.matchCode === undefined) throw new Problem('bad-request', { detail: 'match_code is needed' })
  // The number and how it was asked for are fixed since the scan.
  const isRight = confirmation.matchCode === ticket.match.code
  return await deps.wrongNumbers.exclusively(confirmation.sub, () => judge(deps, confirmation, isRight))
}

const isConfirmed = ({ state }: Ticket): boolean => state === 'confirmed' || state === 'consumed'

const confirm = async (deps: LoginDeps, confirmation: Confirmation): Promise<Ticket> => {
  const person = { sub: confirmation.sub, name: await deps.names.nameOf(confirmation.sub), since: confirmation.since }
  return await ticketOfPhone(deps, confirmation, (ticket, now) => {
    if (isConfirmed(ticket)) return ticket
    return ticket.state === 'scanned' ? move(ticket, 'confirm', now, person) ?? refuse(ticket) : refuse(ticket)
  })
}

/** Judges one number. No two of a person are judged at the same time, so each knows of all wrong ones before it. */
const judge = async (deps: LoginDeps, claim: Confirmation, isRight: boolean): Promise<Ticket> => {
  const standing = await deps.wrongNumbers.standingOf(claim.sub)
  const offered = await ticketOfPhone(deps, claim, (ticket, now) => withdraw(ticket, standing, now), 'wrong-number')
  if (isConfirmed(offered)) return offered
  if (offered.state !== 'scanned') return refuse(offered)
  refuseToWait(standing)
  if (isRight) return await confirm(deps, claim)

  const cancel = (by: Parameters<typeof ticketOfPhone>[3]) =>
    ticketOfPhone(deps, claim, (ticket, now) => ticket.state === 'scanned' ? move(ticket, 'cancel', now) ?? refuse(ticket) : refuse(ticket), by)
  // Counted before the answer is given. Where it can't be, the ticket goes all the same, or there would be a second guess for nothing.
  const { count, waitMs } = await deps.wrongNumbers.add(claim.sub).catch(async (fault: unknown) => {
    await cancel('wrong-number').catch(() => {})
    throw fault
  })
  if (waitMs > 0) deps.audit.record({ event: 'limit.hit', limit: 'wrong-number', sub: claim.sub, seconds: waitMs / 1000 })
  await cancel({ by: 'wrong-number', count })
  throw new Problem('match-wrong')
}
