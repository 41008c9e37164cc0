/**
 * How long a poll asks the server to hold its answer, learned from how earlier polls ended. Long holds save requests, but a proxy or mobile network may
 * cut a connection on which nothing moves. So the hold starts short, doubles while polls are held in full, stays below the time after which one was cut,
 * and is remembered for a day.
 */

/**
 * `seconds`: the hold now; `ceiling`: it doesn't grow beyond; `patience`: full holds at the ceiling before a higher one is tried; `at`: when
 * that was learned, in milliseconds since 1970. Stored in visitors' browsers, where pages of earlier releases read it, so the names are fixed.
 * @typedef {{ seconds: number, ceiling: number, patience: number, at: number }} Learned
 */
/** @typedef {{ recall: () => unknown, remember: (learned: Learned) => void }} HoldMemory */
/** @typedef {ReturnType<typeof createPollHold>} PollHold */

const firstSeconds = 5
/** The ceiling while nothing was cut: the service allows no MAX_WAIT above it. */
const maxHoldSeconds = 55
/** A poll that lasted this part of its hold counts as held in full: the timers of server and browser aren't exact. */
const fullHoldPart = 0.9
/** A poll that failed sooner did so for another reason than its length. */
const shortestCutMs = 1_000
/** With none at all, a page would ask every second, and never learn that holds pass. */
const shortestSeconds = 1
/** Networks change: what was learned on one day isn't believed on the next. */
const forgottenAfterMs = 86_400_000
/** A hold of this part of the time after which a connection was cut is assumed to pass. */
const safePart = 0.8
/** Not every cut is caused by the length of the hold, so a higher one is tried again: after this many full holds, and twice as many after each further cut. */
const firstPatience = 4
const longestPatience = 256

/** Makes the hold for one page or element. `wallClock` returns milliseconds since 1970, the only time that two visits share. @param {HoldMemory} memory @param {() => number} wallClock */
export const createPollHold = (memory, wallClock) => {
  let learned = nothingLearned(wallClock())
  let fullHoldsAtCeiling = 0

  /** @param {Omit<Learned, 'at'>} next */
  const learn = (next) => {
    learned = { ...next, at: wallClock() }
    fullHoldsAtCeiling = 0
    memory.remember(learned)
  }

  const stored = readLearned(memory.recall())
  if (stored !== null && stored.at === null) learn(stored)
  else if (stored !== null) learned = /** @type {Learned} */ (stored)

  /** Also in a page that is open for days. */
  const forgetIfOld = () => {
    const ageMs = wallClock() - learned.at
    if (!(ageMs >= 0 && ageMs < forgottenAfterMs)) learned = nothingLearned(wallClock()) // a time to come is of a clock that was set back since
  }

  return {
    /** Returns the seconds to ask the server for. @param {number} longest what the server allows, in seconds */
    seconds: (longest) => {
      forgetIfOld()
      return Math.min(learned.seconds, longest)
    },

    /** Learns from a poll that was answered after `heldMs`. One that was answered early, because there was news, says nothing about the network. @param {number} heldMs */
    wasHeld: (heldMs) => {
      const { seconds, ceiling, patience } = learned
      if (heldMs < seconds * 1000 * fullHoldPart) return
      if (seconds < ceiling) return learn({ ...learned, seconds: Math.min(ceiling, seconds * 2) })
      fullHoldsAtCeiling += 1
      if (ceiling < maxHoldSeconds && fullHoldsAtCeiling >= patience) {
        const higher = Math.min(maxHoldSeconds, Math.ceil(ceiling * 1.5) + 1)
        learn({ seconds: higher, ceiling: higher, patience })
      }
    },

    /** Learns from a poll that was cut after `heldMs`: by a reset, by a proxy's answer, or by the page's own timeout. @param {number} heldMs @param {boolean} isTimeout */
    wasCut: (heldMs, isTimeout) => {
      if (heldMs < shortestCutMs) return
      const below = isTimeout ? learned.seconds / 2 : (heldMs / 1000) * safePart
      if (below >= learned.seconds || learned.seconds === shortestSeconds) return
      const seconds = Math.max(shortestSeconds, Math.floor(below))
      learn({ seconds, ceiling: seconds, patience: Math.min(longestPatience, learned.patience * 2) })
    },

    /** Starts anew: the browser may be on another network now. */
    reset: () => { learn(nothingLearned(wallClock())) },
  }
}

/** @param {number} at @returns {Learned} */
const nothingLearned = (at) => ({ seconds: firstSeconds, ceiling: maxHoldSeconds, patience: firstPatience, at })

/**
 * Checks what was stored: other scripts of the site can write there too. Pages of earlier releases stored no time, and sometimes a hold of 0 s.
 * @param {any} value @returns {Omit<Learned, 'at'> & { at: number | null } | null}
 */
const readLearned = (value) => {
  const { seconds, ceiling, patience, at = null } = value ?? {}
  const isValid = isWhole(seconds, shortestSeconds, ceiling) && isWhole(ceiling, shortestSeconds, maxHoldSeconds) && isWhole(patience, firstPatience, longestPatience)
  return isValid && (at === null || Number.isFinite(at)) ? { seconds, ceiling, patience, at } : null
}

/** @param {unknown} value @param {number} least @param {number} most */
const isWhole = (value, least, most) => typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
