/** Start and end of a browser's login: what a page or an element calls. What happens in between is in login-flow.js. Uses no document and no global. */
import { createHoldSlots } from './hold-slots.js'
import { runLogin } from './login-flow.js'
import { createEvent, pause } from './wait.js'

/** @typedef {import('./attempt.js').Attempt} Attempt */

/**
 * Makes the controller of a login.
 * - `start` begins, with the ticket that an earlier page saved, if any.
 * - `renew` cancels the present ticket and begins anew.
 * - `cancel` cancels the ticket and stops.
 * - `suspend` stops and saves the ticket for the next `start`: of this page when it is shown again, or of the one after a reload. A hidden page's ticket is
 *   saved, too.
 * - `answer` says whether the visitor is the person who is about to be logged in.
 * @param {import('./login-types.js').LoginDependencies} dependencies
 */
export const createLoginController = (dependencies) => {
  const { api, clock, visible, online, hold, locks, savedTickets } = dependencies
  const takeHoldSlot = createHoldSlots(dependencies)
  const conditionsChanged = createEvent()
  const becameVisible = createEvent()
  const answered = createEvent()
  /** @type {boolean | null} */
  let isMe = null
  visible.onChange(() => {
    if (current !== null) {
      if (visible.now()) savedTickets.takeBack(current)
      else savedTickets.putAway(current, lastReturnTo)
    }
    if (visible.now()) becameVisible.emit()
    if (visible.now() || !locks.isSupported) conditionsChanged.emit() // without locks a hidden page's poll must not stay held
  })
  online.onChange(() => {
    if (online.now()) hold.reset()
    conditionsChanged.emit()
  })
  dependencies.onWake(conditionsChanged.emit)

  let run = new AbortController()
  /** @type {string | null} */
  let lastReturnTo = null
  /** @type {Attempt | null} */
  let current = null

  /** @param {Attempt | null} attempt */
  const setCurrent = (attempt) => {
    current = attempt
    savedTickets.use(attempt)
    if (attempt !== null && !visible.now()) savedTickets.putAway(attempt, lastReturnTo)
  }
  /** @param {string | null} returnTo where the visitor wants to go, as the page was told */
  const start = (returnTo) => {
    run.abort()
    run = new AbortController()
    lastReturnTo = returnTo
    const { signal } = run
    const untilShown = () => pause({ clock, ms: null, signal, interruptedBy: becameVisible.subscribe })
    /** @param {number} ms @returns {Promise<boolean | null>} */
    const untilAnswered = async (ms) => {
      isMe = null
      await pause({ clock, ms, signal, interruptedBy: answered.subscribe })
      return isMe
    }
    runLogin({ ...dependencies, takeHoldSlot, signal, interruptedBy: conditionsChanged.subscribe, untilShown, untilAnswered, setCurrent, returnTo })
      .catch((reason) => { if (!signal.aborted) throw reason })
  }
  const cancel = () => {
    run.abort()
    if (current !== null) api.cancel(current.ticket)
    setCurrent(null)
  }
  const suspend = () => {
    run.abort()
    if (current !== null) savedTickets.leave(current, lastReturnTo)
    current = null
  }
  const renew = () => {
    cancel()
    start(lastReturnTo)
  }
  /** @param {boolean} saysYes */
  const answer = (saysYes) => {
    isMe = saysYes
    answered.emit()
  }
  return { start, renew, cancel, suspend, answer }
}
