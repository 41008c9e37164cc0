/** Owns the life of a ticket: its states, the table of edges, and the one function that takes an edge. Pure; who may ask is decided in login/. */
import type { MatchMode } from './match.ts'
import type { schema } from './record.ts'

/**
 *             scan                confirm               consume
 *  pending ─────────▶ scanned ─────────────▶ confirmed ─────────▶ consumed
 *     │                  │                       │
 *     │ cancel           │ cancel                │
 *     ▼                  ▼                       │
 *  cancelled ◀───────────┘                       │
 *                                                │
 *  pending, scanned, confirmed ── expire ──▶ expired
 */
const edges = {
  scan: { pending: 'scanned' },
  confirm: { scanned: 'confirmed' },
  consume: { confirmed: 'consumed' },
  cancel: { pending: 'cancelled', scanned: 'cancelled' },
  expire: { pending: 'expired', scanned: 'expired', confirmed: 'expired' },
} as const satisfies Record<string, Partial<Record<TicketState, TicketState>>>

export const ticketStates = ['pending', 'scanned', 'confirmed', 'consumed', 'cancelled', 'expired'] as const
export const ticketEdges = ['scan', 'confirm', 'consume', 'cancel', 'expire'] as const

export type TicketState = typeof ticketStates[number]
export type TicketEdge = typeof ticketEdges[number]

/** What a browser is called on the phone, as it said itself when it made the ticket, and its address. */
export interface SeenBrowser {
  readonly name: string
  readonly system: string
  /** '' where it is not known. */
  readonly ip: string
  /** The browser runs on a phone, by its own words. Missing in what an earlier release stored. */
  readonly isPhone?: boolean
}

/** A browser, and where its address was when it made the ticket. The last two are missing in what an earlier release stored. */
export interface BrowserInfo extends SeenBrowser {
  /** In Chinese; null where nobody knows. `placeEn` says the same in English. */
  readonly place: string | null
  readonly placeEn?: string | null
  /** ISO 3166-1. */
  readonly country?: string | null
}

/** One login attempt, as it is stored. Times are milliseconds since 1970. */
export interface Ticket {
  readonly schema: typeof schema
  /** 22 characters of base64url; public, it is the `scene` of the code. */
  readonly id: string
  /** base64url of SHA-256 over the browser secret. */
  readonly secretHash: string
  readonly state: TicketState
  /** 1 when made, one more with each edge. */
  readonly version: number
  readonly createdAt: number
  /** When the time is up; of a final ticket, when it is forgotten. */
  readonly expiresAt: number
  readonly returnTo: string | null
  readonly browser: BrowserInfo
  /** The two digits on the screen, and the three that the phone may offer; null where numbers are off. */
  readonly match: { readonly code: string, readonly choices: readonly string[] } | null
  /** How the person who scanned was asked for the number; missing before the scan, and after a scan by an earlier release, which offers three. */
  readonly matchMode?: MatchMode
  /**
   * Who scanned; set by the scan, and never another. `name` is null until the confirm, for nobody is told it before; `since` dates the phone key that
   * confirmed, and is missing until then, and in what an earlier release stored.
   */
  readonly person: { readonly sub: string, readonly name: string | null, readonly since?: number } | null
  readonly consumedAt: number | null
  /** Whose share of MAX_TICKETS it uses: a network's prefix. Missing in what an earlier release stored, which takes no share. */
  readonly slotOwner?: string
  /** The origin of the other site whose page made it, which it belongs to. Missing where it is ours, and in what an earlier release stored. */
  readonly site?: string
}

/** A scan in the last minute moves the end once, to a minute after the scan; a final ticket is readable for as long. Milliseconds. */
export const graceMs = 60_000

/** Tells whether nothing leaves this state. */
export const isFinal = (state: TicketState): boolean => state === 'consumed' || state === 'cancelled' || state === 'expired'

/** A clock's word: milliseconds since 1970, and by how much they may be wrong, forwards or back. */
export interface Moment {
  readonly at: number
  readonly errorMs: number
}

/** Tells whether the time of a ticket is up, for certain, and nobody has written it down yet. */
export const isOverdue = (ticket: Ticket, now: Moment): boolean => !isFinal(ticket.state) && isPast(ticket.expiresAt, now)

/** Tells whether a time is past for certain. */
export const isPast = (time: number, { at, errorMs }: Moment): boolean => at - errorMs >= time

/** The end of what lasts for so long from now: the latest that it can be, so that nothing ends before its time where another process finds it. */
export const endIn = (ms: number, { at, errorMs }: Moment): number => at + errorMs + ms

/** Names the state an edge leads to, or undefined where there is no such edge. */
export const target = (state: TicketState, edge: TicketEdge): TicketState | undefined =>
  (edges[edge] as Partial<Record<TicketState, TicketState>>)[state]

/**
 * Takes an edge: the ticket as it is afterwards, or undefined where the table has no such edge or the time is not right for it
 * (nothing but `expire` leaves an overdue ticket; `expire` leaves no other).
 */
export const move = (ticket: Ticket, edge: TicketEdge, now: Moment, who: Ticket['person'] = ticket.person): Ticket | undefined => {
  const state = target(ticket.state, edge)
  if (state === undefined || isOverdue(ticket, now) !== (edge === 'expire')) return undefined
  return {
    ...ticket,
    state,
    version: ticket.version + 1,
    expiresAt: endAfter(ticket, edge, state, now),
    person: who,
    consumedAt: edge === 'consume' ? now.at : ticket.consumedAt,
  }
}

const endAfter = (ticket: Ticket, edge: TicketEdge, state: TicketState, now: Moment): number => {
  if (edge === 'expire') return ticket.expiresAt + graceMs
  if (isFinal(state)) return endIn(graceMs, now)
  return edge === 'scan' ? Math.max(ticket.expiresAt, endIn(graceMs, now)) : ticket.expiresAt
}
