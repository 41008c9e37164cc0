/**
 * Tickets saved in the tab's sessionStorage when their page goes away, so that the page after a reload, or after going back, continues the same login. A
 * ticket is saved only while no page uses it, and `take` removes it: a duplicated tab, which gets a copy of the storage, finds none.
 */

/** @typedef {import('./attempt.js').Attempt} Attempt */
/** @typedef {{ save: (attempt: Attempt, returnTo: string | null) => void, take: (returnTo: string | null) => Attempt | null }} SavedTickets */
/** @typedef {{ server: string, returnTo: string | null, endsAt: number, isTheirs?: unknown, ticket: import('./ticket-api.js').Ticket }} SavedTicket `endsAt` is milliseconds since 1970. */

const key = 'scan-login-tickets'
/** A scan in the last minute moves the end, which this page may not know, so a ticket can still become a session for this long. */
const usefulAfterEndMs = 60_000

/**
 * Makes the saved tickets of one server. `wallClock` returns milliseconds since 1970, the only time that two pages share.
 * @param {{ server: string, store: Pick<Storage, 'getItem' | 'setItem'>, clock: import('./wait.js').Clock, wallClock: () => number }} dependencies
 * @returns {SavedTickets}
 */
export const createSavedTickets = ({ server, store, clock, wallClock }) => {
  const readAll = () => {
    /** @type {unknown} */
    const all = JSON.parse(store.getItem(key) ?? '[]')
    return Array.isArray(all) ? all.filter(isSavedTicket).filter(({ endsAt }) => endsAt + usefulAfterEndMs > wallClock()) : []
  }
  return {
    save: ({ ticket, endsAt, isTheirs }, returnTo) => {
      try {
        store.setItem(key, JSON.stringify([...readAll(), { server, returnTo, ticket, endsAt: wallClock() + endsAt - clock.now(), isTheirs }]))
      } catch {} // if a browser forbids storage, a reload shows a fresh code
    },
    take: (returnTo) => {
      try {
        const all = readAll()
        const found = all.find((saved) => saved.server === server && saved.returnTo === returnTo)
        if (found === undefined) return null
        store.setItem(key, JSON.stringify(all.filter((saved) => saved !== found)))
        return { ticket: found.ticket, after: 0, endsAt: clock.now() + Math.min(found.endsAt - wallClock(), found.ticket.lifeMs), isTheirs: found.isTheirs === true }
      } catch {
        return null
      }
    },
  }
}

/** Checks what was stored: other scripts of the site can write there too. @param {any} saved @returns {saved is SavedTicket} */
const isSavedTicket = (saved) => typeof saved?.server === 'string' && typeof saved.endsAt === 'number' && ['id', 'secret', 'codeUrl'].every((name) => typeof saved.ticket?.[name] === 'string') &&
  ['lifeMs', 'maxWaitSeconds'].every((name) => typeof saved.ticket[name] === 'number')
