/** Owns one run of a login, from a fresh code to a session: which ticket comes next, what is shown, and that no failure is the last word. */
import { consumeTicket, followTicket } from './follow-ticket.js'
import { createScreen } from './login-screen.js'
import { linked, longestWaitMs, pause, waitBeforeRetry } from './patience.js'
import { presentCode } from './present-code.js'
import { isNobody, isRefusal } from './ticket-api.js'

/** @typedef {import('./ticket-api.js').Failure} Failure */
/** @typedef {import('./follow-ticket.js').Attempt} Attempt */
/**
 * The world, and what this run is given of its flow: its end, the bells, whoever is to keep the present ticket, and where the visitor wants to go.
 * @typedef {import('./login-flow.js').World & { signal: AbortSignal, early: import('./patience.js').Early, untilShown: () => Promise<void>,
 *   keep: (attempt: Attempt | null) => void, untilAnswered: (ms: number) => Promise<boolean>, returnTo: string | null }} Run
 */

/** A skeleton that is gone at once only flickers. */
const makingAfterMs = 400
/** The person sees the check before the page leaves. */
export const confirmedForMs = 900
/** Whoever doesn't say within this whether it is them has not said yes. */
const undecidedMs = 600_000
/** A ticket that ended sooner than this counts as a failure, so that no fault of a server makes a page ask for ticket after ticket. */
const shortLifeMs = 2_000

