import { openidClient5 } from '../support/parties/openid-client-5.ts'
import { proveParty } from '../support/parties/prove-party.ts'

await proveParty(openidClient5, {
  refused: /"error":"access_denied"/,
  forged: /"message":"(?:state mismatch|checks\.state argument is missing)/,
  isQuickWithKeys: false, // it fetches them once a minute at the most, and says "no valid key found" until then: a rotation publishes them a day ahead
})
