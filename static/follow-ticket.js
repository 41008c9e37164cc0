/** Owns one ticket of the browser's from the first poll to its last word, and the one POST after it. What is shown, and which ticket comes next, is decided above. */
import { linked, pause } from './patience.js'

/** @typedef {import('./ticket-api.js').Ticket} Ticket */
/** @typedef {import('./ticket-api.js').Failure} Failure */
/**
 * What both need: `rest` waits after a failure, `calm` forgets the failures, `early` rings when the page is seen again or the network changes.
 * @typedef {{ api: import('./ticket-api.js').TicketApi, clock: import('./patience.js').Clock, signal: AbortSignal, early: import('./patience.js').Early,
 *   rest: (failure: Failure) => Promise<void>, calm: () => void }} Desk
 */

/** How long after the end of its time a ticket may still be heard of. */
const lastWordMs = 2_000
/** CONTRACT "consume": a lost answer may be asked for again for this long. */
const consumeAgainMs = 30_000
/** What holds nothing new is not asked for more often than this, whatever the server's `max_wait` is. */
const pollSpacingMs = 1_000

/**
 * Polls, one call at a time, until the ticket is confirmed or dead. `gone` is one that the server does not know.
 * @param {Ticket} ticket
 * @param {Desk & { onScanned: (number: string | null) => void }} desk
 * @returns {Promise<{ state: 'confirmed' | 'cancelled' | 'expired' | 'gone', endsAt: number }>}
 */
export const followTicket = async (ticket, { onScanned, ...desk }) => {
  const { clock, signal, rest, calm } = desk
  let endsAt = clock.now() + ticket.lifeMs
  let after = ticket.version
  let waitSeconds = ticket.maxWaitSeconds
  let isDoubted = false
  while (clock.now() < endsAt + lastWordMs) {
    const askedAt = clock.now()
    // After a failure the first question is a quick one: a held answer would leave the visitor in doubt for as long.
    const answer = await poll(ticket, { after, waitSeconds: isDoubted ? 0 : waitSeconds }, desk)
    if (answer === null) continue
    const heldMs = clock.now() - askedAt
    const { value: view, failure } = answer
    if (failure !== null) {
      if (failure.status === 404) return { state: 'gone', endsAt }
      waitSeconds = shorterWait(waitSeconds, heldMs, failure)
      isDoubted = true
      await rest(failure)
      continue
    }
    calm()
    endsAt = clock.now() + view.leftMs
    const isNews = view.version > after
    if (isNews) {
      after = view.version
      if (view.state === 'scanned') onScanned(view.number)
      else if (view.state === 'consumed') return { state: 'confirmed', endsAt }
      else if (view.state !== 'pending') return { state: view.state, endsAt }
    }
    const ms = Math.max(view.pollAfterMs, isNews || isDoubted ? 0 : pollSpacingMs - heldMs)
    isDoubted = false
    if (ms > 0) await pause({ clock, ms, signal })
  }
  return { state: 'expired', endsAt }
}

/** One long poll; null when something happened that makes it worth asking anew. @param {Ticket} ticket @param {{ after: number, waitSeconds: number }} cursor @param {Desk} desk */
const poll = async (ticket, cursor, { api, signal, early }) => {
  const attempt = linked(signal)
  const forget = early(attempt.abort)
  try {
    return await api.read(ticket, cursor, attempt.signal)
  } catch {
    signal.throwIfAborted()
    return null
  } finally {
    forget()
    attempt.abort()
  }
}

/** A proxy that cuts a held call with a 5xx of its own has a shorter breath than the service: the next wait stays below it. @param {number} waitSeconds @param {number} heldMs @param {Failure} failure */
const shorterWait = (waitSeconds, heldMs, { status, code }) =>
  status >= 500 && code === '' && heldMs >= 2_000 ? Math.max(1, Math.min(waitSeconds, Math.floor(heldMs / 1250))) : waitSeconds

/** Gets the session of a confirmed ticket, asking again where the answer is lost; null when the ticket is dead. @param {Ticket} ticket @param {number} endsAt @param {Desk} desk */
export const consumeTicket = async (ticket, endsAt, { api, clock, signal, rest, calm }) => {
  while (clock.now() < endsAt + consumeAgainMs) {
    const { value: session, failure } = await api.consume(ticket, signal)
    if (session !== null) {
      calm()
      return session
    }
    if (failure.status === 404 || (failure.status === 409 && failure.code !== 'ticket-not-confirmed')) return null
    await rest(failure)
  }
  return null
}
