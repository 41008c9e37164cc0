import type { Person } from '../domain/person.ts'
import { move, type ClockReading, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { admitPerson, assertAdmitted, type AdmissionDeps } from './admit-person.ts'
import type { LoginDeps } from './deps.ts'
import { cancelIfMustType, refuseDuringLockout } from './match-number.ts'
import type { WrongNumberState } from './ports.ts'
import { begunReads, ticketOfPhone, type PhoneReads, type PhoneRequest } from './phone-ticket.ts'
import { refuse, unchanged } from './update-ticket.ts'

export interface Confirmation extends PhoneRequest {
  /** Who confirms, as they were read with this call. */
  readonly person: Person
  /** The two digits that were tapped or typed; required where the ticket asks for a number. */
  readonly matchCode: string | undefined
  /** When confirmations by the key that signed the call count as made (`PhoneKey`). */
  readonly since: number
}

/**
 * Confirms for the person who scanned, with the number on the screen where the ticket asks for one. Repeatable. One wrong number cancels the
 * ticket, is counted against the person and rejects with `match-wrong`. Confirmations of one person run one at a time, so that both of two quick taps get the
 * answer to the first. Rejects with `bad-request` without a number, `rate-limited` where the other one takes too long or the person is locked out,
 * `ticket-not-scanned`, as `assertAdmitted` and `admitPerson` do, `ticket-taken`, `ticket-cancelled` or `ticket-expired`.
 */
export const confirmTicket = async (deps: AdmissionDeps, request: Confirmation): Promise<Ticket> => {
  const ticket = await ticketOfPhone(deps, request, unchanged, 'phone', request.reads?.ticket)
  assertAdmitted(request.person, ticket.person?.recordedAt)
  if (isConfirmed(ticket)) return ticket
  if (ticket.state !== 'scanned') return refuse(ticket)
  const isAdmitted = request.person.state === 'active'
  const confirmation = isAdmitted ? request : { ...request, person: await admitPerson(deps, request.person, ticket) }
  if (ticket.match === null) return await confirm(deps, confirmation, ticket, (ticket) => ticket)
  if (confirmation.matchCode === undefined) throw new Problem('bad-request', { detail: 'match_code is needed' })
  // The number, and how the phone asks for it, can't change after the scan.
  const isRight = confirmation.matchCode === ticket.match.code
  return await deps.wrongNumbers.exclusively(confirmation.sub, (state, release) =>
    isRight && state.lockoutMs === 0 ? confirmRight(deps, confirmation, ticket, state, release) : checkNumber(deps, confirmation, state))
}

export const readForConfirm = ({ tickets }: LoginDeps, { id }: PhoneRequest): PhoneReads => begunReads({ ticket: tickets.read(id) })

const isConfirmed = ({ state }: Ticket): boolean => state === 'confirmed' || state === 'consumed'

/** Confirms the ticket as it was read, unless `judge` returns another one. `before` is called before it is stored. */
const confirm = async (deps: LoginDeps, confirmation: Confirmation, read: Ticket, judge: (ticket: Ticket, now: ClockReading) => Ticket, before = (): void => {}): Promise<Ticket> => {
  const { sub, since, person: { name, recordedAt } } = confirmation
  before()
  return await ticketOfPhone(deps, confirmation, (ticket, now) => {
    if (isConfirmed(ticket)) return ticket
    if (ticket.state !== 'scanned') return refuse(ticket)
    const judged = judge(ticket, now)
    return judged === ticket ? move(ticket, 'confirm', now, { ...(recordedAt !== null && { recordedAt }), ...ticket.person, sub, name, since }) ?? refuse(ticket) : judged
  }, 'wrong-number', Promise.resolve(read))
}

/**
 * Confirms with the right number. It was judged under the lock, which ends while the ticket is moved: of what moves the ticket now, a wrong number too, the store
 * lets one win.
 */
const confirmRight = async (deps: LoginDeps, confirmation: Confirmation, read: Ticket, state: WrongNumberState, release: () => void): Promise<Ticket> => {
  const ticket = await confirm(deps, confirmation, read, (ticket, now) => cancelIfMustType(ticket, state, now), release)
  return ticket.state === 'cancelled' ? refuse(ticket) : ticket
}

/** Checks a number that is wrong, or offered during a lockout. No two of a person are checked at the same time, so each check sees all wrong numbers before it. */
const checkNumber = async (deps: LoginDeps, confirmation: Confirmation, wrongNumberState: WrongNumberState): Promise<Ticket> => {
  const offered = await ticketOfPhone(deps, confirmation, (ticket, now) => cancelIfMustType(ticket, wrongNumberState, now), 'wrong-number')
  if (isConfirmed(offered)) return offered
  if (offered.state !== 'scanned') return refuse(offered)
  refuseDuringLockout(wrongNumberState)
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
