import type { Person } from '../domain/person.ts'
import { isPast, move, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { assertAdmitted, assertAdmittedBy, type AdmissionDeps } from './admit-person.ts'
import { ticketOfBrowser, type BrowserCredentials } from './browser-ticket.ts'
import type { OpenedSession, SessionOpener } from './ports.ts'
import { refuse } from './update-ticket.ts'

/** How long a browser may repeat the call, as the answer may have got lost. */
const repeatMs = 30_000

/**
 * Turns a confirmed ticket into a session, once. The ticket is consumed first and the session opens second, both repeatable: if anything breaks
 * in between, the same browser secret may try again within 30 s and gets the same session. `presentedSecrets` are those of the browser's cookies, whose
 * sessions end as the new one takes their place. Rejects with `ticket-not-confirmed`, as `assertAdmitted` does, `ticket-cancelled`, `ticket-expired`, or `ticket-consumed` after 30 s or once the session was ended.
 */
export const consumeTicket = async (deps: AdmissionDeps & { readonly sessions: SessionOpener }, credentials: BrowserCredentials, presentedSecrets: readonly string[]): Promise<{ ticket: Ticket, session: OpenedSession, person: Person }> => {
  const read = await ticketOfBrowser(deps, credentials)
  if (read.state === 'pending') throw new Problem('ticket-not-confirmed')
  if (read.person === null) return refuse(read)
  const opening = deps.sessions.prepare(read.person.sub)
  const reading = deps.people.read(read.person.sub)
  reading.catch(() => {}) // awaited below
  const ticket = await ticketOfBrowser(deps, credentials, (ticket, now) => {
    if (ticket.consumedAt !== null && !isPast(ticket.consumedAt + repeatMs, now)) return ticket
    return move(ticket, 'consume', now) ?? refuse(ticket)
  }, Promise.resolve(read))
  const person = await reading
  // Who is blocked from now on has confirmed before the cutoff of that, so no session opens; who has deleted their data has another record, or none.
  await assertAdmittedBy(deps, person, ticket)
  const session = await opening.open(ticket, credentials.secret, deps.audit)
  if (session === undefined || !await deps.sessions.endSuperseded(presentedSecrets, session.session, deps.audit)) {
    assertAdmitted(await deps.people.read(person.sub), ticket.person?.recordedAt) // why, where they were blocked meanwhile
    throw new Problem('ticket-consumed')
  }
  return { ticket, session, person }
}
