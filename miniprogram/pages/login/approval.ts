/** One approval: what the person sees of a ticket and what their taps do. Says yes only when tapped. Knows no wx and draws nothing. */
import type { Failure, FailureCode, Offer, Outcome } from '../../utils/answers'
import type { Service } from '../../utils/service'

export type View =
  | { readonly kind: 'loading' }
  | Asked & { readonly kind: 'ready' }
  | Asked & { readonly kind: 'confirming', readonly number: string | null }
  | Asked & { readonly kind: 'cancelling' }
  /** From here on nothing can be done with this ticket. */
  | { readonly kind: 'done', readonly offer: Offer | undefined }
  | { readonly kind: 'cancelled' | 'wrong-number' | 'expired' | 'taken' | 'used' | 'invalid-code' | 'blocked' }
  /** WeChat or this mini program is too old for the service. */
  | { readonly kind: 'update-needed' }
  /** From here it can be tried again. */
  | { readonly kind: 'offline' }
  /** After too many wrong numbers this person confirms nothing for so many seconds. */
  | { readonly kind: 'paused', readonly retryAfter: number }
  | { readonly kind: 'unavailable', readonly code: FailureCode, readonly retryAfter?: number }

/** What the decision is about. */
export interface Asked {
  readonly offer: Offer
  /** The phone's clock is far off, and was corrected for. */
  readonly isClockMended: boolean
  /** The digits typed so far, where the number is to be typed. */
  readonly typed: string
}

export interface Approval {
  readonly view: () => View
  /** Reads where the ticket is: when the page comes up, comes back from the background, or the person tries again. */
  read (): Promise<void>
  /** Adds a digit of the number to be typed, or takes the last one away. */
  type (digit: string): void
  erase (): void
  /** Says yes: with the number that was tapped, or with null where the one button was, which sends what was typed. */
  confirm (number: string | null): Promise<void>
  /** Says no. */
  cancel (): Promise<void>
  /** Asks again about an offer whose time seems to be up. To be called now and then. */
  tick (): Promise<void>
}

/** The views that another reading may change. */
const readable: ReadonlyArray<View['kind']> = ['loading', 'ready', 'offline', 'paused', 'unavailable']

/** `ticket` is undefined where the code that was scanned holds none; `changed` is called after every change of the view. */
export const createApproval = (service: Service, ticket: string | undefined, changed: () => void): Approval => {
  let view: View = { kind: 'loading' }
  /** The last offer that was read; having one means that this person scanned the ticket. */
  let offer: Offer | undefined
  let endsAt = Infinity
  /** Outlives the page's way to the background, where the number may be looked at. */
  let typed = ''
  /** Grows with each call; the answer to an earlier one no longer counts. */
  let turn = 0
  /** The page came back while an answer was awaited, which then may have been cut off. */
  let cameBack = false

  const show = (next: View): void => {
    view = next
    changed()
  }

  const failed = ({ code, retryAfter, reason }: Failure): View => {
    if (reason === 'wrong-numbers' && retryAfter !== undefined) return { kind: 'paused', retryAfter }
    switch (code) {
      case 'offline': return { kind: 'offline' }
      case 'ticket-confirmed': return { kind: 'done', offer }
      // Only who scanned can have confirmed it; without an offer of ours it was somebody else's.
      case 'ticket-consumed': return offer === undefined ? { kind: 'used' } : { kind: 'done', offer }
      case 'match-wrong': return { kind: 'wrong-number' }
      case 'ticket-cancelled': return { kind: 'cancelled' }
      case 'ticket-expired': return { kind: 'expired' }
      case 'ticket-taken': return { kind: 'taken' }
      case 'ticket-not-found': case 'bad-request': return { kind: 'invalid-code' }
      case 'wechat-user-blocked': return { kind: 'blocked' }
      // That the service has no such call, or not in this form, is for a mini program of another version to find.
      case 'too-old': case 'not-found': case 'method-not-allowed': case 'unsupported-media-type': return { kind: 'update-needed' }
      default: return { kind: 'unavailable', code, ...(retryAfter !== undefined && { retryAfter }) }
    }
  }

  /** Shows what came of a call, unless a later one was made; gives the value where there is one and it still counts. */
  const settle = async <T>(asked: Promise<Outcome<T>>): Promise<T | undefined> => {
    const mine = ++turn
    const outcome = await asked
    if (mine !== turn) return undefined
    if (outcome.ok) return outcome.value
    show(failed(outcome))
    return undefined
  }

  const read = async (): Promise<void> => {
    if (view.kind === 'confirming' || view.kind === 'cancelling') {
      cameBack = true
      return
    }
    if (!readable.includes(view.kind)) return
    if (ticket === undefined) return show({ kind: 'invalid-code' })
    if (view.kind !== 'ready') show({ kind: 'loading' })
    endsAt = Infinity
    const answer = await settle(service.scan(ticket))
    if (answer === undefined) return
    offer = answer
    endsAt = service.serverNow() + answer.expiresIn * 1000
    show(answer.state === 'scanned' ? { kind: 'ready', offer: answer, isClockMended: service.isClockOff(), typed } : { kind: 'done', offer: answer })
  }

  /** Once more after a page that came back found its call cut off. Reads only: a yes is never repeated by itself. */
  const readIfCutOff = async (): Promise<void> => {
    const again = cameBack && (view.kind === 'offline' || (view.kind === 'unavailable' && view.code === 'no-answer'))
    cameBack = false
    if (again) await read()
  }

  const edit = (digits: string): void => {
    if (view.kind !== 'ready' || view.offer.match !== 'type' || !/^\d{0,2}$/.test(digits)) return
    typed = digits
    show({ ...view, typed })
  }

  /** The number that a tap says yes with: null where none is asked for, undefined where the tap is none that can. */
  const numberFor = ({ match, choices }: Offer, tapped: string | null): string | null | undefined => {
    if (match === 'tap') return tapped !== null && choices.includes(tapped) ? tapped : undefined
    if (tapped !== null) return undefined
    if (match === 'off') return null
    return typed.length === 2 ? typed : undefined
  }

  return {
    view: () => view,
    read,
    type: (digit) => edit(typed + digit),
    erase: () => edit(typed.slice(0, -1)),
    confirm: async (tapped) => {
      // Not being `ready` any more is what makes a second tap do nothing.
      if (view.kind !== 'ready' || ticket === undefined) return
      const number = numberFor(view.offer, tapped)
      if (number === undefined) return
      show({ ...view, kind: 'confirming', number })
      if (await settle(service.confirm(ticket, number)) !== undefined) show({ kind: 'done', offer })
      await readIfCutOff()
    },
    cancel: async () => {
      if (view.kind !== 'ready' || ticket === undefined) return
      show({ ...view, kind: 'cancelling' })
      if (await settle(service.cancel(ticket)) !== undefined) show({ kind: 'cancelled' })
      await readIfCutOff()
    },
    tick: async () => {
      if (view.kind !== 'ready') return
      if (service.serverNow() < endsAt) return changed()
      await read() // the service says whether it has ended; this phone's clock may have been changed meanwhile
    },
  }
}
