/**
 * Tickets saved in the tab's sessionStorage, so that the page after a reload, after going back, or after a phone has thrown the tab away continues the
 * same login. A ticket is saved only while its page is gone or hidden: a hidden page may be thrown away without any further event. A duplicated tab gets a
 * copy of the storage and must not find the ticket of a page that still uses it: `takeBack` removes it, and a hidden page's lock tells that it lives.
 */
import { pause } from './wait.js'

/** @typedef {import('./attempt.js').Attempt} Attempt */
/** @typedef {ReturnType<typeof createSavedTickets>} SavedTickets */
/** @typedef {{ server: string, returnTo: string | null, endsAt: number, isTheirs?: unknown, isInUse?: unknown, appEndsAt?: unknown, ticket: import('./ticket-api.js').Ticket }} SavedTicket `endsAt` is milliseconds since 1970; `isInUse`: its page was only hidden. */

const key = 'scan-login-tickets'
/** A scan in the last minute moves the end, which this page may not know, so a ticket can still become a session for this long. */
const usefulAfterEndMs = 60_000
/** A phone may load the page again while it still ends the process that it has thrown away, and whose lock is free only then. */
const endingProcessMs = 1_000

/** @param {string} id */
const lockOf = (id) => `scan-login-ticket ${id}`

/**
 * Makes the saved tickets of one server. `wallClock` returns milliseconds since 1970, the only time that two pages share.
 * @param {{ server: string, store: Pick<Storage, 'getItem' | 'setItem'>, locks: import('./locks.js').Locks, clock: import('./wait.js').Clock, wallClock: () => number }} dependencies
 */
export const createSavedTickets = ({ server, store, locks, clock, wallClock }) => {
  /** The ticket that this page uses, and its lock. @type {{ id: string, release: () => void } | null} */
  let inUse = null

  const readAll = () => {
    /** @type {unknown} */
    const all = JSON.parse(store.getItem(key) ?? '[]')
    return Array.isArray(all) ? all.filter(isSavedTicket).filter(({ endsAt }) => endsAt + usefulAfterEndMs > wallClock()) : []
  }
  /** @param {string | null} returnTo */
  const find = (returnTo) => {
    try {
      return readAll().filter((saved) => saved.server === server && saved.returnTo === returnTo)
    } catch {
      return []
    }
  }
  /** @param {string} id @param {SavedTicket[]} by */
  const replace = (id, by) => {
    try {
      const all = readAll()
      const next = [...all.filter(({ ticket }) => ticket.id !== id), ...by]
      if (next.length > 0 || all.length > 0) store.setItem(key, JSON.stringify(next))
    } catch {} // if a browser forbids storage, a reload shows a fresh code
  }
  /** @param {Attempt} attempt @param {string | null} returnTo @param {boolean} isInUse */
  const save = ({ ticket, endsAt, isTheirs, appEndsAt }, returnTo, isInUse) =>
    replace(ticket.id, [{ server, returnTo, ticket, endsAt: wallClock() + endsAt - clock.now(), isTheirs, isInUse, appEndsAt: wallClock() + appEndsAt - clock.now() }]) // JSON has no Infinity: it is saved as null
  const release = () => {
    inUse?.release()
    inUse = null
  }
  /** Returns the first of which no other page is the user, after making this page its user. @param {SavedTicket[]} all */
  const lockFirst = async (all) => {
    for (const saved of all) {
      const { id } = saved.ticket
      // A page that is gone has left its ticket to this one; its lock may be released only after this page has begun.
      const unlock = saved.isInUse === true ? await locks.tryLock(lockOf(id)) : locks.hold(lockOf(id))
      if (unlock === null) continue
      inUse = { id, release: unlock }
      return saved
    }
    return null
  }

  return {
    /** Returns a ticket that this page now uses, or null if there is none for it. @param {string | null} returnTo @param {AbortSignal} signal aborted when the page goes away @returns {Promise<Attempt | null>} */
    take: async (returnTo, signal) => {
      let saved = await lockFirst(find(returnTo))
      if (saved === null && find(returnTo).length > 0) {
        await pause({ clock, ms: endingProcessMs, signal }).catch(() => {})
        if (signal.aborted) return null
        const all = find(returnTo)
        saved = await lockFirst(all)
        if (saved === null) for (const { ticket } of all) replace(ticket.id, []) // came with a copy of the tab: their page lives
      }
      if (saved === null) return null
      if (signal.aborted) {
        release() // the ticket stays saved for the next page
        return null
      }
      const { ticket, endsAt, isTheirs, appEndsAt } = saved
      replace(ticket.id, [])
      return { ticket, after: 0, endsAt: clock.now() + Math.min(endsAt - wallClock(), ticket.lifeMs), isTheirs: isTheirs === true, appEndsAt: typeof appEndsAt === 'number' ? clock.now() + appEndsAt - wallClock() : Infinity }
    },
    /** Says which ticket the page uses now, and forgets the one before. @param {Attempt | null} attempt */
    use: (attempt) => {
      const id = attempt?.ticket.id
      if (inUse?.id === id) return
      if (inUse !== null) replace(inUse.id, [])
      release()
      if (id !== undefined) inUse = { id, release: locks.hold(lockOf(id)) }
    },
    /** Saves the ticket in use while its page is hidden. Not without locks: a copy of the tab would use it, too. @param {Attempt} attempt @param {string | null} returnTo */
    putAway: (attempt, returnTo) => { if (locks.isSupported) save(attempt, returnTo, true) },
    /** Removes it when its page is shown. @param {Attempt} attempt */
    takeBack: ({ ticket }) => { replace(ticket.id, []) },
    /** Saves it for the next page when its own goes away. @param {Attempt} attempt @param {string | null} returnTo */
    leave: (attempt, returnTo) => {
      save(attempt, returnTo, false)
      release()
    },
  }
}

/** Checks what was stored: other scripts of the site can write there too. @param {any} saved @returns {saved is SavedTicket} */
const isSavedTicket = (saved) => typeof saved?.server === 'string' && typeof saved.endsAt === 'number' && ['id', 'secret', 'codeUrl'].every((name) => typeof saved.ticket?.[name] === 'string') &&
  ['lifeMs', 'maxWaitSeconds'].every((name) => typeof saved.ticket[name] === 'number')
