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
 * of this person's, or none any more.
 */
export const endSession = async ({ tickets, sessions, audit }: EndSessionDeps, { sub, id, ticket: ticketId }: SessionToEnd): Promise<void> => {
  if (await sessions.end(sub, id, 'phone', audit)) return
  // Read after the session: one that opened in between has a consumed ticket, and is ended now.
  const ticket = ticketId === undefined || !isId(ticketId) ? undefined : await tickets.read(ticketId)
  const isTheirs = ticket?.person?.sub === sub && ticket.sessionId === id && (ticket.state === 'confirmed' || ticket.state === 'consumed')
  if (!isTheirs) throw new Problem('not-found')
  await sessions.endOfTicket(ticket, audit)
}
