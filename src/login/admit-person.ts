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
  const { people, settings: { registration } } = deps
  if (person.state === 'active') return person
  if (person.state === 'waiting' && registration === 'open' && await people.setState(person.sub, ['waiting'], 'active')) {
    deps.audit.record({ event: 'person.allowed', sub: person.sub, by: 'registration' })
    return await people.read(person.sub)
  }
  if (person.state === 'unknown') {
    const state = registration === 'open' || await deps.sessions.hasAny(person.sub) ? 'active' : 'waiting'
    if (state === 'waiting' && registration === 'closed') throw new Problem('person-unknown')
    const isNew = await people.create(person.sub, { state, isSeen: true, ticket: scannedTicket(ticket) })
    if (isNew) deps.audit.record({ event: state === 'active' ? 'person.created' : 'person.waiting', sub: person.sub })
    await keepIdsAtAdmission(deps, person.sub)
  }
  const admitted = await people.read(person.sub)
  assertAdmitted(admitted)
  return admitted
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
