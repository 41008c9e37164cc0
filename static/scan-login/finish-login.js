/** The way from a confirmed ticket to a session. */
import { interruptible } from './context.js'

/** @typedef {import('./attempt.js').Attempt} Attempt */
/** @typedef {import('./ticket-api.js').Session} Session */
/** @typedef {import('./context.js').Context} Context */
/** @typedef {{ session: Session | null, isEnded: boolean, refusal: import('./view-state.js').Refusal | null }} Outcome */

/** @type {Outcome} */
export const noSession = { session: null, isEnded: false, refusal: null }

/** A browser whose `consume` was answered, but lost the answer, can ask for the same session again for this long. */
const consumeRetryMs = 30_000
/** The person may not log in: they were blocked, or have deleted their data, after they confirmed. */
const refusalCodes = /** @type {const} */ (['person-blocked', 'person-waiting', 'person-unknown'])
/** Only the service says that a ticket is final: a router whose backend is being replaced answers 404 as well. */
const finalCodes = ['ticket-not-found', 'ticket-consumed', 'ticket-cancelled', 'ticket-expired']

/**
 * Asks the visitor whether it was they who confirmed, if that is in doubt, then gets the session. `isMe` is their answer, null if there was none in
 * time; `session` is null if `isMe` isn't true, or the ticket turned out to be final. `isEnded`: the person has ended the login on the phone meanwhile. `refusal`: why they may not log in.
 * @param {Attempt} attempt
 * @param {{ state: 'confirmed' | 'consumed', user: import('./ticket-api.js').User }} confirmed
 * @param {{ context: Context, viewState: import('./view-state.js').ViewState, lastPerson: import('./login-types.js').LoginDependencies['lastPerson'],
 *   untilAnswered: (ms: number) => Promise<boolean | null> }} dependencies
 */
export const finishLogin = async (attempt, { state, user }, { context, viewState, lastPerson, untilAnswered }) => {
  const until = attempt.endsAt + (state === 'consumed' ? consumeRetryMs : 0)

  /** If this browser is, or was last, logged in as another person, the page asks: a stranger may have scanned the code off the screen. */
  const askIsMe = async () => {
    if (attempt.isTheirs) return true
    const before = lastPerson.recall()
    const known = before === null ? await findLoggedInPerson(until, context) : { sub: before }
    if (known === null) return null
    if (known.sub === null || known.sub === user.sub) return true
    viewState.set({ name: 'another', user })
    const answer = await untilAnswered(until - context.clock.now())
    attempt.isTheirs = answer === true
    if (answer !== null) viewState.set({ name: answer ? 'logging-in' : 'making' })
    return answer
  }

  const isMe = await askIsMe()
  return isMe === true ? { isMe, ...await consumeTicket(attempt, state, context) } : { isMe, ...noSession }
}

/** Finds out who is logged in in this browser, with retries; null if the service hasn't said by `until`. @param {number} until @param {Context} context */
const findLoggedInPerson = async (until, context) => {
  while (context.clock.now() < until) {
    const answer = await interruptible(context, (signal) => context.api.loggedInPerson(signal))
    if (answer === null) continue
    if (answer.failure === null) {
      context.resetFailures()
      return answer.value
    }
    await context.backOff(answer.failure)
  }
  return null
}

/**
 * Gets the session of a confirmed ticket, with retries; null if the ticket is final. A ticket that nobody had consumed before, and whose session can't be had
 * although our first call was sent within the time for retries, is one of a login that its person has ended.
 * @param {Attempt} attempt @param {'confirmed' | 'consumed'} state @param {Context} context @returns {Promise<Outcome>}
 */
const consumeTicket = async ({ ticket, endsAt }, state, context) => {
  const knownUntil = state === 'confirmed' ? context.clock.now() + consumeRetryMs : -Infinity
  while (context.clock.now() < endsAt + consumeRetryMs) {
    const answer = await interruptible(context, (signal) => context.api.consume(ticket, signal))
    if (answer === null) continue
    const { value: session, failure } = answer
    if (session !== null) {
      context.resetFailures()
      return { ...noSession, session }
    }
    const refusal = refusalCodes.find((code) => code === failure.code)
    if (refusal !== undefined) return { ...noSession, refusal }
    if (finalCodes.includes(failure.code)) return { ...noSession, isEnded: failure.code === 'ticket-consumed' && context.clock.now() < knownUntil }
    await context.backOff(failure)
  }
  return noSession
}
