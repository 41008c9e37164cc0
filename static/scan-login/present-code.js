/**
 * What happens beside the poll while a code waits to be scanned: its picture is fetched and shown, the next code is made shortly before this one ends, an
 * expired code is removed, and after ten minutes without a sign of a visitor the ticket is cancelled.
 */
import { linked, pause, retryDelayMs } from './wait.js'

/** @typedef {import('./attempt.js').Attempt} Attempt */
/**
 * @typedef {object} Presentation
 * @property {import('./wait.js').Clock} clock
 * @property {() => number} random
 * @property {AbortSignal} pending aborted when the code can't be scanned any more, whatever became of its ticket
 * @property {import('./view-state.js').ViewState} viewState
 * @property {import('./login-types.js').LoginDependencies['loadCode']} loadCode
 * @property {(signal: AbortSignal) => Promise<void>} untilVisible
 * @property {() => number} lastActivityAt
 * @property {(event: import('./login-types.js').LoginEvent) => void} emit
 * @property {(signal: AbortSignal) => Promise<Attempt | null>} makeNext tries once; null if that failed
 * @property {(next: Attempt) => void} onNext
 * @property {() => void} onUnattended
 */

export const pictureTimeoutMs = 15_000
/** The next code is fetched and shown this long before the end of this one; but never earlier than in the last eighth of a ticket's life. */
const prepareBeforeMs = 20_000
const swapBeforeMs = 3_000
const partOfLife = 1 / 8
/** The service answers a held poll at once when its ticket ends; later than this it can't be reached. */
const endKnownWithinMs = 2_000
/** After this long without a sign of a visitor a code is not renewed any more. */
const unattendedAfterMs = 600_000

/** Starts what shows the code, prepares the next one, watches for a visitor, and hides the code when it has expired; each runs until `pending` is aborted. @param {Attempt} attempt @param {import('./view-state.js').CodeStage} name why it is shown @param {Presentation} how */
export const presentCode = (attempt, name, how) => {
  const { pending, viewState, onUnattended } = how
  /** @param {Promise<void>} work */
  const start = (work) => { work.catch((reason) => { if (!pending.aborted) throw reason }) }
  if (!viewState.isShowing(attempt.ticket.codeUrl)) start(showCode(attempt, name, how))
  start(prepareNext(attempt, how))
  start(untilUnattended(how).then(onUnattended))
  start(hideWhenExpired(attempt, how))
}

/** @param {Attempt} attempt @param {import('./view-state.js').CodeStage} name @param {Presentation} how */
const showCode = async (attempt, name, how) => {
  const { clock, random, pending, viewState, emit } = how
  for (let failures = 1; !await isLoaded(attempt, how, failures > 1); failures += 1) {
    const retryMs = retryDelayMs({ failures, retryAfterMs: 0, random })
    viewState.set({ name: 'no-code', why: 'wechat', retryMs })
    emit({ name: 'error', reason: 'wechat' })
    await pause({ clock, ms: retryMs, signal: pending })
  }
  viewState.set({ name, code: codeOf(attempt, clock) })
}

/** Makes the next ticket while this one can still be scanned, and shows its code shortly before this one ends. @param {Attempt} attempt @param {Presentation} how */
const prepareNext = async (attempt, how) => {
  const { clock, pending, viewState, untilVisible, makeNext, onNext } = how
  /** @param {number} beforeMs */
  const untilBeforeTheEnd = (beforeMs) =>
    pause({ clock, ms: Math.max(0, attempt.endsAt - Math.min(beforeMs, attempt.ticket.lifeMs * partOfLife) - clock.now()), signal: pending })
  await untilBeforeTheEnd(prepareBeforeMs)
  await untilVisible(pending)
  if (clock.now() > attempt.endsAt) return // the page was asleep: the poll finds out first what became of this ticket
  const next = await makeNext(pending)
  if (next === null) return // this code can be scanned to its end; after that the failure is shown
  onNext(next)
  if (!await isLoaded(next, how)) return
  await untilBeforeTheEnd(swapBeforeMs)
  viewState.set({ name: 'waiting', code: codeOf(next, clock) })
}

/** Removes a code that has expired while the service couldn't be reached. @param {Attempt} attempt @param {Presentation} how */
const hideWhenExpired = async (attempt, { viewState, ...how }) => {
  await untilPast(() => attempt.endsAt + endKnownWithinMs, how)
  if (viewState.isShowing(attempt.ticket.codeUrl)) viewState.set({ name: 'making' })
}

/** @param {Presentation} how */
const untilUnattended = ({ lastActivityAt, ...how }) => untilPast(() => lastActivityAt() + unattendedAfterMs, how)

/** Waits for a moment that may be moved meanwhile. @param {() => number} moment @param {Pick<Presentation, 'clock' | 'pending'>} how */
const untilPast = async (moment, { clock, pending }) => {
  for (;;) {
    const leftMs = moment() - clock.now()
    if (leftMs <= 0) return
    await pause({ clock, ms: leftMs, signal: pending })
  }
}

/** Rejects when `pending` is aborted, so that a picture that comes later is not drawn. @param {Attempt} attempt @param {Presentation} how @param {boolean} [isRetry] */
const isLoaded = async ({ ticket }, { clock, pending, loadCode }, isRetry = false) => {
  const { signal, abort } = linked(pending)
  return await Promise.race([loadCode(ticket.codeUrl, { isRetry, signal }), pause({ clock, ms: pictureTimeoutMs, signal })]).finally(abort) === true
}

/** @param {Attempt} attempt @param {import('./wait.js').Clock} clock @returns {import('./view-state.js').CodePicture} */
const codeOf = ({ ticket, endsAt }, clock) => ({ url: ticket.codeUrl, linkUrl: ticket.linkUrl, lifeMs: ticket.lifeMs, leftMs: endsAt - clock.now() })
