/**
 * Owns what happens beside the poll while nobody has scanned: the picture is fetched and shown, the next code is made before this one ends, a dead
 * one is taken away, and after ten minutes of nobody it is enough. Follows no ticket.
 */
import { pause, waitBeforeRetry } from './patience.js'

/** @typedef {import('./follow-ticket.js').Attempt} Attempt */
/**
 * @typedef {object} Presentation
 * @property {import('./patience.js').Clock} clock
 * @property {() => number} random
 * @property {AbortSignal} pending aborted when the code is of no more use, whichever way its ticket went
 * @property {ReturnType<typeof import('./login-screen.js').createScreen>} screen
 * @property {(url: string) => Promise<boolean>} loadCode
 * @property {(signal: AbortSignal) => Promise<void>} untilVisible
 * @property {() => number} seenAt
 * @property {(step: import('./login-flow.js').Step) => void} tell
 * @property {(signal: AbortSignal) => Promise<Attempt | null>} makeNext one try; null where it failed
 * @property {(next: Attempt) => void} onNext
 * @property {() => void} onNobody
 */

const codeWithinMs = 15_000
/** The next code is fetched so long before the end of this one, and takes its place a little before it; of short lives less. */
const prepareBeforeMs = 20_000
const swapBeforeMs = 3_000
const partOfLife = 1 / 8
/** The service tells the end of a ticket at once; later than that it can't be reached. */
const endToldWithinMs = 2_000
/** After so long without a sign of anybody a code is not renewed any more. */
const nobodyForMs = 600_000

/** Starts all four, each until `pending` is aborted. @param {Attempt} attempt @param {import('./login-screen.js').CodeStage} name why it is shown @param {Presentation} how */
export const presentCode = (attempt, name, how) => {
  const { pending, screen, onNobody } = how
  /** @param {Promise<void>} work */
  const start = (work) => { work.catch((reason) => { if (!pending.aborted) throw reason }) }
  if (!screen.isShowing(attempt.ticket.codeUrl)) start(showCode(attempt, name, how))
  start(prepareNext(attempt, how))
  start(untilNobody(how).then(onNobody))
  start(hideWhenOver(attempt, how))
}

/** @param {Attempt} attempt @param {import('./login-screen.js').CodeStage} name @param {Presentation} how */
const showCode = async (attempt, name, how) => {
  const { clock, random, pending, screen, tell } = how
  for (let misses = 1; !await isLoaded(attempt, how); misses += 1) {
    const retryMs = waitBeforeRetry({ failures: misses, retryAfterMs: 0, random })
    screen.set({ name: 'no-code', why: 'wechat', retryMs })
    tell({ name: 'error', reason: 'wechat' })
    await pause({ clock, ms: retryMs, signal: pending })
  }
  screen.set({ name, code: codeOf(attempt, clock) })
}

/** Makes the next ticket while this one can still be scanned, and shows it a moment before nobody can. @param {Attempt} attempt @param {Presentation} how */
const prepareNext = async (attempt, how) => {
  const { clock, pending, screen, untilVisible, makeNext, onNext } = how
  /** @param {number} beforeMs */
  const untilShortlyBeforeTheEnd = (beforeMs) =>
    pause({ clock, ms: Math.max(0, attempt.endsAt - Math.min(beforeMs, attempt.ticket.lifeMs * partOfLife) - clock.now()), signal: pending })
  await untilShortlyBeforeTheEnd(prepareBeforeMs)
  await untilVisible(pending)
  if (clock.now() > attempt.endsAt) return // slept away; what became of the ticket is asked first
  const next = await makeNext(pending)
  if (next === null) return // this code is good to its end, and then there are words for it
  onNext(next)
  if (!await isLoaded(next, how)) return
  await untilShortlyBeforeTheEnd(swapBeforeMs)
  screen.set({ name: 'waiting', code: codeOf(next, clock) })
}

/** Takes a code off the stage whose time ran out while nobody could be asked what became of it. @param {Attempt} attempt @param {Presentation} how */
const hideWhenOver = async (attempt, { screen, ...how }) => {
  await untilPast(() => attempt.endsAt + endToldWithinMs, how)
  if (screen.isShowing(attempt.ticket.codeUrl)) screen.set({ name: 'making' })
}

/** @param {Presentation} how */
const untilNobody = ({ seenAt, ...how }) => untilPast(() => seenAt() + nobodyForMs, how)

/** Waits for a moment that may move away meanwhile. @param {() => number} moment @param {Pick<Presentation, 'clock' | 'pending'>} how */
const untilPast = async (moment, { clock, pending }) => {
  for (;;) {
    const leftMs = moment() - clock.now()
    if (leftMs <= 0) return
    await pause({ clock, ms: leftMs, signal: pending })
  }
}

/** Whichever way the ticket moves on, the pause rejects, and no late picture is drawn. @param {Attempt} attempt @param {Presentation} how */
const isLoaded = async ({ ticket }, { clock, pending, loadCode }) =>
  await Promise.race([loadCode(ticket.codeUrl), pause({ clock, ms: codeWithinMs, signal: pending })]) === true

/** @param {Attempt} attempt @param {import('./patience.js').Clock} clock @returns {import('./login-screen.js').Code} */
const codeOf = ({ ticket, endsAt }, clock) => ({ url: ticket.codeUrl, linkUrl: ticket.linkUrl, lifeMs: ticket.lifeMs, leftMs: endsAt - clock.now() })
