import { isId } from '../domain/ids.ts'
import { Problem } from '../errors.ts'
import type { Audit } from './audit.ts'
import type { SessionEnder, Tickets } from './ports.ts'

export interface EndSessionDeps {
  readonly tickets: Pick<Tickets, 'read'>
  readonly sessions: SessionEnder
  readonly audit: Audit
}

export interface SessionToEnd {
  readonly sub: string
  readonly id: string
  /** The ticket whose confirmation told the id: then the session may be one that hasn't opened yet. */
  readonly ticket?: string
}

/**
 * Ends a session for its person. With its ticket also one that hasn't opened yet: whenever the browser consumes the ticket, it gets no session. Only the person
 * who confirmed can do that, so nobody stores anything, or ends anything, by an id that they made up. Rejects with `not-found` where there is no such session
 * of this person's, or none any more. Rejects with `ticket-not-found` where the given ticket is unknown, too: then none can open either. A phone must not
 * take `not-found` for that, as a release that doesn't look at the ticket gives this answer where the session hasn't opened yet.
 */
export const endSession = async ({ tickets, sessions, audit }: EndSessionDeps, { sub, id, ticket: ticketId }: SessionToEnd): Promise<void> => {
  if (await sessions.end(sub, id, 'phone', audit)) return
  // Read after the session: one that opened in between has a consumed ticket, and is ended now.
  const ticket = ticketId === undefined || !isId(ticketId) ? undefined : await tickets.read(ticketId)
  if (ticketId !== undefined && ticket === undefined) throw new Problem('ticket-not-found')
  const isTheirs = ticket?.person?.sub === sub && ticket.sessionId === id
  if (isTheirs && ticket.state === 'expired') return // it never opens a session
  if (!isTheirs || (ticket.state !== 'confirmed' && ticket.state !== 'consumed')) throw new Problem('not-found')
  await sessions.endOfTicket(ticket, audit)
}
