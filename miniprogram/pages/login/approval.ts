/** One approval: the state of a scanned ticket on the phone, and what the person's taps do. Nothing is confirmed without a tap. */
import type { Offer } from '../../utils/answers'
import type { Failure, Outcome } from '../../utils/outcome'
import type { Service } from '../../utils/service'
import { doneWith, loggedOutOf, viewOf } from './failed'
import type { View } from './view'

export interface Approval {
  readonly view: () => View
  /** Reads the ticket's state: to be called when the page is shown, also again from the background, and when the person tries again. */
  read (): Promise<void>
  /** The person says that it is them who logs in. */
  claim (): void
  /** Adds a digit to the number. */
  type (digit: string): void
  /** Removes its last digit. */
  erase (): void
  /** Confirms with the number that was tapped; with null if the single button was tapped, which sends what was typed. */
  confirm (number: string | null): Promise<void>
  cancel (): Promise<void>
  /** Ends the login that was confirmed, or may have been. */
  logOut (): Promise<void>
  /** Redraws, and reads again once the time seems to be up. To be called every few seconds. */
  tick (): Promise<void>
}

/** The views that reading again may change. */
const readable: ReadonlyArray<View['kind']> = ['loading', 'ready', 'unknown', 'offline', 'locked-out', 'person-waiting', 'unavailable']

/** The views in which this ticket can't be logged in with, or not without another tap. */
const notLoggedIn: ReadonlyArray<View['kind']> = ['ready', 'refused', 'logged-out', 'cancelled', 'wrong-number', 'expired', 'person-waiting', 'person-unknown', 'person-blocked']

/** The failures after which a call may have been carried out all the same. */
const uncertain: ReadonlyArray<Failure['code']> = ['offline', 'no-answer', 'internal', 'replayed', 'wechat-unavailable', 'store-unavailable']

