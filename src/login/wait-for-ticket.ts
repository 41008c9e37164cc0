/** Owns the long poll: when it answers, when it rests. Knows no request and no reply. */
import { AnotherReleasesRecord } from '../domain/record.ts'
import { isFinal, type Ticket } from '../domain/ticket.ts'
import { Problem } from '../errors.ts'
import { ticketOfBrowser, type BrowserClaim } from './browser-ticket.ts'
import type { LoginDeps } from './ports.ts'

export interface Poll extends BrowserClaim {
  /** The version that the browser knows; -1 for none. */
  readonly after: number
  readonly waitMs: number
  /** The networks of whoever polls, the widest first; the last is their client key. */
  readonly networks: readonly string[]
  /** Aborts when nobody listens for the answer any more. */
  readonly signal: AbortSignal
}

/** The ticket, and how long a browser should stay away where the room is full. */
export interface PollAnswer {
  readonly ticket: Ticket
  readonly pollAfterSeconds?: number
}

const pollAfterSeconds = 2
/** Whoever was woken while the store is away looks again so much later. Milliseconds. */
const lookAgainMs = 1_000
/** The clock of a store is read over a network, and put right by less than this; by more, it was set, and is no measure for a rest. Milliseconds. */
const correctionMs = 2_000

/**
 * Answers at once when the ticket is further than the browser knows; else rests until it moves, the time is up or the process has to go.
 * The seat is taken before the ticket is read: a move in between rings its bell, so no wake-up is lost. A bell may also ring for nothing.
 * While it rests the store is not touched. Where the store is away it rejects at once, but one that has begun to rest goes on resting, for
 * such a fault is mostly over before its time is.
 */
export const waitForTicket = async (deps: LoginDeps, poll: Poll): Promise<PollAnswer> => {
  const until = deps.clock.now() + poll.waitMs
  let ticket: Ticket | undefined
  let hasRung = false
  for (;;) {
    const seat = deps.waitingRoom.enter(poll.id, poll.networks)
    try {
      let fault: unknown
      try {
        ticket = await ticketOfBrowser(deps, poll)
        await deps.tickets.keep(ticket)
      } catch (error) {
        if (ticket === undefined || !mayPass(error)) throw error
        fault = error
      }
      const leftMs = Math.min(until, ticket.expiresAt + deps.clock.errorMs()) - deps.clock.now()
      const isOver: boolean = leftMs <= 0 || (hasRung && leftMs > correctionMs)
      if (isOver && fault !== undefined) throw fault
      if (ticket.version > poll.after || isOver) return { ticket }
      const restMs = fault === undefined ? leftMs : Math.min(leftMs, lookAgainMs)
      const outcome = await seat.rest(restMs, poll.signal, ticket.version)
      if (outcome === 'full') return { ticket, pollAfterSeconds }
      // A final ticket can't have moved, and may be forgotten by now. Who has to go says what they know: it was true, and the browser asks again.
      if (isFinal(ticket.state) || outcome === 'closed') return { ticket }
      hasRung = outcome === 'over' && restMs === leftMs
    } finally {
      seat.leave()
    }
  }
}

/** Whether it is a fault of the store that may be over in a moment. */
const mayPass = (error: unknown): boolean => error instanceof Problem && error.code === 'store-unavailable' && !(error instanceof AnotherReleasesRecord)
