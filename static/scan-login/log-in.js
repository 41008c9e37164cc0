/** One run of a login, from a fresh code to a session: which ticket comes next, what is shown, whether it is asked who is there, and that no failure is the last word. */
import { consumeAgainMs, consumeTicket, findWhoIsIn, followTicket } from './follow-ticket.js'
import { createScreen } from './login-screen.js'
import { linked, longestWaitMs, pause, waitBeforeRetry } from './patience.js'
import { presentCode } from './present-code.js'

/** @typedef {import('./ticket-api.js').Failure} Failure */
/** @typedef {import('./follow-ticket.js').Attempt} Attempt */
/**
 * The world, and what this run is given of its flow: its end, the bells, whoever is to keep the present ticket, and where the visitor wants to go.
 * @typedef {import('./login-flow.js').World & { signal: AbortSignal, early: import('./patience.js').Early, untilShown: () => Promise<void>,
 *   keep: (attempt: Attempt | null) => void, untilAnswered: (ms: number) => Promise<boolean | null>, returnTo: string | null }} Run
 */

/** A skeleton that is gone at once only flickers. */
const makingAfterMs = 400
/** The person sees the check before the page leaves. */
export const confirmedForMs = 900
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
    const end = await followTicket(attempt, { ...desk, signal: over.signal, onNews, hasNext: () => next !== null }).catch((reason) => {
      if (!isUnseen) throw reason
      api.giveUp(attempt.ticket)
      return /** @type {const} */ ({ state: 'unseen', user: null })
    }).finally(over.abort)
    return { ...end, wasScanned, next: /** @type {Attempt | null} */ (next) } // only a callback sets it, which tsc doesn't see
  }

  /**
   * Asks, before anything is opened, whether the yes was theirs, where this browser is or was somebody else's: a stranger may have scanned the code off this
   * screen. Null where nobody says, or it can't be found out whether to ask, while the ticket lives: then nobody has said yes.
   * @param {Attempt} attempt @param {import('./ticket-api.js').User} user @param {number} until @returns {Promise<boolean | null>}
   */
  const isThem = async (attempt, user, until) => {
    if (attempt.isTheirs) return true
    const before = run.lastPerson.recall()
    const known = before === null ? await findWhoIsIn(until, desk) : { sub: before }
    if (known === null) return null
    if (known.sub === null || known.sub === user.sub) return true
    screen.set({ name: 'another', user })
    const answer = await run.untilAnswered(until - clock.now())
    attempt.isTheirs = answer === true
    if (answer !== null) screen.set({ name: answer ? 'logging-in' : 'making' })
    return answer
  }

  screen.set({ name: 'making' })
  /** @type {import('./login-screen.js').CodeStage} */
  let name = 'waiting'
  const kept = run.keepsake.take(returnTo)
  let attempt = kept && begin(kept)
  for (;;) {
    attempt ??= await makeTicket()
    run.keep(attempt)
    screen.tell(null)
    const madeAt = clock.now()
    const { state, user, wasScanned, next } = await attend(attempt, name)
    const isRenewed = next !== null && state === 'expired' && !wasScanned
    if (next !== null && !isRenewed) api.giveUp(next.ticket)
    if (user !== null) tell({ name: 'confirmed' })
    const isMine = user && await isThem(attempt, user, attempt.endsAt + (state === 'consumed' ? consumeAgainMs : 0))
    const session = isMine === true ? await consumeTicket(attempt, desk) : null
    if (session !== null) {
      run.lastPerson.remember(session.user.sub)
      screen.set({ name: 'confirmed', person: session.user.name })
      const goesOn = tell({ name: 'login', session })
      if (!goesOn) run.keep(null)
      await pause({ clock, ms: confirmedForMs, signal }) // a reload just now finds its login again
      run.keep(null)
      return goesOn ? run.done(session) : undefined
    }
    run.keep(null)
    attempt = isRenewed ? next : null
    name = 'waiting'
    if (isRenewed) continue
    const isCancelled = state === 'cancelled' || isMine === false
    tell({ name: isCancelled ? 'cancelled' : 'expired' })
    if (isCancelled) name = 'cancelled'
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
const fresh = (ticket, clock) => ({ ticket, after: ticket.version, endsAt: clock.now() + ticket.lifeMs, isTheirs: false })

/** @param {Failure} failure @returns {import('./login-screen.js').NoCodeReason} */
const reasonOf = ({ status, code }) => {
  if (code === 'wechat-unavailable') return 'wechat'
  if (code === 'too-many-tickets') return 'crowded'
  return status === 429 ? 'too-often' : 'unreachable'
}
