/**
 * Slots for held polls, shared by all tabs of an origin in this browser. Over HTTP/1.1 a browser has six connections to a host: without a limit seven tabs
 * at the login keep all of them, and nobody gets a code. A poll without a slot is not held and comes again in a second. Slots rather than "hidden tabs
 * never hold", as then every hidden tab would ask twenty times as often, by timers that browsers slow down, and seven visible windows would still block.
 * Over HTTP/2 they hold, too: a page can't know what its next connection will be. Sister origins that embed one service share connections, but no slots.
 */

const slots = [1, 2, 3, 4]
/**
 * One more for a page whose code was scanned, so that it notices the yes at once: browsers let a page that was hidden for minutes ask once a minute only.
 * One connection stays free for codes, new tickets, sessions and polls that aren't held.
 */
const slotsOfScanned = [...slots, 'scanned']

/** @typedef {ReturnType<typeof createHoldSlots>} TakeHoldSlot */

/**
 * Makes the function that takes a slot at this server: it resolves with the one that gives it back, or with null if none is free. Without locks only a
 * visible page has one, and whoever holds it has to let go when the page is hidden.
 * @param {{ locks: import('./locks.js').Locks, visible: Pick<import('./login-types.js').Condition, 'now'>, server: string }} dependencies
 */
export const createHoldSlots = ({ locks, visible, server }) => {
  const { origin } = new URL(server)
  /** @param {{ isScanned: boolean }} ticket */
  return async ({ isScanned }) => {
    for (const slot of isScanned ? slotsOfScanned : slots) {
      const release = await locks.tryLock(`scan-login-hold ${origin} ${slot}`)
      if (release !== null) return release
    }
    return !locks.isSupported && visible.now() ? () => {} : null
  }
}
