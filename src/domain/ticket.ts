/** The state machine of a ticket: states, edges, and `move`, which takes an edge. Who may take which edge is decided in login/. */
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

/** The browser that made the ticket, as its `User-Agent` described it, and its address. */
export interface SeenBrowser {
  readonly name: string
  readonly system: string
  /** '' where it is unknown. */
  readonly ip: string
  /** The browser runs on a phone, by its `User-Agent`. Missing in what an earlier release stored. */
  readonly isPhone?: boolean
}

/** A browser with the place of its address at that time. The last two are missing in what an earlier release stored. */
export interface BrowserInfo extends SeenBrowser {
  /** In Chinese; null where it is unknown. `placeEn` is the same in English. */
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
  /** 1 when created, one more with each edge. */
  readonly version: number
  readonly createdAt: number
  /** When the ticket expires; of a final ticket, when it is deleted. */
  readonly expiresAt: number
  readonly returnTo: string | null
  readonly browser: BrowserInfo
  /** The two digits on the screen, and the three numbers that the phone may offer; null where numbers are off. */
  readonly match: { readonly code: string, readonly choices: readonly string[] } | null
  /** How the phone asks for the number; missing before the scan, and after a scan by an earlier release, which offers three. */
  readonly matchMode?: MatchMode
  /**
   * Who scanned; set by the scan and never changed. `name` is null until the confirm, as the browser must not get it before; `since` is when the
   * confirmation counts as made (`PhoneKey`), and is missing until then, and in what an earlier release stored. `recordedAt` is the person's; missing in the same.
   */
  readonly person: { readonly sub: string, readonly name: string | null, readonly since?: number, readonly recordedAt?: number } | null
  readonly consumedAt: number | null
  /** The id that its session has, or will have. Missing in what an earlier release stored. */
  readonly sessionId?: string
  /** The network prefix whose share of MAX_TICKETS it uses. Missing in what an earlier release stored, which uses no share. */
  readonly slotOwner?: string
  /** The origin of the other site whose page made it, and to which it belongs. Missing for our own site, and in what an earlier release stored. */
  readonly site?: string
  /** The app that waits for this login at our own site. Missing where there is none, and in what an earlier release stored. */
  readonly app?: TicketApp
}

/** An app that people log in to through our own site. */
export interface TicketApp {
  readonly name: string
  readonly origin: string
}

/** A scan in the last minute postpones the end to a minute after the scan; a final ticket is readable for a minute. */
export const graceMs = 60_000

/** Tells whether no edge leaves this state. */
export const isFinal = (state: TicketState): boolean => state === 'consumed' || state === 'cancelled' || state === 'expired'

/** Milliseconds since 1970, and by how much that may be wrong, either way. */
export interface ClockReading {
  readonly at: number
  readonly errorMs: number
}

/** Tells whether a ticket's time is certainly up, and the `expire` edge not yet taken. */
export const isOverdue = (ticket: Ticket, now: ClockReading): boolean => !isFinal(ticket.state) && isPast(ticket.expiresAt, now)

/** Tells whether a time is certainly past, despite the clock's error. */
export const isPast = (time: number, { at, errorMs }: ClockReading): boolean => at - errorMs >= time

/** The end of what lasts `ms` from now: the latest possible one, so that nothing ends too early by another process' clock. */
export const endIn = (ms: number, { at, errorMs }: ClockReading): number => at + errorMs + ms

/** Names the state an edge leads to, or undefined where there is no such edge. */
export const target = (state: TicketState, edge: TicketEdge): TicketState | undefined =>
  (edges[edge] as Partial<Record<TicketState, TicketState>>)[state]

/**
 * Takes an edge: returns the ticket as it is afterwards, or undefined where the table has no such edge or the time is wrong for it
 * (an overdue ticket can only expire; no other ticket can).
 */
export const move = (ticket: Ticket, edge: TicketEdge, now: ClockReading, person: Ticket['person'] = ticket.person): Ticket | undefined => {
  const state = target(ticket.state, edge)
  if (state === undefined || isOverdue(ticket, now) !== (edge === 'expire')) return undefined
  return {
    ...ticket,
    state,
    version: ticket.version + 1,
    expiresAt: endAfter(ticket, edge, state, now),
    person,
    consumedAt: edge === 'consume' ? now.at : ticket.consumedAt,
  }
}

const endAfter = (ticket: Ticket, edge: TicketEdge, state: TicketState, now: ClockReading): number => {
  if (edge === 'expire') return ticket.expiresAt + graceMs
  if (isFinal(state)) return endIn(graceMs, now)
  return edge === 'scan' ? Math.max(ticket.expiresAt, endIn(graceMs, now)) : ticket.expiresAt
}
