/**
 * Owns the life of one browser's login: begun, begun anew, suspended with the page, taken up again, left; and the bells that end a wait early. What
 * happens in between is log-in.js. Touches no document and no global; what it needs is handed in.
 */
import { logIn } from './log-in.js'
import { createBell, pause } from './patience.js'

/** @typedef {import('./ticket-api.js').Session} Session */
/** @typedef {import('./follow-ticket.js').Attempt} Attempt */
/** @typedef {{ now: () => boolean, watch: (changed: () => void) => void }} Condition */
/** What others may know, each step once. @typedef {{ name: 'ticket', ticket: string } | { name: 'scanned' | 'confirmed' | 'cancelled' | 'expired' } | { name: 'login', session: Session } | { name: 'error', reason: string }} Step */
/**
 * @typedef {object} World
 * @property {import('./ticket-api.js').TicketApi} api
 * @property {(url: string) => Promise<boolean>} loadCode fetches the picture; false when there is none
 * @property {import('./patience.js').Clock} clock
 * @property {() => number} random
 * @property {Condition} visible
 * @property {Condition} online
 * @property {(woke: () => void) => void} watchSleep hears that the machine, or the page, has slept
 * @property {() => number} seenAt when there was the last sign of somebody before the page, on the same clock
 * @property {import('./hold.js').Hold} hold
 * @property {import('./keepsake.js').Keepsake} keepsake
 * @property {{ recall: () => string | null, remember: (sub: string) => void }} lastPerson whom this browser was logged in as before
 * @property {(view: import('./login-screen.js').View) => void} show
 * @property {(step: Step) => boolean} tell false where somebody takes the visitor on by themselves after `login`
 * @property {(session: Session) => void} done the browser has its session, the person has seen it, and nobody else takes them on
 */

/**
 * Makes the flow. `start` begins, with the ticket that an earlier page kept, if any; `renew` begins anew and gives the present ticket up; `leave`
 * gives it up and stops; `answer` tells whether the visitor is the person on the screen; `suspend` stops and keeps it for whoever starts next: this page when it is shown again, or the one after a reload.
 * @param {World} world
 */
export const createLoginFlow = (world) => {
  const anything = createBell()
  const shown = createBell()
  const answered = createBell()
  /** @type {boolean | null} */
  let isMe = null
  world.visible.watch(() => {
    if (!world.visible.now()) return
    shown.ring()
    anything.ring()
  })
  world.online.watch(() => {
    if (world.online.now()) world.hold.forget()
    anything.ring()
  })
  world.watchSleep(anything.ring)

  let run = new AbortController()
  /** @type {string | null} */
  let wanted = null
  /** @type {Attempt | null} */
  let held = null

  /** @param {string | null} returnTo where the visitor wants to go, as the page was told */
  const start = (returnTo) => {
    run.abort()
    run = new AbortController()
    wanted = returnTo
    const { signal } = run
    const untilShown = () => pause({ clock: world.clock, ms: null, signal, early: shown.early })
    /** Null where nobody says. @param {number} ms @returns {Promise<boolean | null>} */
    const untilAnswered = async (ms) => {
      isMe = null
      await pause({ clock: world.clock, ms, signal, early: answered.early })
      return isMe
    }
    logIn({ ...world, signal, early: anything.early, untilShown, untilAnswered, keep: (attempt) => { held = attempt }, returnTo }).catch((reason) => { if (!signal.aborted) throw reason })
  }
  const leave = () => {
    run.abort()
    if (held !== null) world.api.giveUp(held.ticket)
    held = null
  }
  const suspend = () => {
    run.abort()
    if (held !== null) world.keepsake.put(held, wanted)
    held = null
  }
  const renew = () => {
    leave()
    start(wanted)
  }
  /** @param {boolean} isThem */
  const answer = (isThem) => {
    isMe = isThem
    answered.ring()
  }
  return { start, renew, leave, suspend, answer }
}