/** `ticket` is undefined if the scanned code has none; `onChange` is called after every change of the view. */
export const createApproval = (service: Service, ticket: string | undefined, onChange: () => void): Approval => {
  let view: View = { kind: 'loading', isFirst: service.isFirstLogin() }
  /** The last offer that was read. If there is one, it was this person who scanned the ticket. */
  let offer: Offer | undefined
  /** When the ticket ends, by the service's clock. */
  let endsAt = 0
  /** A read is under way: another one wouldn't tell more. */
  let isReading = false
  /** Kept while the page is in the background, where the person may read the number. */
  let typed = ''
  let isClaimed = false
  /** Incremented by each call: answers to earlier calls are ignored. */
  let lastCall = 0
  /** The person has refused; whether the answer came or not. */
  let wasRefused = false
  /** The page was shown again during a confirm or cancel: WeChat may have cut off that call in the background. */
  let wasShownAgain = false
  /** A confirmation was sent, and it isn't known what became of it. */
  let maybeConfirmed = false

  const show = (next: View): void => {
    const isNew = next.kind !== view.kind
    view = next
    if (isNew) note(next)
    onChange()
  }

  /** Keeps on this phone what may still become a login of this ticket, and nothing else. */
  const note = (next: View): void => {
    if (next.kind === 'done') service.noteConfirmed()
    if (next.kind === 'done') keep(next.session)
    else if (next.kind === 'confirming') keep(undefined)
    else if (notLoggedIn.includes(next.kind)) forget()
  }

  const keep = (session: string | undefined): void => {
    if (ticket === undefined || offer === undefined) return
    const { browser, site } = offer
    service.keepLogin({ ticket, ...(session !== undefined && { session }), endsAt, browser, site: site.origin === site.service ? null : site.name })
  }

  const forget = (): void => {
    maybeConfirmed = false
    if (ticket !== undefined) service.forgetLogin(ticket)
  }

  const failed = (failure: Failure): View => {
    const next = viewOf(failure, offer, { wasRefused, isNamed: service.user()?.name != null })
    // What can be tried again tells nothing about a confirmation that was sent before.
    if (!maybeConfirmed || !['offline', 'unavailable', 'locked-out'].includes(next.kind)) return next
    const { code, retryAfter } = failure
    return { kind: 'unknown', code, ...(retryAfter !== undefined && { retryAfter }), isEnding: false }
  }

  /** Awaits a call; returns undefined if a later call was made meanwhile. */
  const outcomeOf = async <T>(call: Promise<Outcome<T>>): Promise<Outcome<T> | undefined> => {
    const thisCall = ++lastCall
    const outcome = await call
    return thisCall === lastCall ? outcome : undefined
  }

  /** Reads the ticket, and shows its state; `unconfirmed` in place of the question. */
  const readTicket = async (id: string, unconfirmed?: View): Promise<void> => {
    isReading = true
    const outcome = await outcomeOf(service.scan(id))
    if (outcome === undefined) return
    isReading = false
    if (!outcome.ok) return show(failed(outcome))
    offer = outcome.value
    endsAt = service.serverNow() + offer.expiresIn * 1000
    if (offer.state === 'confirmed') return show(doneWith(offer))
    forget()
    show(unconfirmed ?? { kind: 'ready', offer, isFirst: service.isFirstLogin(), typed, isClaimed })
  }

  const read = async (): Promise<void> => {
    if (view.kind === 'confirming' || view.kind === 'cancelling') {
      wasShownAgain = true
      return
    }
    if (!readable.includes(view.kind) || (view.kind === 'unknown' && view.isEnding)) return
    if (ticket === undefined) return show({ kind: 'invalid-code' })
    if (view.kind !== 'ready') show({ kind: 'loading', isFirst: service.isFirstLogin() })
    await readTicket(ticket)
  }

  /** Reads again if a call was cut off in the background. Only reads: a confirmation is never repeated without a tap. */
  const readIfCutOff = async (): Promise<void> => {
    const again = wasShownAgain && (view.kind === 'offline' || ((view.kind === 'unavailable' || view.kind === 'unknown') && view.code === 'no-answer'))
    wasShownAgain = false
    if (again) await read()
  }

  const edit = (digits: string): void => {
    if (view.kind !== 'ready' || view.offer.match !== 'type' || !/^\d{0,2}$/.test(digits)) return
    typed = digits
    show({ ...view, typed })
  }

  /** The number to confirm with: null if none is asked for, undefined if this tap can't confirm. */
  const numberFor = ({ match, choices }: Offer, tapped: string | null): string | null | undefined => {
    if (match === 'tap') return tapped !== null && choices.includes(tapped) ? tapped : undefined
    if (tapped !== null) return undefined
    if (match === 'off') return null
    return typed.length === 2 ? typed : undefined
  }

  return {
    view: () => view,
    read,
    claim: () => {
      if (view.kind !== 'ready') return
      isClaimed = true
      show({ ...view, isClaimed })
    },
    type: (digit) => edit(typed + digit),
    erase: () => edit(typed.slice(0, -1)),
    confirm: async (tapped) => {
      // A second tap does nothing, as the view isn't `ready` any more.
      if (view.kind !== 'ready' || ticket === undefined) return
      const number = numberFor(view.offer, tapped)
      if (number === undefined) return
      show({ ...view, kind: 'confirming', number })
      const outcome = await outcomeOf(service.confirm(ticket, number))
      if (outcome === undefined) return
      if (outcome.ok) return show(doneWith(offer, outcome.value.session))
      const failure = failed(outcome)
      if (uncertain.includes(outcome.code)) {
        maybeConfirmed = true
        await readTicket(ticket, failure)
      } else {
        forget()
        show(failure)
      }
      await readIfCutOff()
    },
    cancel: async () => {
      if (view.kind !== 'ready' || ticket === undefined) return
      wasRefused = true
      show({ ...view, kind: 'cancelling' })
      const outcome = await outcomeOf(service.cancel(ticket))
      if (outcome !== undefined) show(outcome.ok ? { kind: 'refused' } : failed(outcome))
      await readIfCutOff()
    },
    logOut: async () => {
      if (ticket === undefined || (view.kind !== 'unknown' && (view.kind !== 'done' || view.session === undefined)) || view.isEnding) return
      const before = view
      const session = before.kind === 'done' ? before.session : undefined
      show(before.kind === 'done' ? { ...before, isEnding: true, failure: undefined } : { ...before, isEnding: true })
      const outcome = await service.endLogin(ticket, session)
      if (outcome.ok) show(loggedOutOf(offer))
      else show(before.kind === 'done' ? { ...before, failure: outcome.code } : { ...before, code: outcome.code })
    },
    tick: async () => {
      if (view.kind !== 'ready') return
      if (isReading || service.serverNow() < endsAt) return onChange()
      await read() // the service decides whether it has expired: this phone's clock may have been set meanwhile
    },
  }
}
