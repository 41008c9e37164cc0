import { move, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { LoginDeps } from './deps.ts'
import { cancelIfMustType, refuseDuringLockout } from './match-number.ts'
import { ticketOfPhone, type PhoneRequest } from './phone-ticket.ts'
import { refuse, unchanged } from './update-ticket.ts'

export interface Confirmation extends PhoneRequest {
  /** The two digits that were tapped or typed; required where the ticket asks for a number. */
  readonly matchCode: string | undefined
  /** When confirmations by the key that signed the call count as made (`PhoneKey`). */
  readonly since: number
}

/**
 * Confirms for the person who scanned, with the number on the screen where the ticket asks for one. Repeatable. One wrong number cancels the
 * ticket, is counted against the person and rejects with `match-wrong`. Confirmations of one person run one at a time, so that both of two quick taps get the
 * answer to the first. Rejects with `bad-request` without a number, `rate-limited` where the other one takes too long or the person is locked out,
 * `ticket-not-scanned`, `ticket-taken`, `ticket-cancelled` or `ticket-expired`.
 */
export const confirmTicket = async (deps: LoginDeps, confirmation: Confirmation): Promise<Ticket> => {
  const ticket = await ticketOfPhone(deps, confirmation, unchanged)
  if (isConfirmed(ticket)) return ticket
  if (ticket.state !== 'scanned') return refuse(ticket)
  if (ticket.match === null) return await confirm(deps, confirmation)
  if (confirmation.matchCode === undefined) throw new Problem('bad-request', { detail: 'match_code is needed' })
  // The number, and how the phone asks for it, can't change after the scan.
  const isRight = confirmation.matchCode === ticket.match.code
  return await deps.wrongNumbers.exclusively(confirmation.sub, () => checkNumber(deps, confirmation, isRight))
}

const isConfirmed = ({ state }: Ticket): boolean => state === 'confirmed' || state === 'consumed'

const confirm = async (deps: LoginDeps, confirmation: Confirmation): Promise<Ticket> => {
  const person = { sub: confirmation.sub, name: await deps.names.nameOf(confirmation.sub), since: confirmation.since }
  return await ticketOfPhone(deps, confirmation, (ticket, now) => {
    if (isConfirmed(ticket)) return ticket
    return ticket.state === 'scanned' ? move(ticket, 'confirm', now, person) ?? refuse(ticket) : refuse(ticket)
  })
}

/** Checks one number. No two of a person are checked at the same time, so each check sees all wrong numbers before it. */
const checkNumber = async (deps: LoginDeps, confirmation: Confirmation, isRight: boolean): Promise<Ticket> => {
  const wrongNumberState = await deps.wrongNumbers.stateOf(confirmation.sub)
  const offered = await ticketOfPhone(deps, confirmation, (ticket, now) => cancelIfMustType(ticket, wrongNumberState, now), 'wrong-number')
  if (isConfirmed(offered)) return offered
  if (offered.state !== 'scanned') return refuse(offered)
  refuseDuringLockout(wrongNumberState)
  if (isRight) return await confirm(deps, confirmation)

  const cancel = (by: Parameters<typeof ticketOfPhone>[3]) =>
    ticketOfPhone(deps, confirmation, (ticket, now) => ticket.state === 'scanned' ? move(ticket, 'cancel', now) ?? refuse(ticket) : refuse(ticket), by)
  // Counted before the answer. Where that fails, the ticket is cancelled all the same: otherwise there would be another guess that isn't counted.
  const { count, lockoutMs } = await deps.wrongNumbers.add(confirmation.sub).catch(async (fault: unknown) => {
    await cancel('wrong-number').catch(() => {})
    throw fault
  })
  if (lockoutMs > 0) deps.audit.record({ event: 'limit.hit', limit: 'wrong-number', sub: confirmation.sub, seconds: lockoutMs / 1000 })
  await cancel({ by: 'wrong-number', count })
  throw new Problem('match-wrong')
}
