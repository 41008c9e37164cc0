/** Owns which steps an operator is told of, and with what: ids that join them and no secret, no WeChat id, no number, no name that somebody chose. */
import { startOf } from '../domain/ids.ts'
import type { BrowserInfo, Ticket, TicketState } from '../domain/ticket.ts'
import type { ProblemCode } from '../errors.ts'

/** What took a ticket to its `cancelled`; by a wrong number it was the phone's person who tapped it. */
export type Canceller = 'browser' | 'phone' | 'wrong-number'

/** A cancel by a number that was wrong; `count` says how many wrong ones this person has had within a month. */
export interface WrongNumber { readonly by: 'wrong-number', readonly count: number }

/** What ended a session, or a phone's key; `newer` is the login that was one too many for its person, `relogin` the next login in the same browser, `operator` a command. */
export type SessionEnder = 'browser' | 'phone' | 'newer' | 'relogin' | 'operator'

/** What there were too many of: tickets, guesses or wrong js_codes from an address, signed calls of a person, within a minute; wrong numbers of a person within an hour. */
export type LimitKind = 'create' | 'guess' | 'js-code' | 'phone' | 'wrong-number'

/** What a browser said of itself when it made its ticket. */
interface Asker {
  readonly browser: string
  readonly system: string
  readonly place: string | null
}

/** A step that was made. `ticket` is the start of its id, as the request log has it; `sub`, `sid` and `key` are whole. */
export type Step =
  | { readonly event: 'ticket.created', readonly ticket: string } & Asker
  | { readonly event: `ticket.${TicketState}`, readonly ticket: string, readonly sub?: string, readonly by?: Canceller, readonly count?: number }
  /** `again`: the answer got lost and was asked for once more; it is the same session. */
  | { readonly event: 'session.opened', readonly ticket: string, readonly sid: string, readonly sub: string, readonly again?: true } & Asker
  | { readonly event: 'session.ended', readonly sid: string, readonly sub: string, readonly by: SessionEnder }
  /** One browser showed cookies of live sessions of different people, `sids`, or more cookies than are looked at: nobody is logged in by any of them, and all are cleared. */
  | { readonly event: 'cookies.refused', readonly cookies: number, readonly sids: readonly string[] }
  | { readonly event: 'phone-key.created', readonly key: string, readonly sub: string }
  /** `ended` is the id of the key; `key` is the one that signed the call, where one did. */
  | { readonly event: 'phone-key.ended', readonly ended: string, readonly sub: string, readonly by: Exclude<SessionEnder, 'browser' | 'relogin'> }
  | { readonly event: 'refused', readonly code: ProblemCode, readonly ticket?: string, readonly sub?: string }
  /** `seconds`: for how long a person has to wait because of wrong numbers. */
  | { readonly event: 'limit.hit', readonly limit: LimitKind, readonly sub?: string, readonly seconds?: number }

/** Who keeps the steps for the operator, and adds whose call it was: address, request, site. */
export interface Audit {
  /**
   * Keeps a step that the store has said yes to; told once, by the caller who made it. A step whose yes got lost on the way is not told, for nobody
   * knows of it: the fault is in the log in its place. Never throws.
   */
  record (step: Step): void
}

/** Names a browser. */
export const asker = ({ name, system, place }: BrowserInfo): Asker => ({ browser: name, system, place })

/** The step that brought a ticket to where it is; `by` is what a cancel would mean in this call. */
export const stepOf = ({ id, state, person }: Ticket, by: Canceller | WrongNumber): Step => ({
  event: `ticket.${state}`,
  ticket: startOf(id),
  ...(person !== null && { sub: person.sub }),
  ...(state === 'cancelled' && (typeof by === 'string' ? { by } : by)),
})
