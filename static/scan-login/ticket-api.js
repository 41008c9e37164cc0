/** The browser's calls to the service. Every body is checked. */
import { isNobody, jsonOf, optionalSession, problemCodeOf } from './answer.js'
import { createFetchWithSecret } from './secret-header.js'
import { linked, throwIfAborted } from './wait.js'

/** @typedef {'pending' | 'scanned' | 'confirmed' | 'consumed' | 'cancelled' | 'expired'} TicketState */
/** @typedef {{ id: string, secret: string, version: number, lifeMs: number, codeUrl: string, linkUrl: string | null, maxWaitSeconds: number, app?: WaitingApp | null }} Ticket `linkUrl` opens the mini program on the same phone; null if the operator has no such links. */
/** @typedef {{ name: string, startUrl: string, waitsMs: number }} WaitingApp The app that has sent the browser here, where a login begins there, and for how long it waited when the ticket was made. */
/** @typedef {{ sub: string, name: string | null }} User */
/** @typedef {{ state: TicketState, version: number, leftMs: number, number: string | null, user: User, pollAfterMs: number }} TicketView `number` is the two digits that the service adds once a phone has scanned, for the person to tap or type there; null if it asks for none. `user` is who confirmed; its `sub` is empty until somebody has. */
/** @typedef {{ accessToken: string, expiresIn: number, user: User, returnTo: string | null }} Session `expiresIn` is the token's, in seconds. */
/** @typedef {{ status: number, code: string, retryAfterMs: number, isTimeout: boolean }} Failure `status` is 0 if no answer came (`isTimeout`: within the time allowed), `code` is '' if the answer is no problem of the service's own: then its status is a proxy's, and says nothing about the ticket. */
/** @typedef {import('./answer.js').Body} Body */
/**
 * @template T
 * @typedef {{ value: T, failure: null } | { value: null, failure: Failure }} Answer
 */
/** @typedef {ReturnType<typeof createTicketApi>} TicketApi */

/** The service answers every call within 6 s, a held one within 6 s after its hold. 4 s more are for the network: a phone far from its mast connects slowly. */
const answerWithinMs = 10_000
/** How often a ticket is cancelled in vain, a second apart at first, before it is left to end by itself. */
const cancelTries = 5

/**
 * Makes the calls. Each resolves, also when the network fails, and rejects only when its signal is aborted. `server` is the service's address and ends
 * with a slash; `isOwnPage` means that the page has the server's origin, so that a login sets a cookie.
 * @param {{ fetch: typeof fetch, clock: import('./wait.js').Clock, server: string, isOwnPage: boolean }} dependencies
 */
export const createTicketApi = ({ fetch, clock, server, isOwnPage }) => {
  const fetchWithSecret = createFetchWithSecret({ fetch, isOwnPage })

  /**
   * @template T
   * @param {string} path
   * @param {RequestInit} request
   * @param {{ read: (body: Body) => T | null, signal: AbortSignal, secret?: string, holdMs?: number, timeoutMs?: number }} how
   * @returns {Promise<Answer<T>>}
   */
  const call = async (path, request, { read, signal, secret, holdMs = 0, timeoutMs = Infinity }) => {
    const attempt = linked(signal)
    let isTimeout = false
    const cancelTimer = clock.after(holdMs + Math.min(answerWithinMs, timeoutMs), () => {
      isTimeout = true
      attempt.abort()
    })
    try {
      const url = `${server}api/${path}`
      /** @type {RequestInit} */
      const init = { cache: 'no-store', ...request, signal: attempt.signal }
      const response = await (secret === undefined ? fetch(url, init) : fetchWithSecret(url, init, secret))
      const body = await jsonOf(response)
      const value = response.ok ? read(body) : null
      if (value !== null) return { value, failure: null }
      return { value: null, failure: { status: response.status, code: problemCodeOf(response, body), retryAfterMs: retryAfterMs(response.headers), isTimeout: false } }
    } catch {
      return { value: null, failure: { status: 0, code: '', retryAfterMs: 0, isTimeout } }
    } finally {
      cancelTimer()
      attempt.abort()
      throwIfAborted(signal)
    }
  }

  /** @param {Ticket} ticket @param {number} tries */
  const cancel = async (ticket, tries) => {
    const response = await fetchWithSecret(`${server}api/tickets/${ticket.id}`, { method: 'DELETE', keepalive: true }, ticket.secret).catch(() => null)
    if (response !== null && (response.ok || finalForCancel.includes(problemCodeOf(response, await jsonOf(response))))) return
    if (tries < cancelTries) clock.after(1000 * 2 ** (tries - 1), () => { cancel(ticket, tries + 1) })
  }

  return {
    /** Makes a ticket. `renewed` is the one that it takes the place of: with its secret the service doesn't count the new one. @param {{ returnTo: string | null, renewed: Ticket | null }} order @param {AbortSignal} signal */
    create: ({ returnTo, renewed }, signal) => call('tickets', {
      method: 'POST',
      ...((returnTo !== null || renewed !== null) && {
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...(returnTo !== null && { return_to: returnTo }), ...(renewed !== null && { renews: renewed.id }) }),
      }),
    }, { read: (body) => readTicket(body, server), signal, ...(renewed !== null && { secret: renewed.secret }) }),

    /** Polls for a version above `after`; the server holds the answer for `waitSeconds` until there is one. @param {Ticket} ticket @param {{ after: number, waitSeconds: number, timeoutMs: number }} cursor @param {AbortSignal} signal */
    read: (ticket, { after, waitSeconds, timeoutMs }, signal) => call(`tickets/${ticket.id}?after=${after}&wait=${waitSeconds}`,
      {}, { read: readView, signal, secret: ticket.secret, holdMs: waitSeconds * 1000, timeoutMs }),

    /** Turns a confirmed ticket into a session; may be repeated. @param {Ticket} ticket @param {AbortSignal} signal */
    consume: (ticket, signal) => call(`tickets/${ticket.id}/consume`, { method: 'POST' }, { read: readSession, signal, secret: ticket.secret }),

    /** Reads who is logged in in this browser; nobody on another site's page, from which the service's cookie is not sent. @param {AbortSignal} signal */
    loggedInPerson: async (signal) => {
      if (!isOwnPage) return nobody
      const answer = await call(optionalSession, {}, { read: readLoggedInPerson, signal })
      return answer.failure?.code === 'unauthenticated' ? nobody : answer // from an older instance
    },

    /** Cancels the ticket, so that the phone learns that nobody waits for it. The request outlives the page; nobody waits for its answer. @param {Ticket} ticket */
    cancel: (ticket) => { cancel(ticket, 1) },
  }
}

