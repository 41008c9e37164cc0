/** What the login page can show. */
import type { Offer } from '../../utils/answers'
import type { FailureCode } from '../../utils/outcome'

export type View =
  | { readonly kind: 'loading', readonly isFirst: boolean }
  | Decision & { readonly kind: 'ready' }
  | Decision & { readonly kind: 'confirming', readonly number: string | null }
  | Decision & { readonly kind: 'cancelling' }
  /** The last chance to say that it was somebody else. */
  | Done & { readonly kind: 'done' }
  /** A confirmation ended without an answer, and so did the read after it: the device may be logged in or not. */
  | { readonly kind: 'unknown', readonly code: FailureCode, readonly retryAfter?: number, readonly isEnding: boolean }
  /** From here to `blocked`: nothing more can be done with this ticket. By this person: before the confirmation, or after it; `cancelled` otherwise. */
  | { readonly kind: 'refused' }
  /** `site` is the address of another site than the service's own: that one may keep the device logged in. */
  | { readonly kind: 'logged-out', readonly site?: string }
  | { readonly kind: 'cancelled' | 'wrong-number' | 'expired' | 'taken' | 'used' | 'invalid-code' | 'blocked' }
  /** The site's owner has not let this person in yet, has not let in anybody whom the site doesn't know, or has blocked this person. The ticket stays as it was. */
  | { readonly kind: 'person-unknown' | 'person-blocked' }
  /** `isNamed`: the owner sees a name that they have given. */
  | { readonly kind: 'person-waiting', readonly isNamed: boolean }
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
