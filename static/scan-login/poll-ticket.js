/** Polling of one ticket until it is confirmed or final. */
import { interruptible } from './context.js'
import { pause } from './wait.js'

/** @typedef {import('./ticket-api.js').TicketView} TicketView */
/** @typedef {import('./ticket-api.js').User} User */
/** @typedef {import('./ticket-api.js').Failure} Failure */

/** How long after a ticket's end a poll may still bring its final state. */
const finalStateMs = 2_000
/** A scan in the last minute moves the end by up to another minute, which a page that was offline or asleep doesn't know. */
const unknownScanMs = 60_000
/** The first call after a sleep may go out on a connection that died meanwhile, which only a timeout shows; the next call opens another. */
const afterSleepTimeoutMs = 3_000
/** Polls without news are at least this far apart. Less than a second, as the timers of a hidden page run on whole seconds: it would ask every other one. */
const pollSpacingMs = 900

/**
 * Polls, one call at a time, until the ticket is confirmed or final. `consumed`: an earlier page of this tab has asked for the session already. `not-found`:
 * the server doesn't know the ticket. `user` is the person who confirmed, null if nobody did. `onNews` is called with each new version that is not the
 * end: scanned, and pending if the first view of the ticket is a poll's. When `hasNext`, a next ticket is ready, polling doesn't go on past the end.
 * @param {import('./attempt.js').Attempt} attempt
 * @param {import('./context.js').Context & { hold: import('./poll-hold.js').PollHold, takeHoldSlot: import('./hold-slots.js').TakeHoldSlot, onNews: (view: TicketView) => void, hasNext: () => boolean }} context
 * @returns {Promise<{ state: 'confirmed' | 'consumed', user: User } | { state: 'cancelled' | 'expired' | 'not-found', user: null }>}
 */
export const pollTicket = async (attempt, { hold, takeHoldSlot, onNews, hasNext, ...context }) => {
  const { api, clock, signal, backOff, resetFailures } = context
  const { ticket } = attempt
  /** @type {string} */
  let state = 'pending'
  let isUnsure = false
  let timeoutMs = Infinity
  while (clock.now() < attempt.endsAt + finalStateMs + (state === 'pending' && !hasNext() ? unknownScanMs : 0)) {
    // The first poll after a failure or a sleep is not held: the visitor would see an outdated state for as long.
    const giveSlotBack = isUnsure ? null : await takeHoldSlot({ isScanned: state === 'scanned' })
    const waitSeconds = giveSlotBack === null ? 0 : hold.seconds(ticket.maxWaitSeconds)
    const askedAt = clock.now()
    const answer = await interruptible(context, (callSignal) => api.read(ticket, { after: attempt.after, waitSeconds, timeoutMs }, callSignal)).finally(() => { giveSlotBack?.() })
    if (answer === null) {
      isUnsure = true
      timeoutMs = afterSleepTimeoutMs
      continue
    }
    const heldMs = clock.now() - askedAt
    const { value: view, failure } = answer
    if (failure !== null) {
      if (failure.code === 'ticket-not-found') return { state: 'not-found', user: null }
      if (waitSeconds > 0 && isOfTheNetwork(failure)) hold.wasCut(heldMs, failure.isTimeout)
      isUnsure = true
      timeoutMs = failure.isTimeout ? timeoutMs * 2 : Infinity
      await backOff(failure)
      continue
    }
    resetFailures()
    timeoutMs = Infinity
    if (waitSeconds > 0) hold.wasHeld(heldMs)
    attempt.endsAt = clock.now() + view.leftMs
    const isNews = view.version > attempt.after
    if (isNews) {
      attempt.after = view.version
      state = view.state
      if (view.state === 'confirmed' || view.state === 'consumed') return { state: view.state, user: view.user }
      if (view.state === 'cancelled' || view.state === 'expired') return { state: view.state, user: null }
      onNews(view)
    }
    const ms = Math.max(view.pollAfterMs, isNews || isUnsure ? 0 : pollSpacingMs - heldMs)
    isUnsure = false
    if (ms > 0) await pause({ clock, ms, signal })
  }
  return { state: 'expired', user: null }
}

/** Tells whether something between browser and service may have cut the call: no answer, half of one, or an answer of a gateway. @param {Failure} failure */
const isOfTheNetwork = ({ status, code }) => code === '' && (status < 400 || status === 408 || status >= 500)
