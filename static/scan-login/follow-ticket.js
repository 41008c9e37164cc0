/** One ticket of the browser's, from the first poll to its last word, and what is asked of the service after it: who is in here, and the session. What is shown, and which ticket comes next, is decided above. */
import { linked, pause, throwIfAborted } from './patience.js'

/** @typedef {import('./ticket-api.js').Ticket} Ticket */
/** @typedef {import('./ticket-api.js').TicketView} TicketView */
/** @typedef {import('./ticket-api.js').Session} Session */
/** @typedef {import('./ticket-api.js').User} User */
/** @typedef {import('./ticket-api.js').Failure} Failure */
/**
 * A ticket on its way: `after` is the version that the browser knows (0: none, as after a reload), `endsAt` when its time is up, by the server's
 * last word, on the browser's monotonic clock, `isTheirs` once the visitor has said that the yes on the phone was theirs.
 * @typedef {{ readonly ticket: Ticket, after: number, endsAt: number, isTheirs: boolean }} Attempt
 */
/**
 * What all need: `rest` waits after a failure, `calm` forgets the failures, `early` rings when there is a reason to ask anew at once.
 * @typedef {{ api: import('./ticket-api.js').TicketApi, clock: import('./patience.js').Clock, signal: AbortSignal, early: import('./patience.js').Early,
 *   rest: (failure: Failure) => Promise<void>, calm: () => void }} Desk
 */

/** How long after the end of its time a ticket may still be heard of. */
const lastWordMs = 2_000
/** CONTRACT: a scan in the last minute moves the end by up to another, which a page that was cut off or asleep didn't hear. */
const unheardScanMs = 60_000
/** CONTRACT "consume": a lost answer may be asked for again for this long. */
export const consumeAgainMs = 30_000
/** What is asked after a sleep may go out on a connection that died meanwhile, as only silence tells; whatever is asked next goes out on another. */
const doubtMs = 3_000
/** What holds nothing new is not asked for more often than this, whatever the server's `max_wait` is. */
const pollSpacingMs = 1_000

/**
 * Polls, one call at a time, until the ticket is confirmed or dead. `consumed` is one whose session an earlier page of this tab asked for; `gone` is
 * one that the server does not know. `user` is whose yes it was, null where there is none. `onNews` hears of each version that lets it go on: pending (of a ticket that was not followed from its first
 * breath) and scanned. Once `hasNext`, there is no waiting for the last word on a ticket that is over.
 * @param {Attempt} attempt
 * @param {Desk & { hold: import('./hold.js').Hold, onNews: (view: TicketView) => void, hasNext: () => boolean }} desk
 * @returns {Promise<{ state: 'confirmed' | 'consumed', user: User } | { state: 'cancelled' | 'expired' | 'gone', user: null }>}
 */
export const followTicket = async (attempt, { hold, onNews, hasNext, ...desk }) => {
  const { clock, signal, rest, calm } = desk
  const { ticket } = attempt
  let isPending = true
  let isDoubted = false
  let patienceMs = Infinity
  while (clock.now() < attempt.endsAt + lastWordMs + (isPending && !hasNext() ? unheardScanMs : 0)) {
    const askedAt = clock.now()
    // After a failure, or a sleep, the first question is a quick one: a held answer would leave the visitor in doubt for as long.
    const waitSeconds = isDoubted ? 0 : hold.seconds(ticket.maxWaitSeconds)
    const answer = await untilRung(desk, (attemptSignal) => desk.api.read(ticket, { after: attempt.after, waitSeconds, patienceMs }, attemptSignal))
    if (answer === null) {
      isDoubted = true
      patienceMs = doubtMs
      continue
    }
    const heldMs = clock.now() - askedAt
    const { value: view, failure } = answer
    if (failure !== null) {
      if (failure.status === 404) return { state: 'gone', user: null }
      if (waitSeconds > 0 && isOfTheNetwork(failure)) hold.cut(heldMs, failure.isSilent)
      isDoubted = true
      patienceMs = failure.isSilent ? patienceMs * 2 : Infinity
      await rest(failure)
      continue
    }
    calm()
    patienceMs = Infinity
    if (waitSeconds > 0) hold.whole(heldMs)
    attempt.endsAt = clock.now() + view.leftMs
    const isNews = view.version > attempt.after
    if (isNews) {
      attempt.after = view.version
      isPending = view.state === 'pending'
      if (view.state === 'confirmed' || view.state === 'consumed') return { state: view.state, user: view.user }
      if (view.state === 'cancelled' || view.state === 'expired') return { state: view.state, user: null }
      onNews(view)
    }
    const ms = Math.max(view.pollAfterMs, isNews || isDoubted ? 0 : pollSpacingMs - heldMs)
    isDoubted = false
    if (ms > 0) await pause({ clock, ms, signal })
  }
  return { state: 'expired', user: null }
}

/** Finds out who is logged in in this browser, asking again where the service doesn't say; null where it hasn't by `until`. @param {number} until @param {Desk} desk */
export const findWhoIsIn = async (until, desk) => {
  while (desk.clock.now() < until) {
    const answer = await untilRung(desk, (signal) => desk.api.whoIsIn(signal))
    if (answer === null) continue
    if (answer.failure === null) {
      desk.calm()
      return answer.value
    }
    await desk.rest(answer.failure)
  }
  return null
}

/** Gets the session of a confirmed ticket, asking again where the answer is lost; null when the ticket is dead. @param {Attempt} attempt @param {Desk} desk @returns {Promise<Session | null>} */
export const consumeTicket = async ({ ticket, endsAt }, desk) => {
  while (desk.clock.now() < endsAt + consumeAgainMs) {
    const answer = await untilRung(desk, (signal) => desk.api.consume(ticket, signal))
    if (answer === null) continue
    const { value: session, failure } = answer
    if (session !== null) {
      desk.calm()
      return session
    }
    if (failure.status === 404 || (failure.status === 409 && failure.code !== 'ticket-not-confirmed')) return null
    await desk.rest(failure)
  }
  return null
}

/** One call; null, and the call ended, when something happened that makes it worth asking anew. @template T @param {Desk} desk @param {(signal: AbortSignal) => Promise<T>} call */
const untilRung = async ({ signal, early }, call) => {
  const one = linked(signal)
  const forget = early(one.abort)
  try {
    return await call(one.signal)
  } catch {
    throwIfAborted(signal)
    return null
  } finally {
    forget()
    one.abort()
  }
}

/** Whether something on the way may have cut the call short: no answer at all, half of one, or a gateway's own. @param {Failure} failure */
const isOfTheNetwork = ({ status, code }) => code === '' && (status < 400 || status === 408 || status >= 500)
