import fp from 'fastify-plugin'
import type { Person } from '../domain/person.ts'
import type { Audit } from '../login/audit.ts'
import type { PhoneReads, PhoneRequest } from '../login/phone-ticket.ts'

/** Decorates every request with the signer of the call, as limits and audit read it on all routes. The hook that verifies signatures sets it. */
export const signerPlugin = fp(async (app) => {
  app.decorateRequest('signerSub', '')
  app.decorateRequest('phoneKey', '')
  app.decorateRequest('phoneKeySince', 0)
  app.decorateRequest('phoneReads', undefined)
  app.decorateRequest('signerReading', undefined)
  app.decorateRequest('signer')
}, { name: 'signer' })

declare module 'fastify' {
  interface FastifyRequest {
    /** The `sub` of the person whose key signed this call; '' on calls that aren't signed. */
    signerSub: string
    /** The id of that key; '' on calls that aren't signed. */
    phoneKey: string
    /** When confirmations by that key count as made (`PhoneKey`), in milliseconds since 1970; 0 on calls that aren't signed. */
    phoneKeySince: number
    /** The person, as they are now, begun to be read while the signature is being checked. */
    signerReading: Promise<Person> | undefined
    /** The person whose key signed this call; only on calls that are signed. */
    signer: Person
    /** What the call reads first, begun while its signature is being checked; undefined where it is not. */
    phoneReads: PhoneReads | undefined
  }
  interface FastifyContextConfig {
    /** A signed call that a blocked person may make. */
    isForBlocked?: boolean
    /** Begins what the call of a phone to a ticket reads first. */
    readFirst?: (request: PhoneRequest, audit: Audit) => PhoneReads
  }
}
