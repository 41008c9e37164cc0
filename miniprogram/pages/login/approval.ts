/** One approval: the state of a scanned ticket on the phone, and what the person's taps do. Nothing is confirmed without a tap. */
import type { Offer } from '../../utils/answers'
import type { Failure, FailureCode, Outcome } from '../../utils/outcome'
import type { Service } from '../../utils/service'

export type View =
  | { readonly kind: 'loading', readonly isFirst: boolean }
  | Decision & { readonly kind: 'ready' }
  | Decision & { readonly kind: 'confirming', readonly number: string | null }
  | Decision & { readonly kind: 'cancelling' }
  /** The last chance to say that it was somebody else. */
  | Done & { readonly kind: 'done' }
  /** From here to `blocked`: nothing more can be done with this ticket. By this person: before the confirmation, or after it; `cancelled` otherwise. */
  | { readonly kind: 'refused' | 'logged-out' }
  | { readonly kind: 'cancelled' | 'wrong-number' | 'expired' | 'taken' | 'used' | 'invalid-code' | 'blocked' }
  /** WeChat knows none of this mini program's js_codes: it has another AppID than the service. */
  | { readonly kind: 'foreign-app' }
  /** WeChat, or this mini program, is too old for the service. */
  | { readonly kind: 'wechat-too-old' | 'update-needed' }
  /** From here on: can be tried again. */
  | { readonly kind: 'offline' }
  /** After too many wrong numbers, this person can't confirm anything for `retryAfter` seconds. */
  | { readonly kind: 'locked-out', readonly retryAfter: number }
  | { readonly kind: 'unavailable', readonly code: FailureCode, readonly retryAfter?: number }

/** The decision that is asked for. */
export interface Decision {
  readonly offer: Offer
  /** On this phone nobody has confirmed a login yet. */
  readonly isFirst: boolean
  /** The digits typed so far, if `match` is `type`. */
  readonly typed: string
  /** The person has said that it is them, as they are asked first where something is odd. */
  readonly isClaimed: boolean
}

export interface Done {
  readonly offer: Offer | undefined
  /** By which the login can be ended; undefined from an older service. */
  readonly session: string | undefined
  /** The login is being ended. */
  readonly isEnding: boolean
  /** Why it could not be ended; undefined if that wasn't tried. */
  readonly failure: FailureCode | undefined
}

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
  /** Ends the login that was confirmed. */
  logOut (): Promise<void>
  /** Redraws, and reads again once the time seems to be up. To be called every few seconds. */
  tick (): Promise<void>
}

/** The views that reading again may change. */
const readable: ReadonlyArray<View['kind']> = ['loading', 'ready', 'offline', 'locked-out', 'unavailable']

/** `ticket` is undefined if the scanned code has none; `onChange` is called after every change of the view. */
export const createApproval = (service: Service, ticket: string | undefined, onChange: () => void): Approval => {
  let view: View = { kind: 'loading', isFirst: service.isFirstLogin() }
  /** The last offer that was read. If there is one, it was this person who scanned the ticket. */
  let offer: Offer | undefined
  let endsAt = Infinity
  /** Kept while the page is in the background, where the person may read the number. */
  let typed = ''
  let isClaimed = false
  /** Incremented by each call: answers to earlier calls are ignored. */
  let lastCall = 0
  /** The person has refused; whether the answer came or not. */
  let wasRefused = false
  /** The page was shown again during a confirm or cancel: WeChat may have cut off that call in the background. */
  let wasShownAgain = false

  const show = (next: View): void => {
    view = next
    onChange()
  }

  const done = (session = offer?.session): View => ({ kind: 'done', offer, session, isEnding: false, failure: undefined })

  const failed = ({ code, retryAfter, reason, session }: Failure): View => {
    if (reason === 'wrong-numbers' && retryAfter !== undefined) return { kind: 'locked-out', retryAfter }
    if (code === 'ticket-consumed' && reason === 'logged-out') return { kind: 'logged-out' }
    switch (code) {
      case 'offline': return { kind: 'offline' }
      case 'ticket-confirmed': return done(session)
      // Only the person who scanned can have confirmed it: without an offer that was somebody else.
      case 'ticket-consumed': return offer === undefined ? { kind: 'used' } : done(session)
      case 'match-wrong': return { kind: 'wrong-number' }
      case 'ticket-cancelled': return { kind: wasRefused ? 'refused' : 'cancelled' }
      case 'ticket-expired': return { kind: 'expired' }
      case 'ticket-taken': return { kind: 'taken' }
      case 'ticket-not-found': case 'bad-request': return { kind: 'invalid-code' }
      case 'wechat-user-blocked': return { kind: 'blocked' }
      case 'js-code-invalid': return { kind: 'foreign-app' } // two in a row, neither used before
      case 'too-old': return { kind: 'wechat-too-old' }
      // The service has no such call, or not in this form: the mini program is of another version.
      case 'not-found': case 'method-not-allowed': case 'unsupported-media-type': return { kind: 'update-needed' }
      default: return { kind: 'unavailable', code, ...(retryAfter !== undefined && { retryAfter }) }
    }
  }

  /** Awaits a call, and shows its failure; returns its value. Returns undefined for a failure, and if a later call was made meanwhile. */
  const valueOf = async <T>(call: Promise<Outcome<T>>): Promise<T | undefined> => {
    const thisCall = ++lastCall
    const outcome = await call
    if (thisCall !== lastCall) return undefined
    if (outcome.ok) return outcome.value
    show(failed(outcome))
    return undefined
  }

  const read = async (): Promise<void> => {
    if (view.kind === 'confirming' || view.kind === 'cancelling') {
      wasShownAgain = true
      return
    }
    if (!readable.includes(view.kind)) return
    if (ticket === undefined) return show({ kind: 'invalid-code' })
    if (view.kind !== 'ready') show({ kind: 'loading', isFirst: service.isFirstLogin() })
    endsAt = Infinity
    const answer = await valueOf(service.scan(ticket))
    if (answer === undefined) return
    offer = answer
    endsAt = service.serverNow() + answer.expiresIn * 1000
    show(answer.state === 'scanned' ? { kind: 'ready', offer: answer, isFirst: service.isFirstLogin(), typed, isClaimed } : done())
  }

  /** Reads again if a call was cut off in the background. Only reads: a confirmation is never repeated without a tap. */
  const readIfCutOff = async (): Promise<void> => {
    const again = wasShownAgain && (view.kind === 'offline' || (view.kind === 'unavailable' && view.code === 'no-answer'))
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
      const confirmed = await valueOf(service.confirm(ticket, number))
      if (confirmed !== undefined) show(done(confirmed.session))
      await readIfCutOff()
    },
    cancel: async () => {
      if (view.kind !== 'ready' || ticket === undefined) return
      wasRefused = true
      show({ ...view, kind: 'cancelling' })
      if (await valueOf(service.cancel(ticket)) !== undefined) show({ kind: 'refused' })
      await readIfCutOff()
    },
    logOut: async () => {
      if (view.kind !== 'done' || view.isEnding || view.session === undefined || ticket === undefined) return
      const before = view
      show({ ...before, isEnding: true, failure: undefined })
      const outcome = await service.endLogin(ticket, view.session)
      show(outcome.ok ? { kind: 'logged-out' } : { ...before, failure: outcome.code })
    },
    tick: async () => {
      if (view.kind !== 'ready') return
      if (service.serverNow() < endsAt) return onChange()
      await read() // the service decides whether it has expired: this phone's clock may have been set meanwhile
    },
  }
}
