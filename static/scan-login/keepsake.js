/**
 * Owns the tickets of pages that went away a moment ago, so that a reload in the middle, or a way back, finds its login again. A ticket lies there
 * only while no page holds it: taking it removes it, and a copy of a tab, which is a copy of its storage, finds nothing.
 */

/** @typedef {import('./follow-ticket.js').Attempt} Attempt */
/** @typedef {{ put: (attempt: Attempt, returnTo: string | null) => void, take: (returnTo: string | null) => Attempt | null }} Keepsake */
/** @typedef {{ server: string, returnTo: string | null, endsAt: number, isTheirs?: unknown, ticket: import('./ticket-api.js').Ticket }} Kept */

const key = 'scan-login-tickets'
/** CONTRACT: so long after the end that this page knew, a ticket may still turn into a session, for a scan in the last minute moves it. */
const usefulAfterEndMs = 60_000

/**
 * Makes the keepsake of one server's tickets. `wallClock` is milliseconds since 1970, the only time that two pages share.
 * @param {{ server: string, store: Pick<Storage, 'getItem' | 'setItem'>, clock: import('./patience.js').Clock, wallClock: () => number }} world
 * @returns {Keepsake}
 */
export const createKeepsake = ({ server, store, clock, wallClock }) => {
  const readAll = () => {
    /** @type {unknown} */
    const all = JSON.parse(store.getItem(key) ?? '[]')
    return Array.isArray(all) ? all.filter(isKept).filter(({ endsAt }) => endsAt + usefulAfterEndMs > wallClock()) : []
  }
  return {
    put: ({ ticket, endsAt, isTheirs }, returnTo) => {
      try {
        store.setItem(key, JSON.stringify([...readAll(), { server, returnTo, ticket, endsAt: wallClock() + endsAt - clock.now(), isTheirs }]))
      } catch {} // a browser may forbid storage; then a reload brings a fresh code
    },
    take: (returnTo) => {
      try {
        const all = readAll()
        const found = all.find((kept) => kept.server === server && kept.returnTo === returnTo)
        if (found === undefined) return null
        store.setItem(key, JSON.stringify(all.filter((kept) => kept !== found)))
        return { ticket: found.ticket, after: 0, endsAt: clock.now() + Math.min(found.endsAt - wallClock(), found.ticket.lifeMs), isTheirs: found.isTheirs === true }
      } catch {
        return null
      }
    },
  }
}

/** What a browser's storage holds may be anybody's. @param {any} kept @returns {kept is Kept} */
const isKept = (kept) => typeof kept?.server === 'string' && typeof kept.endsAt === 'number' && ['id', 'secret', 'codeUrl'].every((name) => typeof kept.ticket?.[name] === 'string') &&
  ['lifeMs', 'maxWaitSeconds'].every((name) => typeof kept.ticket[name] === 'number')
