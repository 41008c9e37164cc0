/** One run of a login, from the first code to the session: which ticket follows which, and what is shown. It never ends with a failure. */
import { createContext } from './context.js'
import { finishLogin, noSession } from './finish-login.js'
import { pollTicket } from './poll-ticket.js'
import { presentCode } from './present-code.js'
import { createTicketRequests, nameOfApp } from './request-ticket.js'
import { createViewState } from './view-state.js'
import { linked, pause, throwIfAborted } from './wait.js'

/** @typedef {import('./attempt.js').Attempt} Attempt */
/**
 * The dependencies, and what the controller adds for one run: `signal` ends it; `interruptedBy`: see context.js; `untilShown` resolves when the page
 * becomes visible; `untilAnswered` resolves with what the visitor says, null if they don't in time; `setCurrent` is called with the ticket in use.
 * @typedef {import('./login-types.js').LoginDependencies & { signal: AbortSignal, interruptedBy: import('./wait.js').Subscribe, untilShown: () => Promise<void>,
 *   takeHoldSlot: import('./hold-slots.js').TakeHoldSlot, setCurrent: (attempt: Attempt | null) => void, untilAnswered: (ms: number) => Promise<boolean | null>, returnTo: string | null }} Run
 */

/** How long the visitor sees that the login succeeded before the page goes on. */
export const confirmedForMs = 900
/** How long a screen that nobody touches says why somebody may not log in. */
const refusedForMs = 15_000
/** A ticket that ended sooner counts as a failure: otherwise a faulty server would make a page ask for ticket after ticket. */
const shortLifeMs = 2_000

/** Rejects when the run's signal is aborted; resolves when the browser has its session. @param {Run} run */
export const runLogin = async (run) => {
  const { api, clock, random, visible, signal, emit, returnTo } = run
  const viewState = createViewState(run.show)
  const context = createContext({ ...run, viewState })
  const requests = createTicketRequests({ ...run, context, viewState })

  /** Shows a ticket's code and polls to its end. `unattended`: nobody has used the page for too long. @param {Attempt} attempt @param {import('./view-state.js').CodeStage} name */
  const showAndPoll = async (attempt, name) => {
    if (attempt.appEndsAt <= clock.now()) {
      api.cancel(attempt.ticket)
      return { end: /** @type {const} */ ({ state: 'too-late', user: null }), wasScanned: false, next: null }
    }
    const ended = linked(signal)
    const pending = linked(ended.signal)
    let isUnattended = false
    let isTooLate = false
    let wasScanned = false
    /** @type {Attempt | null} */
    let next = null
    const present = () => presentCode(attempt, name, {
      clock,
      random,
      viewState,
      emit,
      untilVisible: context.untilVisible,
      loadCode: run.loadCode,
      lastActivityAt: run.lastActivityAt,
      pending: pending.signal,
      makeNext: (signal) => requests.tryOnce(signal, attempt.ticket),
      onNext: (made) => { next = made },
      onUnattended: () => {
        isUnattended = true
        ended.abort()
      },
    })
    /** @param {import('./ticket-api.js').TicketView} view */
    const onNews = ({ state, number }) => {
      if (state === 'pending') return present()
      wasScanned = true
      pending.abort()
      viewState.set({ name: 'scanned', number })
      emit({ name: 'scanned' })
    }
    if (attempt.after > 0) present()
    const cancelTimer = attempt.appEndsAt === Infinity
      ? () => {}
      : clock.after(Math.max(0, attempt.appEndsAt - clock.now()), () => {
        isTooLate = true
        ended.abort()
      })
    const end = await pollTicket(attempt, { ...context, signal: ended.signal, hold: run.hold, takeHoldSlot: run.takeHoldSlot, onNews, hasNext: () => next !== null }).catch((reason) => {
      if (!isUnattended && !isTooLate) throw reason
      api.cancel(attempt.ticket)
      return /** @type {const} */ ({ state: isTooLate ? 'too-late' : 'unattended', user: null })
    }).finally(() => {
      cancelTimer()
      ended.abort()
    })
    return { end, wasScanned, next: /** @type {Attempt | null} */ (next) } // only a callback sets it, which tsc doesn't see
  }

  viewState.set({ name: 'making' })
  /** @type {import('./view-state.js').CodeStage} */
  let name = 'waiting'
  let attempt = await run.savedTickets.take(returnTo, signal)
  throwIfAborted(signal)
  if (attempt !== null) emit({ name: 'ticket', ticket: attempt.ticket.id, ...nameOfApp(attempt.ticket) })
  /** @type {import('./ticket-api.js').Ticket | null} */
  let expired = null
  for (;;) {
    attempt ??= await requests.untilMade(expired)
    run.setCurrent(attempt)
    viewState.setTrouble(null)
    const startedAt = clock.now()
    const { end, wasScanned, next } = await showAndPoll(attempt, name)
    const isRenewed = next !== null && end.state === 'expired' && !wasScanned
    if (next !== null && !isRenewed) api.cancel(next.ticket)
    if (end.user !== null) emit({ name: 'confirmed' })
    const { isMe, session, isEnded, refusal } = end.user === null ? { isMe: null, ...noSession } : await finishLogin(attempt, end, { ...run, context, viewState })
    if (session !== null) {
      run.lastPerson.remember(session.user.sub)
      viewState.set({ name: 'confirmed', person: session.user.name })
      const isRedirected = emit({ name: 'login', session })
      if (!isRedirected) run.setCurrent(null)
      await pause({ clock, ms: confirmedForMs, signal }) // the ticket stays current: after a reload in this time the next page gets the same session
      run.setCurrent(null)
      return isRedirected ? run.redirect(session) : undefined
    }
    run.setCurrent(null)
    if (end.state === 'too-late') {
      viewState.setTrouble(null)
      viewState.set({ name: 'too-late', app: attempt.ticket.app ?? null })
      emit({ name: 'expired' })
      return
    }
    if (refusal !== null) {
      viewState.setTrouble(null)
      viewState.set({ name: 'refused', why: refusal })
      emit({ name: 'error', reason: refusal })
      if (!run.isUnattended()) return // the visitor asks for another code, which the person may scan in vain, too
      await pause({ clock, ms: refusedForMs, signal })
    }
    expired = end.state === 'expired' ? attempt.ticket : null
    attempt = isRenewed ? next : null
    name = 'waiting'
    if (isRenewed) continue
    if (refusal !== null) continue
    const isCancelled = end.state === 'cancelled' || isMe === false || isEnded
    emit({ name: isCancelled ? 'cancelled' : 'expired' })
    if (isCancelled) name = 'cancelled'
    else if (wasScanned || end.state === 'confirmed') name = 'late'
    if (end.state === 'unattended' || !visible.now()) {
      viewState.expire()
      await run.untilShown()
    } else if (end.state === 'not-found' || clock.now() - startedAt < shortLifeMs) {
      await context.backOff({ status: 0, code: '', retryAfterMs: 0, isTimeout: false })
    }
  }
}
