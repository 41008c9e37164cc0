/** Types that several parts of a login share. */

/** @typedef {import('./ticket-api.js').Session} Session */
/** @typedef {{ now: () => boolean, onChange: (listener: () => void) => void }} Condition */
/**
 * What the element tells the page around it; once per ticket; `error` at each failed try.
 * @typedef {{ name: 'ticket', ticket: string, app?: string } | { name: 'scanned' | 'confirmed' | 'cancelled' | 'expired' } | { name: 'login', session: Session } | { name: 'error', reason: string }} LoginEvent
 */
/**
 * Everything a login needs of the browser, so that tests can replace it.
 * @typedef {object} LoginDependencies
 * @property {string} server the service's address
 * @property {import('./ticket-api.js').TicketApi} api
 * @property {(url: string, how: { isRetry: boolean, signal: AbortSignal }) => Promise<boolean>} loadCode fetches the picture; false when that failed
 * @property {import('./wait.js').Clock} clock
 * @property {() => number} random
 * @property {Condition} visible
 * @property {Condition} online
 * @property {(listener: () => void) => void} onWake calls the listener after the machine, or the page, was asleep
 * @property {() => number} lastActivityAt when the visitor last did something in the page, on the same clock
 * @property {() => boolean} isUnattended whether nobody touches this screen
 * @property {import('./poll-hold.js').PollHold} hold
 * @property {import('./locks.js').Locks} locks
 * @property {import('./saved-tickets.js').SavedTickets} savedTickets
 * @property {{ recall: () => string | null, remember: (sub: string) => void }} lastPerson whom this browser was last logged in as
 * @property {(view: import('./view-state.js').View) => void} show
 * @property {(event: LoginEvent) => boolean} emit false if the page has prevented `login`, and so takes the visitor on by itself
 * @property {(session: Session) => void} redirect called after the login was shown for a moment, unless the page has prevented `login`
 */

export {}
