import fp from 'fastify-plugin'
import type { Audit } from '../login/audit.ts'
import type { PhoneReads, PhoneRequest } from '../login/phone-ticket.ts'

/** Decorates every request with the signer of the call, as limits and audit read it on all routes. The hook that verifies signatures sets it. */
export const signerPlugin = fp(async (app) => {
  app.decorateRequest('signerSub', '')
  app.decorateRequest('phoneKey', '')
  app.decorateRequest('phoneKeySince', 0)
  app.decorateRequest('phoneReads', undefined)
}, { name: 'signer' })

declare module 'fastify' {
  interface FastifyRequest {
    /** The `sub` of the person whose key signed this call; '' on calls that aren't signed. */
    signerSub: string
    /** The id of that key; '' on calls that aren't signed. */
    phoneKey: string
    /** When confirmations by that key count as made (`PhoneKey`), in milliseconds since 1970; 0 on calls that aren't signed. */
    phoneKeySince: number
    /** What the call reads first, begun while its signature is being checked; undefined where it is not. */
    phoneReads: PhoneReads | undefined
  }
  interface FastifyContextConfig {
    /** Begins what the call of a phone to a ticket reads first. */
    readFirst?: (request: PhoneRequest, audit: Audit) => PhoneReads
  }
}