/** With these the ticket needs no cancelling, or can't be cancelled. */
const finalForCancel = ['ticket-not-found', 'ticket-confirmed']

/** @type {Answer<{ sub: string | null }>} */
const nobody = { value: { sub: null }, failure: null }

/** Reads seconds or a date; a date is relative to the sender's clock, its `Date`. @param {Headers} headers */
const retryAfterMs = (headers) => {
  const value = headers.get('Retry-After') ?? ''
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.parse(headers.get('Date') ?? '')
  return ms > 0 ? ms : 0
}

/** @param {unknown} value */
const text = (value) => typeof value === 'string' ? value : null

/** @param {Body} body @param {string} server @returns {Ticket | null} */
const readTicket = ({ ticket: id, secret, code_url: codeUrl, link_url: linkUrl, version, expires_in: expiresIn, max_wait: maxWaitSeconds, app }, server) =>
  typeof id === 'string' && typeof secret === 'string' && typeof codeUrl === 'string' &&
  isNumber(version) && isNumber(expiresIn) && isNumber(maxWaitSeconds)
    ? { id, secret, version, lifeMs: expiresIn * 1000, codeUrl: urlAt(server, codeUrl), linkUrl: typeof linkUrl === 'string' ? urlAt(server, linkUrl) : null, maxWaitSeconds, app: readApp(app) }
    : null

/** @param {any} app @returns {WaitingApp | null} */
const readApp = (app) => typeof app?.name === 'string' && typeof app.start_url === 'string' && /^https?:\/\//.test(app.start_url) && isNumber(app.expires_in)
  ? { name: app.name, startUrl: app.start_url, waitsMs: app.expires_in * 1000 }
  : null

/** The service's URLs are paths from the origin's root. @param {string} server @param {string} path */
const urlAt = (server, path) => new URL(path, server).href

/** @param {Body} body @returns {TicketView | null} */
const readView = ({ state, version, expires_in: expiresIn, match_code: number, sub, phone, poll_after: pollAfter }) =>
  isState(state) && isNumber(version) && isNumber(expiresIn)
    ? { state, version, leftMs: expiresIn * 1000, number: text(number), user: readUser({ sub, name: /** @type {any} */ (phone)?.name }), pollAfterMs: isNumber(pollAfter) ? pollAfter * 1000 : 0 }
    : null

/** @param {Body} body @returns {Session | null} */
const readSession = ({ access_token: accessToken, expires_in: expiresIn, user, return_to: returnTo }) => typeof accessToken === 'string'
  ? { accessToken, expiresIn: isNumber(expiresIn) ? expiresIn : 0, user: readUser(user), returnTo: text(returnTo) }
  : null

/** @param {Body} body @returns {{ sub: string | null } | null} */
const readLoggedInPerson = (body) => {
  const { sub } = readUser(body.user)
  if (isNobody(body)) return { sub: null }
  return sub === '' ? null : { sub }
}

/** @param {any} user @returns {User} */
const readUser = (user) => ({ sub: text(user?.sub) ?? '', name: text(user?.name) })

/** @param {unknown} value @returns {value is number} */
const isNumber = (value) => Number.isFinite(value)

/** @param {unknown} value @returns {value is TicketState} */
const isState = (value) => ['pending', 'scanned', 'confirmed', 'consumed', 'cancelled', 'expired'].some((state) => state === value)
