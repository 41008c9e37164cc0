/**
 * Owns how long a poll may be held, learnt from how earlier ones ended: it starts short, grows while holds come back whole, stays below where
 * something on the way cut one, and remembers that for the next visit. Knows no ticket and sends nothing.
 */

/** @typedef {{ seconds: number, ceiling: number, patience: number }} Lesson `patience`: whole holds at the ceiling before it is tried a little higher. */
/** @typedef {{ recall: () => unknown, remember: (lesson: Lesson) => void }} HoldMemory */
/** @typedef {ReturnType<typeof createHold>} Hold */

const firstSeconds = 5
/** No service holds longer (CONTRACT, MAX_WAIT), so this is no ceiling at all. */
const openCeiling = 55
/** A call that ended sooner failed for another reason than its length. */
const cutNotBeforeMs = 500
/** Whoever cuts after n seconds leaves alone what takes this part of them. */
const safePart = 0.8
/** Not every cut has to do with the length of the hold; so a ceiling is tried again, but after each cut not before twice as many whole holds. */
const firstPatience = 4
const longestPatience = 256

/** Makes what one page, or one element, knows of its network. @param {HoldMemory} memory */
export const createHold = (memory) => {
  let lesson = readLesson(memory.recall()) ?? fresh()
  let wholeAtCeiling = 0

  /** @param {Lesson} next */
  const learn = (next) => {
    lesson = next
    wholeAtCeiling = 0
    memory.remember(next)
  }

  return {
    /** For how long to ask the server to hold the next poll. @param {number} longest what the server allows, in seconds */
    seconds: (longest) => Math.min(lesson.seconds, longest),

    /** A poll came back whole. One that was answered early, because there was news, says nothing of the network. @param {number} heldMs */
    whole: (heldMs) => {
      const { seconds, ceiling, patience } = lesson
      if (heldMs < seconds * 900) return
      if (seconds < ceiling) return learn({ ...lesson, seconds: Math.min(ceiling, Math.max(1, seconds * 2)) })
      wholeAtCeiling += 1
      if (ceiling < openCeiling && wholeAtCeiling >= patience) {
        const higher = Math.min(openCeiling, Math.ceil(ceiling * 1.5) + 1)
        learn({ seconds: higher, ceiling: higher, patience })
      }
    },

    /** A poll was cut off by an answer that is not the service's, by a reset, or (`isSilent`) by nothing until the page's own patience ended. @param {number} heldMs @param {boolean} isSilent */
    cut: (heldMs, isSilent) => {
      if (heldMs < cutNotBeforeMs) return
      const below = isSilent ? lesson.seconds / 2 : (heldMs / 1000) * safePart
      if (below >= lesson.seconds) return
      const seconds = Math.floor(below)
      learn({ seconds, ceiling: seconds, patience: Math.min(longestPatience, lesson.patience * 2) })
    },

    /** The browser is on another network, perhaps: what was learnt may not hold there. */
    forget: () => { learn(fresh()) },
  }
}

/** @returns {Lesson} */
const fresh = () => ({ seconds: firstSeconds, ceiling: openCeiling, patience: firstPatience })

/** What a browser's storage holds may be anybody's. @param {unknown} value @returns {Lesson | null} */
const readLesson = (value) => {
  if (typeof value !== 'object' || value === null || !('seconds' in value && 'ceiling' in value && 'patience' in value)) return null
  const { seconds, ceiling, patience } = value
  return isUpTo(seconds, openCeiling) && isUpTo(ceiling, openCeiling) && isUpTo(patience, longestPatience) && seconds <= ceiling ? { seconds, ceiling, patience } : null
}

/** @param {unknown} value @param {number} most @returns {value is number} */
const isUpTo = (value, most) => typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
