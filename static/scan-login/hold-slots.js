/**
 * Slots for held polls, shared by all tabs of the site in this browser. Over HTTP/1.1 a browser has six connections to a host: without a limit seven tabs
 * at the login keep all of them, and nobody gets a code. A poll without a slot is not held and comes again in a second. Slots rather than "hidden tabs
 * never hold", as then every hidden tab would ask twenty times as often, by timers that browsers slow down, and seven visible windows would still block.
 */

/** Two connections stay free for codes, new tickets, sessions and polls that aren't held. */
const slots = 4

/** @typedef {ReturnType<typeof createHoldSlots>} TakeHoldSlot */

/**
 * Makes the function that takes a slot: it resolves with the one that gives it back, or with null if none is free. Without locks only a visible page
 * has one, and whoever holds it has to let go when the page is hidden.
 * @param {{ locks: import('./locks.js').Locks, visible: import('./login-types.js').Condition }} dependencies
 */
export const createHoldSlots = ({ locks, visible }) => async () => {
  if (!locks.isSupported) return visible.now() ? () => {} : null
  for (let slot = 1; slot <= slots; slot += 1) {
    const release = await locks.tryLock(`scan-login-hold-${slot}`)
    if (release !== null) return release
  }
  return null
}
