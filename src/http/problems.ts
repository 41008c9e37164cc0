/** Errors as problems (RFC 9457), without stack traces or names of libraries. */
import fp from 'fastify-plugin'
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { Problem, problemTypes, type ProblemCode } from '../errors.ts'
import type { Clock, Log } from '../login/ports.ts'
import { createAllowedMethods } from './allowed-methods.ts'
import { recordRefusal } from './audit.ts'
import type { Limits } from './limits.ts'
import { createLogLimit, type LogLimit } from '../log-limit.ts'

/** The codes of Fastify's own errors, by status. */
const byStatus: Readonly<Record<number, ProblemCode>> = {
  404: 'not-found',
  405: 'method-not-allowed',
  413: 'payload-too-large',
  415: 'unsupported-media-type',
}

type UnauthorizedCode = { [Code in ProblemCode]: (typeof problemTypes)[Code]['status'] extends 401 ? Code : never }[ProblemCode]

/**
 * `WWW-Authenticate` of each 401 (RFC 9110 §15.5.2); the type demands an entry for every code with that status. Only `Bearer` is a registered scheme, the others
 * name the signature and the js_code of the phone's calls (README.md#api). Browsers open no dialog for any of them.
 */
const challenges: Readonly<Record<UnauthorizedCode, string>> = {
  unauthenticated: 'Bearer',
  'signature-invalid': 'Signature tag="scan-login"',
  'clock-skew': 'Signature tag="scan-login"',
  replayed: 'Signature tag="scan-login"',
  'key-unknown': 'Signature tag="scan-login"',
  'js-code-invalid': 'WeChat-js-code',
}

const isUnauthorized = (code: ProblemCode): code is UnauthorizedCode => problemTypes[code].status === 401

/** Converts what was thrown to a Problem. */
export const asProblem = (error: Partial<FastifyError>): Problem => {
  if (error instanceof Problem) return error
  if (error.validation !== undefined) return new Problem('bad-request', { detail: firstOf(String(error.message)) })
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) return new Problem(byStatus[status] ?? 'bad-request')
  return new Problem('internal', { cause: error })
}

/** The validator's first message names the member and what it must be; the others are about the branches of a schema. */
const firstOf = (messages: string): string => messages.replace(/, .*/s, '')

/** The body of a problem. */
export const problemBody = (problem: Problem, requestId: string): Record<string, string | number> => ({
  type: `urn:scan-login:problem:${problem.code}`,
  title: problemTypes[problem.code].title,
  status: problem.status,
  detail: problem.message,
  code: problem.code,
  request_id: requestId,
  ...problem.extra,
})

/** Failures of one code that are logged each minute, of all clients together; the rest are one line with their number. Strangers can cause some, and repeat all. */
const failuresPerMinute = 60

/** WeChat's failures are logged where it is called, once a minute and not for each visitor. */
type FailureCode = Exclude<{ [Code in ProblemCode]: (typeof problemTypes)[Code]['status'] extends 500 | 503 ? Code : never }[ProblemCode], 'wechat-unavailable'>

const isFailure = (code: ProblemCode): code is FailureCode => problemTypes[code].status >= 500 && code !== 'wechat-unavailable'

/** Sends a problem. Our own failures are logged with their cause, which is never sent. */
export const sendProblem = (problem: Problem, request: FastifyRequest, reply: FastifyReply): FastifyReply => {
  const { code } = problem
  const log: Log & Pick<FastifyBaseLogger, 'debug'> = request.log
  if (isFailure(code) && request.server.failureLines.allows(code, 'anybody', failuresPerMinute)) log.error({ code, err: problem.cause ?? problem }, problem.message)
  else log.debug({ code }, problem.message)
  if (isUnauthorized(code)) reply.header('www-authenticate', challenges[code])
  if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', Math.ceil(problem.retryAfterSeconds))
  reply.code(problem.status).header('cache-control', 'no-store')
  const page = request.server.refusalPage(problem, request, reply)
  if (page !== null) return reply.type('text/html; charset=utf-8').send(page)
  return reply
    .type('application/problem+json')
    .send(problemBody(problem, request.id))
}

/** Answers errors, unknown paths and wrong methods. Counts failed guesses against their address, and records refusals in the audit. */
export const problemsPlugin = fp<{ limits: Limits, clock: Clock }>(async (app, { limits, clock }) => {
  const log: Log = app.log
  const failureLines = createLogLimit<FailureCode>(clock, (code, _client, repeated) => { log.error({ code, repeated }, 'further failures were logged at debug level') })
  app.decorate('failureLines', failureLines)
  app.addHook('onClose', async () => { failureLines.flush() })

  const allowedMethods = createAllowedMethods(app)

  const unknownRoute = (request: FastifyRequest, reply: FastifyReply): Problem => {
    const allowed = allowedMethods(request.url)
    if (allowed.length === 0) return new Problem('not-found')
    reply.header('allow', allowed.join(', '))
    return new Problem('method-not-allowed')
  }

  const answer = async (error: Problem, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    recordRefusal(error, request)
    const problem = await limits.countFailedGuess(error, request).catch(asProblem)
    return reply.sent ? reply : sendProblem(problem, request, reply) // the deadline may have answered meanwhile
  }

  app.setErrorHandler<FastifyError>((error, request, reply) => answer(asProblem(error), request, reply))
  app.setNotFoundHandler((request, reply) => answer(unknownRoute(request, reply), request, reply))
  // Before the body is read: without a route its form doesn't matter.
  app.addHook('preParsing', (request, reply, _payload, done) => {
    if (request.is404) throw unknownRoute(request, reply)
    done()
  })
}, { name: 'problems' })

declare module 'fastify' {
  interface FastifyInstance {
    readonly failureLines: LogLimit<FailureCode>
  }
}
