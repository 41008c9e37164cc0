/** Owns how steps come into the log: one line each at `info`, with whose call it was. Which steps there are is known below. */
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isId, startOf } from '../domain/ids.ts'
import type { Problem, ProblemCode } from '../errors.ts'
import type { Audit } from '../login/audit.ts'
import { addressOf } from './visitor.ts'

/**
 * A no that an operator may be asked about later. The others are no step of anybody's: what isn't there and what comes too often is a matter
 * of the limits, what isn't well formed is a program's mistake, and a fault of ours has a line of its own.
 */
const refusals: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'return-to-not-allowed',
  'signature-invalid',
  'clock-skew',
  'replayed',
  'key-unknown',
  'js-code-invalid',
  'match-wrong',
  'wechat-user-blocked',
  'cross-site',
  'ticket-not-scanned',
  'ticket-not-confirmed',
  'ticket-taken',
  'ticket-confirmed',
  'ticket-consumed',
  'ticket-cancelled',
  'ticket-expired',
])

/** Gives each request an audit of its own. `origins` are those of our sites: of another one only that it is none of them is told. */
export const auditPlugin = fp<{ origins: readonly string[] }>(async (app, { origins }) => {
  const siteOf = ({ headers: { origin } }: FastifyRequest) => origin !== undefined && { site: origins.includes(origin) ? origin : 'another' }

  app.decorateRequest('audit', {
    getter () {
      return {
        tell: (step) => {
          this.log.info({ ...step, ...(this.phoneKey !== '' && { key: this.phoneKey }), ip: addressOf(this), ...siteOf(this) }, 'audit')
        },
      }
    },
  })
}, { name: 'audit' })

/** Tells the audit of a refusal where it is one of those. */
export const tellRefusal = ({ code }: Problem, request: FastifyRequest): void => {
  if (!refusals.has(code)) return
  const { ticket } = request.params as { ticket?: string } // of routes that have none, too
  request.audit.tell({
    event: 'refused',
    code,
    ...(ticket !== undefined && isId(ticket) && { ticket: startOf(ticket) }),
    ...(request.person !== '' && { sub: request.person }),
  })
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Told of each step that this request makes. */
    readonly audit: Audit
  }
}
