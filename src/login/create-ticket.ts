import { prefixesOf } from '../domain/address.ts'
import { hashSecret, newId, newSecret, startOf } from '../domain/ids.ts'
import { newMatch } from '../domain/match.ts'
import { schema } from '../domain/record.ts'
import { isReturnAllowed } from '../domain/return-to.ts'
import { browserFields } from '../domain/step.ts'
import { endIn, type SeenBrowser, type Ticket, type TicketApp } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import type { LoginDeps } from './deps.ts'
import type { PrefetchedTicketId, SessionOpener } from './ports.ts'

export interface TicketOrder {
  readonly returnTo: string | null
  readonly browser: SeenBrowser
  /** Takes an id with a prefetched code, if there is one. Called once, after all checks but that for a free slot. */
  readonly takePrefetchedId?: () => PrefetchedTicketId | undefined
  /** The allowed origin of the other site whose page makes the ticket; null for our own. */
  readonly site: string | null
  /** The app that waits for this login at our own site. */
  readonly app?: TicketApp | null
  /** A new one by default. */
  readonly secret?: string
}

export interface CreatedTicket { readonly ticket: Ticket, readonly secret: string }

/**
 * Creates a ticket for a browser. This answer is the only one that carries the secret, but for a renewal's repetition.
 * Rejects with `return-to-not-allowed`, or `too-many-tickets` when MAX_TICKETS are under way.
 */
export const createTicket = async (deps: LoginDeps & { readonly sessions: Pick<SessionOpener, 'idFor'> }, { returnTo, browser, takePrefetchedId, site, app = null, secret = newSecret(deps.random) }: TicketOrder): Promise<CreatedTicket> => {
  const { tickets, places, sessions, clock, random, settings, audit } = deps
  if (returnTo !== null && !isReturnAllowed(returnTo, settings.returnOrigins)) throw new Problem('return-to-not-allowed')
  const now = clock.now()
  const place = places.placeOf(browser.ip)
  const prefetched = takePrefetchedId?.()
  const id = prefetched?.id ?? newId(random)
  const ticket: Ticket = {
    schema,
    id,
    secretHash: hashSecret(secret),
    state: 'pending',
    version: 1,
    createdAt: now,
    expiresAt: endIn(settings.ticketTtlSeconds * 1000, { at: now, errorMs: clock.errorMs() }),
    returnTo,
    browser: { ...browser, place: place?.zh ?? null, placeEn: place?.en ?? null, country: place?.country ?? null },
    match: settings.matchNumbers === 'off' ? null : newMatch(random),
    person: null,
    consumedAt: null,
    sessionId: sessions.idFor(id, secret),
    slotOwner: prefixesOf(browser.ip)[0].replace(/[^0-9a-f]/g, '-') || 'none',
    ...(site !== null && { site }),
    ...(app !== null && { app: { name: app.name, origin: app.origin } }),
  }
  try {
    await tickets.add(ticket)
  } catch (error) {
    // After any other error the ticket may be stored all the same.
    if (error instanceof Problem && error.code === 'too-many-tickets') prefetched?.putBack()
    throw error
  }
  prefetched?.use()
  audit.record({ event: 'ticket.created', ticket: startOf(ticket.id), ...browserFields(ticket.browser) })
  return { ticket, secret }
}
