import { refusalOf, type Person } from '../domain/person.ts'
import { graceMs, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { LoginDeps } from './deps.ts'
import { keepIdsAtAdmission } from './keep-wechat-ids.ts'
import type { SessionEnder } from './ports.ts'

export type AdmissionDeps = LoginDeps & { readonly sessions: Pick<SessionEnder, 'hasAny'> }

/**
 * Admits a person at their scan, or at their confirmation where an earlier release has scanned: whom nobody knows yet becomes `active` or `waiting`, as REGISTRATION says.
 * Whoever was logged in before people were recorded is known by their sessions. Rejects with `person-unknown`, `person-waiting` or `person-blocked`; the ticket stays as it is.
 */
export const admitPerson = async (deps: AdmissionDeps, person: Person, ticket: Ticket): Promise<Person> => {
  const admitted = await knownPerson(deps, person, ticket)
  if (admitted.state === 'waiting') await deps.people.ensureListed(admitted) // they are told that an owner has been asked
  assertAdmitted(admitted)
  return admitted
}

const knownPerson = async (deps: AdmissionDeps, person: Person, ticket: Ticket): Promise<Person> => {
  const { people, audit, settings: { registration } } = deps
  const { sub } = person
  if (person.state === 'unknown') {
    const state = registration === 'open' || await deps.sessions.hasAny(sub) ? 'active' : 'waiting'
    if (state === 'waiting' && registration === 'closed') throw new Problem('person-unknown')
    const created = await people.create(sub, { state, isSeen: true, ...(state === 'active' && { ticket: scannedTicket(ticket) }) })
    if (created !== undefined) audit.record({ event: state === 'active' ? 'person.created' : 'person.waiting', sub })
    await keepIdsAtAdmission(deps, sub)
    return created ?? await people.read(sub)
  }
  if (person.state !== 'waiting' || registration !== 'open') return person
  if (await people.setState(sub, ['waiting'], 'active')) audit.record({ event: 'person.allowed', sub, by: 'registration' })
  return await people.read(sub)
}

/** Throws where a person may not go on with what they began, `begunUnder` as in `refusalOf`. */
export const assertAdmitted = (person: Person, begunUnder?: number): void => {
  const refusal = refusalOf(person, begunUnder)
  if (refusal !== null) throw new Problem(refusal)
}

/**
 * Throws as `assertAdmitted` does where the person may not go on with a ticket that they have confirmed. An earlier release, which knows no REGISTRATION, may have
 * scanned and confirmed it: whoever is unknown then has to be known by a session.
 */
export const assertAdmittedBy = async ({ sessions, settings }: Pick<AdmissionDeps, 'sessions' | 'settings'>, person: Person, ticket: Ticket): Promise<void> => {
  assertAdmitted(person, ticket.person?.recordedAt)
  if (person.state === 'unknown' && settings.registration !== 'open' && !await sessions.hasAny(person.sub)) throw new Problem('person-unknown')
}

/** A scan may postpone a ticket's end, and once final it is stored for a while. */
export const scannedTicket = ({ id, expiresAt }: Ticket) => ({ id, storedUntil: expiresAt + 3 * graceMs })
