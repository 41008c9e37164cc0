/**
 * Owns the browser's calls about a ticket: what is sent, and what an answer means. Trusts no body unseen (a proxy answers in HTML, or with
 * nothing), and never decides what to do next.
 */
import { linked } from './patience.js'

/** @typedef {'pending' | 'scanned' | 'confirmed' | 'consumed' | 'cancelled' | 'expired'} TicketState */
/** @typedef {{ id: string, secret: string, version: number, lifeMs: number, codeUrl: string, maxWaitSeconds: number }} Ticket */
/** @typedef {{ state: TicketState, version: number, leftMs: number, number: string | null, pollAfterMs: number }} TicketView */
/** @typedef {{ person: string | null, returnTo: string | null }} Session */
/** @typedef {{ status: number, code: string, retryAfterMs: number }} Failure No answer at all has status 0, a body that is no problem of ours code ''. */
/** @typedef {{ [name: string]: unknown }} Body */
/**
 * @template T
 * @typedef {{ value: T, failure: null } | { value: null, failure: Failure }} Answer
 */
/** @typedef {ReturnType<typeof createTicketApi>} TicketApi */

/** The service answers every call within 6 s; a held one, within its wait and as much. */
const answerWithinMs = 10_000

/**
 * Makes the calls. Each resolves whatever the network does, and rejects only when its signal was aborted.
 * @param {{ fetch: typeof fetch, clock: import('./patience.js').Clock }} world
 */
export const createTicketApi = ({ fetch, clock }) => {
  /**
   * @template T
   * @param {string} path
   * @param {RequestInit} request
   * @param {{ read: (body: Body) => T | null, signal: AbortSignal, holdMs?: number }} how
   * @returns {Promise<Answer<T>>}
   */
  const call = async (path, request, { read, signal, holdMs = 0 }) => {
    const attempt = linked(signal)
    const callOff = clock.after(holdMs + answerWithinMs, attempt.abort)
    try {
      const response = await fetch(`api/tickets${path}`, { cache: 'no-store', ...request, signal: attempt.signal })
      const body = await jsonOf(response)
      const value = response.ok ? read(body) : null
      if (value !== null) return { value, failure: null }
      return { value: null, failure: { status: response.status, code: text(body.code) ?? '', retryAfterMs: retryAfterMs(response.headers) } }
    } catch {
      return { value: null, failure: { status: 0, code: '', retryAfterMs: 0 } }
    } finally {
      callOff()
      attempt.abort()
      signal.throwIfAborted()
    }
  }

  return {
    /** Makes a ticket. @param {string | null} returnTo @param {AbortSignal} signal */
    create: (returnTo, signal) => call('', {
      method: 'POST',
      ...(returnTo !== null && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ return_to: returnTo }) }),
    }, { read: readTicket, signal }),

    /** Asks for a version above `after`; the server holds the question. @param {Ticket} ticket @param {{ after: number, waitSeconds: number }} cursor @param {AbortSignal} signal */
    read: (ticket, { after, waitSeconds }, signal) => call(`/${ticket.id}?after=${after}&wait=${waitSeconds}`,
      { headers: authorization(ticket) }, { read: readView, signal, holdMs: waitSeconds * 1000 }),

    /** Turns a confirmed ticket into a session; safe to ask again. @param {Ticket} ticket @param {AbortSignal} signal */
    consume: (ticket, signal) => call(`/${ticket.id}/consume`, { method: 'POST', headers: authorization(ticket) }, { read: readSession, signal }),

    /** Tells the phone that nobody waits any more. Outlives the page; the answer is not heard. @param {Ticket} ticket */
    giveUp: (ticket) => {
      fetch(`api/tickets/${ticket.id}`, { method: 'DELETE', headers: authorization(ticket), keepalive: true }).catch(() => {})
    },
  }
}

/** @param {Ticket} ticket */
const authorization = ({ secret }) => ({ Authorization: `Ticket ${secret}` })

/** The body, empty where it is no JSON. @param {Response} response @returns {Promise<Body>} */
const jsonOf = async (response) => {
  const body = await response.json().catch(() => null)
  return typeof body === 'object' && body !== null ? body : {}
}

/** Reads seconds or a date; a date is measured against the clock of who sent it. @param {Headers} headers */
const retryAfterMs = (headers) => {
  const value = headers.get('Retry-After') ?? ''
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.parse(headers.get('Date') ?? '')
  return ms > 0 ? ms : 0
}

/** @param {unknown} value */
const text = (value) => typeof value === 'string' ? value : null

/** @param {Body} body @returns {Ticket | null} */
const readTicket = ({ ticket: id, secret, code_url: codeUrl, version, expires_in: expiresIn, max_wait: maxWaitSeconds }) =>
  typeof id === 'string' && typeof secret === 'string' && typeof codeUrl === 'string' &&
  isNumber(version) && isNumber(expiresIn) && isNumber(maxWaitSeconds)
    ? { id, secret, version, lifeMs: expiresIn * 1000, codeUrl, maxWaitSeconds }
    : null

/** @param {Body} body @returns {TicketView | null} */
const readView = ({ state, version, expires_in: expiresIn, match_code: number, poll_after: pollAfter }) =>
  isState(state) && isNumber(version) && isNumber(expiresIn)
    ? { state, version, leftMs: expiresIn * 1000, number: text(number), pollAfterMs: isNumber(pollAfter) ? pollAfter * 1000 : 0 }
    : null

/** @param {Body} body @returns {Session | null} */
const readSession = ({ access_token: token, user, return_to: returnTo }) => typeof token === 'string'
  ? { person: typeof user === 'object' && user !== null && 'name' in user ? text(user.name) : null, returnTo: text(returnTo) }
  : null

/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => Number.isFinite(value)

/** @param {unknown} value @returns {value is TicketState} */
const isState = (value) => ['pending', 'scanned', 'confirmed', 'consumed', 'cancelled', 'expired'].some((state) => state === value)
