/** The audit log: one line at `info` for each step, with the address, the key and the site of the call. `domain/step.ts` has the steps. */
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isId, startOf } from '../domain/ids.ts'
import type { Problem, ProblemCode } from '../errors.ts'
import type { Step } from '../domain/step.ts'
import type { Audit, StepSink } from '../login/audit.ts'
import type { Clock } from '../login/ports.ts'
import { createLogLimit, type LogLimit } from '../log-limit.ts'
import { addressOf, clientKeyOf } from './visitor.ts'

/** Refusals worth auditing. Left out: not-found and rate-limited (see limits), malformed requests (client bugs), 5xx (logged already). */
const refusals: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  'return-to-not-allowed',
  'signature-invalid',
  'clock-skew',
  'replayed',
  'key-unknown',
  'js-code-invalid',
  'match-wrong',
  'not-owner',
  'person-unknown',
  'person-waiting',
  'person-blocked',
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
 * Lines a minute for refusals of one code to one client; the rest are one line with their number when the minute is over. LIMIT_PHONE limits refusals of
 * signed calls already.
 */
const refusalsPerMinute = 1

/** Steps that anybody can repeat at no cost. */
const isRepeatable = (step: Step): boolean => step.event === 'cookies.refused' || (step.event === 'session.opened' && step.again === true)
/** Lines a minute for one client; the rest are one line with their number. */
const repeatablePerMinute = 20

/** Gives each request an audit. `origins` are those of our sites; any other origin is logged as `another`. `steps` gets what is logged. */
export const auditPlugin = fp<{ origins: readonly string[], clock: Clock, steps: StepSink | undefined }>(async (app, { origins, clock, steps }) => {
  const refusalLines = createLogLimit(clock, (code, client, repeated) => {
    const line = { event: 'refused', code, client, repeated }
    app.log.info(line, 'audit')
    steps?.add(line)
  })
  app.decorate('refusalLines', refusalLines)
  app.addHook('onClose', async () => { refusalLines.flush() })

  const siteOf = ({ headers: { origin } }: FastifyRequest) => origin !== undefined && { site: origins.includes(origin) ? origin : 'another' }

  /** A class, as each held poll keeps one. */
  class RequestAudit implements Audit {
    readonly request: FastifyRequest

    constructor (request: FastifyRequest) {
      this.request = request
    }

    record (step: Step): void {
      const { request } = this
      if (isRepeatable(step) && !refusalLines.allows(step.event, clientKeyOf(request), repeatablePerMinute)) return
      const line = { ...step, ...(request.signed !== null && { key: request.signed.keyId }), ip: addressOf(request), ...siteOf(request) }
      request.log.info(line, 'audit')
      steps?.add(Object.assign(line, { reqId: request.id })) // after the log, which has it in each line of the request
    }
  }

  app.decorateRequest('audit', { getter () { return new RequestAudit(this) } })
}, { name: 'audit' })

/** Records a refusal that is worth auditing. */
export const recordRefusal = ({ code }: Problem, request: FastifyRequest): void => {
  if (!refusals.has(code)) return
  if (request.signed === null && !request.server.refusalLines.allows(code, clientKeyOf(request), refusalsPerMinute)) return
  const { ticket } = request.params as { ticket?: string } // undefined on routes without tickets
  request.audit.record({
    event: 'refused',
    code,
    ...(ticket !== undefined && isId(ticket) && { ticket: startOf(ticket) }),
    ...(request.signed !== null && { sub: request.signed.sub }),
  })
}

declare module 'fastify' {
  interface FastifyInstance {
    readonly refusalLines: LogLimit
  }
  interface FastifyRequest {
    /** Records the steps that this request makes. */
    readonly audit: Audit
  }
}
