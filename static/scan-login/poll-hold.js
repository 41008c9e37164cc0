/**
 * How long a poll asks the server to hold its answer, learned from how earlier polls ended. Long holds save requests, but a proxy or mobile network may
 * cut a connection on which nothing moves. So the hold starts short, doubles while polls are held in full, stays below the time after which one was cut,
 * and is remembered for the next visit.
 */

/**
 * `seconds`: the hold now; `ceiling`: it doesn't grow beyond; `patience`: full holds at the ceiling before a higher one is tried. Stored in visitors'
 * browsers, so the names are fixed.
 * @typedef {{ seconds: number, ceiling: number, patience: number }} Learned
 */
/** @typedef {{ recall: () => unknown, remember: (learned: Learned) => void }} HoldMemory */
/** @typedef {ReturnType<typeof createPollHold>} PollHold */

const firstSeconds = 5
/** The ceiling while nothing was cut: the service allows no MAX_WAIT above it. */
const maxHoldSeconds = 55
/** A poll that lasted this part of its hold counts as held in full: the timers of server and browser aren't exact. */
const fullHoldPart = 0.9
/** A poll that failed sooner did so for another reason than its length. */
const shortestCutMs = 500
/** A hold of this part of the time after which a connection was cut is assumed to pass. */
const safePart = 0.8
/** Not every cut is caused by the length of the hold, so a higher one is tried again: after this many full holds, and twice as many after each further cut. */
const firstPatience = 4
const longestPatience = 256

/** Makes the hold for one page or element. @param {HoldMemory} memory */
export const createPollHold = (memory) => {
  let learned = readLearned(memory.recall()) ?? nothingLearned()
  let fullHoldsAtCeiling = 0

  /** @param {Learned} next */
  const learn = (next) => {
    learned = next
    fullHoldsAtCeiling = 0
    memory.remember(next)
  }

  return {
    /** Returns the seconds to ask the server for. @param {number} longest what the server allows, in seconds */
    seconds: (longest) => Math.min(learned.seconds, longest),

    /** Learns from a poll that was answered after `heldMs`. One that was answered early, because there was news, says nothing about the network. @param {number} heldMs */
    wasHeld: (heldMs) => {
      const { seconds, ceiling, patience } = learned
      if (heldMs < seconds * 1000 * fullHoldPart) return
      if (seconds < ceiling) return learn({ ...learned, seconds: Math.min(ceiling, Math.max(1, seconds * 2)) })
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
      if (below >= learned.seconds) return
      const seconds = Math.floor(below)
      learn({ seconds, ceiling: seconds, patience: Math.min(longestPatience, learned.patience * 2) })
    },

    /** Starts anew: the browser may be on another network now. */
    reset: () => { learn(nothingLearned()) },
  }
}

/** @returns {Learned} */
const nothingLearned = () => ({ seconds: firstSeconds, ceiling: maxHoldSeconds, patience: firstPatience })

/** Checks what was stored: other scripts of the site can write there too. @param {unknown} value @returns {Learned | null} */
const readLearned = (value) => {
  if (typeof value !== 'object' || value === null || !('seconds' in value && 'ceiling' in value && 'patience' in value)) return null
  const { seconds, ceiling, patience } = value
  return isUpTo(seconds, maxHoldSeconds) && isUpTo(ceiling, maxHoldSeconds) && isUpTo(patience, longestPatience) && seconds <= ceiling ? { seconds, ceiling, patience } : null
}

/** @param {unknown} value @param {number} most @returns {value is number} */
const isUpTo = (value, most) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
