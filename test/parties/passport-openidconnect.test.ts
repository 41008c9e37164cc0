import { passportOpenidconnect } from '../support/parties/passport.js'
import { proveParty } from '../support/parties/prove-party.ts'

/** Of the ID token it keeps what its profile has a place for; the rest comes with userinfo. */
interface Profile {
  readonly id: string
  readonly username: string
  readonly displayName: string
  readonly emails: ReadonlyArray<{ readonly value: string }>
}

await proveParty(passportOpenidconnect, {
  readClaims: ({ claims, userinfo }) => {
    const { id, username, displayName, emails } = claims as unknown as Profile // of passport.js
    return { sub: id, preferred_username: username, name: displayName, email: emails[0]?.value, groups: userinfo?.groups }
  },
  refused: /"failed":true/,
  forged: /Unable to verify authorization request state/,
})
