import { goOidc } from '../support/parties/go-oidc.ts'
import { proveParty } from '../support/parties/prove-party.ts'

await proveParty(goOidc, {
  refused: /"error":"access_denied"/,
  forged: /state did not match/,
})
