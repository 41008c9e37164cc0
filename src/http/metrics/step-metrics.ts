/** Counts the audit's steps. Takes over of a step only what is in a list of known words: never whom or what it is about. */
import { isFinal, ticketStates, type TicketState } from '../../domain/ticket.ts'
import type { StepSink } from '../../login/audit.ts'
import type { Clock } from '../../login/ports.ts'
import { cancellers, endReasons, limitKinds, problemCodes, timedSteps } from './catalogue.ts'
import type { Instruments } from './instruments.ts'

/** Tickets whose steps are timed at once: more than are under way in nearly all services, and 2 MB. */
export const maxTimed = 20_000

/** The fields of a step, or of a line about several, that are looked at. */
interface StepFields {
  readonly event: string
  readonly ticket?: string
  readonly by?: string
  readonly code?: string
  readonly limit?: string
  readonly repeated?: number
  readonly again?: boolean
}

export const createStepMetrics = (instruments: Instruments, clock: Pick<Clock, 'steady'>): StepSink => {
  /** By the start of the ticket's id. */
  const timed = new Map<string, { readonly createdAt: number, readonly lastAt: number }>()

  const time = (ticket: string, state: TicketState): void => {
    const before = timed.get(ticket)
    timed.delete(ticket)
    if (before === undefined) return
    const now = clock.steady()
    if (isOneOf(timedSteps, state)) instruments.stepSeconds.observe({ step: state }, (now - before.lastAt) / 1000)
    if (state === 'consumed') instruments.loginSeconds.observe((now - before.createdAt) / 1000)
    if (!isFinal(state)) timed.set(ticket, { createdAt: before.createdAt, lastAt: now })
  }

  const add = ({ event, ticket = '', by, code, limit, repeated = 1, again = false }: StepFields): void => {
    const [, state] = /^ticket\.(\w+)$/.exec(event) ?? []
    if (state === 'created') {
      instruments.tickets.inc({ state: 'pending' })
      const [oldest] = timed.keys()
      if (timed.size >= maxTimed && oldest !== undefined) timed.delete(oldest)
      timed.set(ticket, { createdAt: clock.steady(), lastAt: clock.steady() })
    } else if (isOneOf(ticketStates, state)) {
      instruments.tickets.inc({ state })
      if (state === 'cancelled' && isOneOf(cancellers, by)) instruments.cancellations.inc({ by })
      time(ticket, state)
    } else if (event === 'session.opened' && !again) {
      instruments.sessionsOpened.inc()
    } else if (event === 'session.ended' && !again && isOneOf(endReasons, by)) {
      instruments.sessionsEnded.inc({ reason: by })
    } else if (event === 'limit.hit' && isOneOf(limitKinds, limit)) {
      instruments.limits.inc({ limit })
    } else if (event === 'refused' && isOneOf(problemCodes, code)) {
      instruments.refusals.inc({ code }, repeated)
    }
  }
  return { add }
}

const isOneOf = <T extends string>(known: readonly T[], word: string | undefined): word is T => (known as readonly (string | undefined)[]).includes(word)