/** Rejects when the run is ended from outside; resolves when the browser has its session. @param {Run} run */
export const logIn = async ({ api, clock, random, visible, online, signal, early, hold, tell, ...run }) => {
  const screen = createScreen(run.show)
  let { returnTo } = run
  let failures = 0
  /** A refusal of a ticket that says for how long, and until when. @type {{ failure: Failure, until: number } | null} */
  let refusal = null

  /** @param {Failure} failure */
  const nextTry = ({ retryAfterMs }) => {
    failures += 1
    return waitBeforeRetry({ failures, retryAfterMs, random })
  }
  /** A wait that the server asked for is not cut short. @param {number} ms @param {Failure} failure */
  const rest = (ms, { retryAfterMs }) => pause({ clock, ms, signal, early: retryAfterMs > 0 ? null : early })

  const desk = {
    api,
    clock,
    signal,
    early,
    hold,
    /** The first failure passes in silence: one cut connection is nobody's business. @param {Failure} failure */
    rest: (failure) => {
      const ms = nextTry(failure)
      const trouble = !online.now() ? 'offline' : failures > 1 ? 'busy' : null
      if (trouble !== null && screen.tell(trouble)) tell({ name: 'error', reason: trouble })
      return rest(ms, failure)
    },
    calm: () => {
      failures = 0
      screen.tell(null)
    },
  }

  /** Asks for a ticket, but not before the server wants to be asked again. @param {AbortSignal} signal @returns {ReturnType<typeof api.create>} */
  const create = async (signal) => {
    if (refusal !== null && clock.now() < refusal.until) return { value: null, failure: { ...refusal.failure, retryAfterMs: refusal.until - clock.now() } }
    const answer = await api.create(returnTo, signal)
    refusal = answer.failure === null ? null : { failure: answer.failure, until: clock.now() + Math.min(answer.failure.retryAfterMs, longestWaitMs) }
    return answer
  }

  /** @returns {Promise<Attempt>} */
  const makeTicket = async () => {
    const callOff = clock.after(makingAfterMs, () => { if (screen.stage().name !== 'no-code') screen.set({ name: 'making' }) })
    try {
      for (;;) {
        const { value: ticket, failure } = await create(signal)
        if (ticket !== null) return begin(fresh(ticket, clock))
        if (returnTo !== null && [400, 413].includes(failure.status)) {
          returnTo = null
          continue
        }
        const retryMs = nextTry(failure)
        const why = reasonOf(failure)
        if (online.now()) screen.set({ name: 'no-code', why, retryMs })
        screen.tell(online.now() ? null : 'offline')
        tell({ name: 'error', reason: online.now() ? why : 'offline' })
        await rest(retryMs, failure)
        await untilVisible(signal)
      }
    } finally {
      callOff()
    }
  }

  /** @param {Attempt} attempt */
  const begin = (attempt) => {
    tell({ name: 'ticket', ticket: attempt.ticket.id })
    return attempt
  }

  /** @param {AbortSignal} signal */
  const untilVisible = async (signal) => { while (!visible.now()) await pause({ clock, ms: null, signal, early }) }

  /** Follows a ticket to its end, its code being shown meanwhile. `unseen` is one that nobody looked at for too long. @param {Attempt} attempt @param {import('./login-screen.js').CodeStage} name */
  const attend = async (attempt, name) => {
    const over = linked(signal)
    const pending = linked(over.signal)
    let isUnseen = false
    let wasScanned = false
    /** @type {Attempt | null} */
    let next = null
    const present = () => presentCode(attempt, name, {
      clock,
      random,
      screen,
      tell,
      untilVisible,
      loadCode: run.loadCode,
      seenAt: run.seenAt,
      pending: pending.signal,
      makeNext: async (signal) => {
        const { value: ticket } = await create(signal)
        return ticket && begin(fresh(ticket, clock))
      },
      onNext: (made) => { next = made },
      onNobody: () => {
        isUnseen = true
        over.abort()
      },
    })
    /** @param {import('./ticket-api.js').TicketView} view */
    const onNews = ({ state, number }) => {
      if (state === 'pending') return present()
      wasScanned = true
      pending.abort()
      screen.set({ name: 'scanned', number })
      tell({ name: 'scanned' })
    }
    if (attempt.after > 0) present()
    const state = await followTicket(attempt, { ...desk, signal: over.signal, onNews, hasNext: () => next !== null }).catch((reason) => {
      if (!isUnseen) throw reason
      api.giveUp(attempt.ticket)
      return /** @type {const} */ ('unseen')
    }).finally(over.abort)
    return { state, wasScanned, next: /** @type {Attempt | null} */ (next) } // only a callback sets it, which tsc doesn't see
  }

  /** Logs out of one session, asking again while that may help; the last call outlives the page. False where it is refused for good. @param {string | null} id */
  const logOut = async (id) => {
    if (!api.hasCookie) return true // and nobody was told the token
    screen.set({ name: 'logging-out' })
    try {
      for (;;) {
        const { failure } = await api.logOut(id, signal)
        if (failure !== null && !isNobody(failure)) {
          if (isRefusal(failure)) return false
          await desk.rest(failure)
          continue
        }
        desk.calm()
        return true
      }
    } catch (reason) {
      api.logOut(id, new AbortController().signal)
      throw reason
    }
  }

  /**
   * Asks whether it is them, where this browser was somebody else's before: a stranger may have scanned the code off this screen. Whoever leaves, or
   * doesn't answer, has not said yes.
   * @param {Attempt} attempt @param {import('./ticket-api.js').Login} login @returns {Promise<'them' | 'logged-out' | 'not-out'>}
   */
  const askWho = async ({ ticket }, { session: { user }, id, replacedUser }) => {
    const before = run.lastPerson.recall()
    if (before !== user.sub && (before !== null || replacedUser)) {
      run.keep(null)
      if (api.hasCookie) run.unanswered.remember(ticket.id) // another tab may have seen to the first note
      screen.set({ name: 'another', user })
      const isThem = await run.untilAnswered(undecidedMs).catch((reason) => {
        if (api.hasCookie) api.logOut(id, new AbortController().signal)
        throw reason
      })
      if (!isThem && !await logOut(id)) return 'not-out'
      if (!isThem) {
        run.unanswered.forget(ticket.id)
        return 'logged-out'
      }
    }
    run.lastPerson.remember(user.sub)
    run.unanswered.forget(ticket.id)
    return 'them'
  }

  /**
   * Sees to a login that nobody has said is theirs: the page crashed, was killed or cut off before anybody could be asked. Whoever is logged in is logged
   * out, but for the person whom this browser was before. False where that is refused for good.
   */
  const settleUnanswered = async () => {
    const note = run.unanswered.recall()
    if (note === null) return true
    for (;;) {
      const { value: who, failure } = await api.whoIsIn(signal)
      if (who !== null && who.sub !== run.lastPerson.recall() && !await logOut(who.id)) return false
      if (who !== null || isNobody(failure)) break
      if (isRefusal(failure)) return false
      await desk.rest(failure)
    }
    desk.calm()
    run.unanswered.forget(note)
    return true
  }

  /** The visitor can try again; nobody is let on. */
  const stop = () => {
    run.keep(null)
    screen.tell(null)
    screen.set({ name: 'not-out' })
    tell({ name: 'error', reason: 'unreachable' })
  }

  screen.set({ name: 'making' })
  /** @type {import('./login-screen.js').CodeStage} */
  let name = 'waiting'
  const kept = run.keepsake.take(returnTo)
  run.keep(kept)
  const note = run.unanswered.recall()
  // A ticket whose answer the page before didn't wait for turns into the same session again, and then somebody can be asked.
  if (note !== null && note !== kept?.ticket.id && !await settleUnanswered()) return stop()
  let attempt = kept && begin(kept)
  for (;;) {
    attempt ??= await makeTicket()
    run.keep(attempt)
    screen.tell(null)
    const madeAt = clock.now()
    const { state, wasScanned, next } = await attend(attempt, name)
    const isRenewed = next !== null && state === 'expired' && !wasScanned
    if (next !== null && !isRenewed) api.giveUp(next.ticket)
    const isApproved = state === 'confirmed' || state === 'consumed'
    if (isApproved) tell({ name: 'confirmed' })
    // Noted before there can be a cookie. Who it is, only the answer tells.
    if (isApproved && api.hasCookie) run.unanswered.remember(attempt.ticket.id)
    const login = isApproved ? await consumeTicket(attempt, desk) : null
    if (login !== null) {
      const who = await askWho(attempt, login)
      if (who === 'not-out') return stop()
      if (who === 'logged-out') {
        tell({ name: 'cancelled' })
        attempt = null
        name = 'waiting'
        continue
      }
      const { session } = login
      run.keep(attempt)
      screen.set({ name: 'confirmed', person: session.user.name })
      const goesOn = tell({ name: 'login', session })
      if (!goesOn) run.keep(null)
      await pause({ clock, ms: confirmedForMs, signal }) // a reload just now finds its login again
      run.keep(null)
      return goesOn ? run.done(session) : undefined
    }
    if (run.unanswered.recall() === attempt.ticket.id && !await settleUnanswered()) return stop()
    run.keep(null)
    attempt = isRenewed ? next : null
    name = 'waiting'
    if (isRenewed) continue
    tell({ name: state === 'cancelled' ? 'cancelled' : 'expired' })
    if (state === 'cancelled') name = 'cancelled'
    else if (wasScanned || state === 'confirmed') name = 'late'
    if (state === 'unseen' || !visible.now()) {
      screen.expire()
      await run.untilShown()
    } else if (state === 'gone' || clock.now() - madeAt < shortLifeMs) {
      await desk.rest({ status: 0, code: '', retryAfterMs: 0, isSilent: false })
    }
  }
}

/** @param {import('./ticket-api.js').Ticket} ticket @param {import('./patience.js').Clock} clock @returns {Attempt} */
const fresh = (ticket, clock) => ({ ticket, after: ticket.version, endsAt: clock.now() + ticket.lifeMs })

/** @param {Failure} failure @returns {import('./login-screen.js').NoCodeReason} */
const reasonOf = ({ status, code }) => {
  if (code === 'wechat-unavailable') return 'wechat'
  if (code === 'too-many-tickets') return 'crowded'
  return status === 429 ? 'too-often' : 'unreachable'
}
