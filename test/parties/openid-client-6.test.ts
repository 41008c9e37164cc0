import { openidClient6 } from '../support/parties/openid-client-6.ts'
import { proveParty } from '../support/parties/prove-party.ts'

await proveParty(openidClient6, {
  refused: /"error":"access_denied"/,
  forged: /"failed":true/,
})
