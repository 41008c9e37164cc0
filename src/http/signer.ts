/** Who signed a call. One object, and on signed calls alone: most requests at any moment are held polls, and each keeps what it is decorated with. */
import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import type { Person } from '../domain/person.ts'
import type { Audit } from '../login/audit.ts'
import type { PhoneReads, PhoneRequest } from '../login/phone-ticket.ts'

/** A call with the right MAC of a key: limits and audit count it for its person, whatever becomes of it. */
export interface SignedCall {
  readonly sub: string
  readonly keyId: string
  /** There once the call is verified. */
  readonly person?: undefined
}

/** A call whose signature is verified: its key has not ended, and it is no repetition. */
export interface VerifiedCall {
  readonly sub: string
  readonly keyId: string
  /** The person, as they are now. */
  readonly person: Person
  /** When confirmations by the key count as made (`PhoneKey`), in milliseconds since 1970. */
  readonly since: number
  /** What the call reads first, begun while its signature was being checked. */
  readonly reads?: PhoneReads
}

/** Decorates requests with the signer of the call, as limits and audit read it on all routes. The hook that verifies signatures sets it. */
export const signerPlugin = fp(async (app) => { app.decorateRequest('signed', null) }, { name: 'signer' })

/** Returns the signer of a call on a route behind the hook that verifies signatures. */
export const signerOf = ({ signed }: FastifyRequest): VerifiedCall => {
  if (signed?.person === undefined) throw new Error('a call whose signature is not verified has no signer')
  return signed
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Null on calls that aren't signed. */
    signed: SignedCall | VerifiedCall | null
  }
  interface FastifyContextConfig {
    /** A signed call that a blocked person may make. */
    isForBlocked?: boolean
    /** Begins what the call of a phone to a ticket reads first. */
    readFirst?: (request: PhoneRequest, audit: Audit) => PhoneReads
  }
}
