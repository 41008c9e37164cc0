/** Requests for tickets: repeated until there is one, never sooner than the server allows. */
import { cutFragment, returnRefusals } from './destination.js'
import { longestRetryAfterMs } from './wait.js'

/** @typedef {import('./attempt.js').Attempt} Attempt */
/** @typedef {import('./ticket-api.js').Failure} Failure */

/** The skeleton is shown only when a ticket takes longer than this: for less it would flicker. */
const makingAfterMs = 400

/**
 * Makes the requests of one run. `returnTo` is where the visitor wants to go; when the server refuses it, what follows `#` is dropped, then all of it.
 * @param {Pick<import('./login-types.js').LoginDependencies, 'online' | 'emit'>
 *   & { context: import('./context.js').Context, viewState: import('./view-state.js').ViewState, returnTo: string | null }} dependencies
 */
export const createTicketRequests = ({ online, emit, context, viewState, returnTo }) => {
  const { api, clock } = context
  /** The last refusal, and until when it holds. @type {{ failure: Failure, until: number } | null} */
  let refusal = null

  /** @param {AbortSignal} signal @param {import('./ticket-api.js').Ticket | null} renewed @returns {ReturnType<typeof api.create>} */
  const create = async (signal, renewed) => {
    if (refusal !== null && clock.now() < refusal.until) return { value: null, failure: { ...refusal.failure, retryAfterMs: refusal.until - clock.now() } }
    const answer = await api.create({ returnTo, renewed }, signal)
    refusal = answer.failure === null ? null : { failure: answer.failure, until: clock.now() + Math.min(answer.failure.retryAfterMs, longestRetryAfterMs) }
    return answer
  }

  /** @param {import('./ticket-api.js').Ticket} ticket @returns {Attempt} */
  const begin = (ticket) => {
    emit({ name: 'ticket', ticket: ticket.id, ...nameOfApp(ticket) })
    return { ticket, after: ticket.version, endsAt: clock.now() + ticket.lifeMs, isTheirs: false, appEndsAt: clock.now() + (ticket.app?.waitsMs ?? Infinity) }
  }

  return {
    /** Tries once to make the ticket that takes the place of `renewed`; null when that failed. @param {AbortSignal} signal @param {import('./ticket-api.js').Ticket} renewed */
    tryOnce: async (signal, renewed) => {
      const { value: ticket } = await create(signal, renewed)
      return ticket && begin(ticket)
    },

    /** Tries until there is a ticket, and shows why there is none yet. `renewed` is one that has expired. @param {import('./ticket-api.js').Ticket | null} renewed @returns {Promise<Attempt>} */
    untilMade: async (renewed) => {
      const { signal } = context
      const cancelTimer = clock.after(makingAfterMs, () => { if (viewState.stage().name !== 'no-code') viewState.set({ name: 'making' }) })
      try {
        for (;;) {
          const { value: ticket, failure } = await create(signal, renewed)
          if (ticket !== null) return begin(ticket)
          if (returnTo !== null && returnRefusals.includes(failure.code)) {
            returnTo = cutFragment(returnTo)
            continue
          }
          const retryMs = context.countFailure(failure)
          const why = reasonOf(failure)
          if (online.now()) viewState.set({ name: 'no-code', why, retryMs })
          viewState.setTrouble(online.now() ? null : 'offline')
          emit({ name: 'error', reason: online.now() ? why : 'offline' })
          await context.waitForRetry(retryMs, failure)
          await context.untilVisible(signal)
        }
      } finally {
        cancelTimer()
      }
    },
  }
}

/** For an event: the app that waits for the login, where one does. @param {import('./ticket-api.js').Ticket} ticket */
export const nameOfApp = ({ app }) => app ? { app: app.name } : {}

/** @param {Failure} failure @returns {import('./view-state.js').NoCodeReason} */
const reasonOf = ({ status, code }) => {
  if (code === 'wechat-unavailable') return 'wechat'
  if (code === 'too-many-tickets') return 'crowded'
  return status === 429 ? 'too-often' : 'unreachable'
}
