/** The audit's steps: what is recorded of each. They carry ids that join them, and no secret, no WeChat id, no number, no name that somebody chose. */
import type { ProblemCode } from '../errors.ts'
import { startOf } from './ids.ts'
import type { BrowserInfo, Ticket, TicketState } from './ticket.ts'

/** What cancelled a ticket; after a wrong number it was the person at the phone who tapped or typed it. `owner`, `operator`: the person was blocked after their scan. */
export type Canceller = 'browser' | 'phone' | 'wrong-number' | 'owner' | 'operator'

/** A cancel by a wrong number; `count` is how many this person has entered within a month. */
export interface WrongNumber { readonly by: 'wrong-number', readonly count: number }

/** What ended a session or a phone's key. `newer`: the person had too many, and this was the oldest. `relogin`: the next login in the same browser. `owner`: an owner has blocked the person, or logged them out. `operator`: a command. */
export type EndReason = 'browser' | 'phone' | 'newer' | 'relogin' | 'owner' | 'operator'

/** What was limited: tickets, tickets that take another's place (`renew`: further ones count like any other), guesses or wrong js_codes from an address, or signed calls of a person, within a minute; wrong numbers of a person within an hour. */
export type LimitKind = 'create' | 'renew' | 'authorize' | 'guess' | 'js-code' | 'phone' | 'wrong-number'

/** The browser that made the ticket, as it described itself. */
interface BrowserFields {
  readonly browser: string
  readonly system: string
  readonly place: string | null
}

/** A step that was made. `ticket` is the start of its id, as in the request log; `sub`, `sid` and `key` are whole. */
export type Step =
  | { readonly event: 'ticket.created', readonly ticket: string } & BrowserFields
  | { readonly event: `ticket.${TicketState}`, readonly ticket: string, readonly sub?: string, readonly by?: Canceller, readonly count?: number }
  /** `again`: the answer got lost and the browser asked once more; it is the same session. */
  | { readonly event: 'session.opened', readonly ticket: string, readonly sid: string, readonly sub: string, readonly again?: true } & BrowserFields
  /** `again`: a phone asked once more within a minute, as the answer may have got lost; the step may have been recorded before. */
  | { readonly event: 'session.ended', readonly sid: string, readonly sub: string, readonly by: EndReason, readonly again?: true }
  /** The person ended the login after their confirmation and before it became a session: it becomes none. */
  | { readonly event: 'session.prevented', readonly ticket: string, readonly sid: string, readonly sub: string, readonly by: 'phone', readonly again?: true }
  /** One browser sent cookies of live sessions of different people, `sids`, or more cookies than are read: nobody is logged in by any of them, and all are cleared. */
  | { readonly event: 'cookies.refused', readonly cookies: number, readonly sids: readonly string[] }
  | { readonly event: 'phone-key.created', readonly key: string, readonly sub: string }
  /** `ended` is the id of the key; `key` is the one that signed the call, where one did. */
  | { readonly event: 'phone-key.ended', readonly ended: string, readonly sub: string, readonly by: Exclude<EndReason, 'browser' | 'relogin'> }
  /** Somebody scanned for the first time, and was let in, or waits for an owner. */
  | { readonly event: 'person.created' | 'person.waiting', readonly sub: string }
  /** `registration`: REGISTRATION lets everybody in now. `owner` is the owner's sub. */
  | { readonly event: 'person.allowed', readonly sub: string, readonly by: 'registration' | 'owner' | 'operator', readonly owner?: string }
  | { readonly event: 'person.blocked', readonly sub: string, readonly by: 'owner' | 'operator', readonly owner?: string }
  /** The person's data was deleted. */
  | { readonly event: 'person.erased', readonly sub: string, readonly by: 'phone' | 'operator' }
  /** `groups` are the person's groups now; `is_owner` whether they are an owner now. */
  | { readonly event: 'person.changed', readonly sub: string, readonly by: 'operator', readonly groups?: readonly string[], readonly is_owner?: boolean }
  | { readonly event: 'refused', readonly code: ProblemCode, readonly ticket?: string, readonly sub?: string }
  /** `seconds`: of a lockout after wrong numbers. */
  | { readonly event: 'limit.hit', readonly limit: LimitKind, readonly sub?: string, readonly seconds?: number }

export const browserFields = ({ name, system, place }: BrowserInfo): BrowserFields => ({ browser: name, system, place })

/** Names the step that brought a ticket to its state. `by` is used where that is `cancelled`. */
export const stepOf = ({ id, state, person }: Ticket, by: Canceller | WrongNumber): Step => ({
  event: `ticket.${state}`,
  ticket: startOf(id),
  ...(person !== null && { sub: person.sub }),
  ...(state === 'cancelled' && (typeof by === 'string' ? { by } : by)),
})
