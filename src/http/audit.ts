/** Owns how steps come into the log: one line each at `info`, with whose call it was. Which steps there are is known below. */
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isId, startOf } from '../domain/ids.ts'
import type { Problem, ProblemCode } from '../errors.ts'
import type { Step } from '../domain/step.ts'
import type { Audit } from '../login/audit.ts'
import type { Clock } from '../login/ports.ts'
import { createLogLimit, type LogLimit } from './log-limit.ts'
import { addressOf, clientKeyOf } from './visitor.ts'

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

/**
 * Refusals of one code to one client that are told each minute, with all their members; of the rest their number is told when the minute is over.
 * Those of signed calls are limited already, by LIMIT_PHONE.
 */
const refusalsPerMinute = 1

/** A step that anybody can have told again and again, at no cost to them: so many lines a minute of one client, then their number. */
const isRepeatable = (step: Step): boolean => step.event === 'cookies.refused' || (step.event === 'session.opened' && step.again === true)
const repeatablePerMinute = 20

/** Gives each request an audit of its own. `origins` are those of our sites: of another one only that it is none of them is told. */
export const auditPlugin = fp<{ origins: readonly string[], clock: Clock }>(async (app, { origins, clock }) => {
  const refusalLines = createLogLimit(clock, (code, client, repeated) => { app.log.info({ event: 'refused', code, client, repeated }, 'audit') })
  app.decorate('refusalLines', refusalLines)
  app.addHook('onClose', async () => { refusalLines.flush() })

  const siteOf = ({ headers: { origin } }: FastifyRequest) => origin !== undefined && { site: origins.includes(origin) ? origin : 'another' }

  app.decorateRequest('audit', {
    getter () {
      return {
        record: (step) => {
          if (isRepeatable(step) && !refusalLines.allows(step.event, clientKeyOf(this), repeatablePerMinute)) return
          this.log.info({ ...step, ...(this.phoneKey !== '' && { key: this.phoneKey }), ip: addressOf(this), ...siteOf(this) }, 'audit')
        },
      }
    },
  })
}, { name: 'audit' })

/** Tells the audit of a refusal where it is one of those. */
export const recordRefusal = ({ code }: Problem, request: FastifyRequest): void => {
  if (!refusals.has(code)) return
  if (request.person === '' && !request.server.refusalLines.allows(code, clientKeyOf(request), refusalsPerMinute)) return
  const { ticket } = request.params as { ticket?: string } // of routes that have none, too
  request.audit.record({
    event: 'refused',
    code,
    ...(ticket !== undefined && isId(ticket) && { ticket: startOf(ticket) }),
    ...(request.person !== '' && { sub: request.person }),
  })
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly refusalLines: LogLimit
  }
  interface FastifyRequest {
    /** Told of each step that this request makes. */
    readonly audit: Audit
  }
}
