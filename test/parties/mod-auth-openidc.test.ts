import { apache } from '../support/parties/apache.ts'
import { proveParty } from '../support/parties/prove-party.ts'

await proveParty(apache, {
  // 2.4.12 takes an error with `iss` (RFC 9207) for the choice of an issuer. Where OIDCDefaultURL is set it would ask again, and again: the recipe has none.
  refused: /SSO to this module without specifying a "target_link_uri" parameter is not possible/,
  forged: /Bad Request/,
})
