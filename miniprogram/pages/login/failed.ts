import type { Offer } from '../../utils/answers'
import type { Failure } from '../../utils/outcome'
import type { View } from './view'

export const doneWith = (offer: Offer | undefined, session = offer?.session): View => ({ kind: 'done', offer, session, isEnding: false, failure: undefined })

export const loggedOutOf = (offer: Offer | undefined): View =>
  offer === undefined || offer.site.origin === offer.site.service ? { kind: 'logged-out' } : { kind: 'logged-out', site: offer.site.origin }

/** The view after a call has failed. `offer` is the last one that was read; `wasRefused`: the person has tapped "Not me"; `isNamed`: they have a name. */
export const viewOf = ({ code, retryAfter, reason, session }: Failure, offer: Offer | undefined, { wasRefused, isNamed }: { readonly wasRefused: boolean, readonly isNamed: boolean }): View => {
  if (reason === 'wrong-numbers' && retryAfter !== undefined) return { kind: 'locked-out', retryAfter }
  if (code === 'ticket-consumed' && reason === 'logged-out') return loggedOutOf(offer)
  switch (code) {
    case 'offline': return { kind: 'offline' }
    case 'ticket-confirmed': return doneWith(offer, session)
    // By somebody else if there is neither: only the person who scanned can have confirmed it, and only the one who confirmed is told the session.
    case 'ticket-consumed': return offer === undefined && session === undefined ? { kind: 'used' } : doneWith(offer, session)
    case 'match-wrong': return { kind: 'wrong-number' }
    case 'ticket-cancelled': return { kind: wasRefused ? 'refused' : 'cancelled' }
    case 'ticket-expired': return { kind: 'expired' }
    case 'ticket-taken': return { kind: 'taken' }
    case 'ticket-not-found': case 'bad-request': return { kind: 'invalid-code' }
    case 'wechat-user-blocked': return { kind: 'blocked' }
    case 'person-waiting': return { kind: code, isNamed }
    case 'person-unknown': case 'person-blocked': return { kind: code }
    case 'js-code-invalid': return { kind: 'foreign-app' } // two in a row, neither used before
    case 'too-old': return { kind: 'wechat-too-old' }
    // The service has no such call, or not in this form: the mini program is of another version.
    case 'not-found': case 'method-not-allowed': case 'unsupported-media-type': return { kind: 'update-needed' }
    default: return { kind: 'unavailable', code, ...(retryAfter !== undefined && { retryAfter }) }
  }
}
