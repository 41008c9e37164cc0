import { authJs } from '../support/parties/auth-js.js'
import { proveParty } from '../support/parties/prove-party.ts'

await proveParty(authJs, {
  begin: (page) => page.getByRole('button', { name: 'Sign in with WeChat' }).click(),
  refused: /Try signing in with a different account/,
  forged: /There is a problem with the server configuration/,
})
