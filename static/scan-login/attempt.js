/** @typedef {import('./ticket-api.js').Ticket} Ticket */
/**
 * A ticket and what this browser knows of it: `after` is the newest version seen (0: none, as after a reload), `endsAt` when it expires, as the server
 * last said, on the browser's monotonic clock, `isTheirs` whether the visitor has already said that they are the person who confirmed, `appEndsAt` when the app
 * that waits for the login gives up, on the same clock; Infinity where none waits.
 * @typedef {{ readonly ticket: Ticket, after: number, endsAt: number, isTheirs: boolean, readonly appEndsAt: number }} Attempt
 */

export {}
