/**
 * Owns one browser's way from a fresh code to a session: which ticket is followed, what is shown meanwhile, and that no failure is the last
 * word. Touches no document and no global; what it needs is handed in.
 */
import { consumeTicket, followTicket } from './follow-ticket.js'
import { createScreen } from './login-screen.js'
import { linked, pause, waitBeforeRetry } from './patience.js'

/** @typedef {import('./ticket-api.js').Ticket} Ticket */
/** @typedef {import('./ticket-api.js').Failure} Failure */
/** @typedef {{ now: () => boolean, watch: (changed: () => void) => void }} Condition */
/**
 * @typedef {object} World
 * @property {import('./ticket-api.js').TicketApi} api
 * @property {(url: string) => Promise<boolean>} loadCode fetches the picture; false when there is none
 * @property {import('./patience.js').Clock} clock
 * @property {() => number} random
 * @property {Condition} visible
 * @property {Condition} online
 * @property {(view: import('./login-screen.js').View) => void} show
 * @property {(returnTo: string | null) => void} done the browser has its session
 */

/** A skeleton that is gone at once only flickers. */
const makingAfterMs = 400
/** The person sees the check before the page leaves. */
const confirmedForMs = 900
const codeWithinMs = 15_000
/** A ticket that ended sooner than this counts as a failure, so that no fault of a server makes a page ask for ticket after ticket. */
const shortLifeMs = 2_000

/**
 * Makes the flow. `start` begins anew; `renew` too, giving the present ticket up; `leave` gives it up and stops.
 * @param {World} world
 */
export const createLoginFlow = (world) => {
  /** @type {Set<() => void>} */
  const sleepers = new Set()
  const wakeAll = () => { for (const wake of [...sleepers]) wake() }
  world.visible.watch(() => { if (world.visible.now()) wakeAll() })
  world.online.watch(wakeAll)
  /** @type {import('./patience.js').Early} */
  const early = (end) => {
    sleepers.add(end)
    return () => { sleepers.delete(end) }
  }

  let run = new AbortController()
  /** @type {string | null} */
  let wanted = null
  /** @type {Ticket | null} */
  let held = null
  /** @param {Ticket | null} ticket */
  const hold = (ticket) => { held = ticket }

  /** @param {string | null} returnTo where the visitor wants to go, as the page was told */
  const start = (returnTo) => {
    run.abort()
    run = new AbortController()
    wanted = returnTo
    const { signal } = run
    logIn({ ...world, signal, early, hold, returnTo }).catch((reason) => { if (!signal.aborted) throw reason })
  }
  const leave = () => {
    run.abort()
    if (held !== null) world.api.giveUp(held)
    held = null
  }
  const renew = () => {
    leave()
    start(wanted)
  }
  return { start, renew, leave }
}

/** @param {World & { signal: AbortSignal, early: import('./patience.js').Early, hold: (ticket: Ticket | null) => void, returnTo: string | null }} run */
const logIn = async ({ api, clock, random, visible, online, signal, early, ...run }) => {
  const screen = createScreen(run.show)
  let { returnTo } = run
  let failures = 0

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
    /** The first failure passes in silence: one cut connection is nobody's business. @param {Failure} failure */
    rest: (failure) => {
      const ms = nextTry(failure)
      if (!online.now()) screen.tell('offline')
      else if (failures > 1) screen.tell('busy')
      return rest(ms, failure)
    },
    calm: () => {
      failures = 0
      screen.tell(null)
    },
  }

  const makeTicket = async () => {
    const callOff = clock.after(makingAfterMs, () => { if (screen.stage().name !== 'no-code') screen.set({ name: 'making' }) })
    try {
      for (;;) {
        const { value: ticket, failure } = await api.create(returnTo, signal)
        if (ticket !== null) return ticket
        if (returnTo !== null && [400, 413].includes(failure.status)) {
          returnTo = null
          continue
        }
        const retryMs = nextTry(failure)
        if (online.now()) screen.set({ name: 'no-code', why: reasonOf(failure), retryMs })
        screen.tell(online.now() ? null : 'offline')
        await rest(retryMs, failure)
        await untilVisible()
      }
    } finally {
      callOff()
    }
  }

  /** Shows the code once its picture is there. @param {Ticket} ticket @param {import('./login-screen.js').CodeStage} name @param {AbortSignal} ended */
  const showCode = async (ticket, name, ended) => {
    const endsAt = clock.now() + ticket.lifeMs
    for (let misses = 1; ; misses += 1) {
      // Whichever way the ticket moves on, the pause rejects, and no late picture is drawn.
      const loaded = await Promise.race([run.loadCode(ticket.codeUrl), pause({ clock, ms: codeWithinMs, signal: ended })])
      if (loaded === true) return screen.set({ name, code: { url: ticket.codeUrl, lifeMs: ticket.lifeMs, leftMs: endsAt - clock.now() } })
      const retryMs = waitBeforeRetry({ failures: misses, retryAfterMs: 0, random })
      screen.set({ name: 'no-code', why: 'wechat', retryMs })
      await pause({ clock, ms: retryMs, signal: ended })
    }
  }

  const untilVisible = async () => { while (!visible.now()) await pause({ clock, ms: null, signal, early }) }

  screen.set({ name: 'making' })
  /** @type {import('./login-screen.js').CodeStage} */
  let name = 'waiting'
  for (;;) {
    const ticket = await makeTicket()
    run.hold(ticket)
    screen.tell(null)
    const madeAt = clock.now()
    const pending = linked(signal)
    showCode(ticket, name, pending.signal).catch((reason) => { if (!pending.signal.aborted) throw reason })
    let wasScanned = false
    /** @param {string | null} number */
    const onScanned = (number) => {
      wasScanned = true
      pending.abort()
      screen.set({ name: 'scanned', number })
    }
    const last = await followTicket(ticket, { ...desk, onScanned }).finally(pending.abort)
    const session = last.state === 'confirmed' ? await consumeTicket(ticket, last.endsAt, desk) : null
    run.hold(null)
    if (session !== null) {
      screen.set({ name: 'confirmed', person: session.person })
      await pause({ clock, ms: confirmedForMs, signal })
      return run.done(session.returnTo)
    }
    name = last.state === 'cancelled' ? 'cancelled' : wasScanned || last.state === 'confirmed' ? 'late' : 'waiting'
    if (!visible.now()) {
      screen.expire()
      await untilVisible()
    } else if (last.state === 'gone' || clock.now() - madeAt < shortLifeMs) {
      await desk.rest({ status: 0, code: '', retryAfterMs: 0 })
    }
  }
}

/** @param {Failure} failure @returns {import('./login-screen.js').NoCodeReason} */
const reasonOf = ({ status, code }) => {
  if (code === 'wechat-unavailable') return 'wechat'
  if (code === 'too-many-tickets') return 'crowded'
  return status === 429 ? 'too-often' : 'unreachable'
}
