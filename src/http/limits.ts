/** Owns how often: tickets per address, guesses per address, signed calls per person. A poll with the right secret is never counted. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Problem, type ProblemCode } from '../errors.ts'

/** So many addresses or people are remembered at a time; whoever is forgotten starts anew. */
const remembered = 100_000

/** Answers that show that somebody tried a secret, an id or a path that isn't there. */
const failedGuesses: ReadonlySet<ProblemCode> = new Set(['ticket-not-found', 'not-found'])

export interface Limits {
  /** Counts a ticket to be made from this address. Rejects with `rate-limited`. */
  beforeCreate (request: FastifyRequest): Promise<void>
  /** Counts a signed call of this person. Rejects with `rate-limited`. */
  beforePhoneCall (request: FastifyRequest): Promise<void>
  /** Rejects with `rate-limited` while too many js_codes from this address were wrong: each costs us a call to WeChat. */
  beforePhoneLogin (request: FastifyRequest): Promise<void>
  /** Counts a failed guess from this address: gives back the problem as it is, or `rate-limited` in its place. */
  afterGuess (problem: Problem, request: FastifyRequest): Promise<Problem>
}

export interface LimitOptions {
  readonly createPerMinute: number
  readonly guessPerMinute: number
  readonly phonePerMinute: number
}

/** Sets the limits up on the root of the app, per process. */
export const createLimits = async (app: FastifyInstance, options: LimitOptions): Promise<Limits> => {
  await app.register(rateLimit, { global: false })
  const limiter = (max: number, keyGenerator?: (request: FastifyRequest) => string) => {
    const limit = { max, timeWindow: 60_000, cache: remembered, ...(keyGenerator && { keyGenerator }) } // the plugin reads `cache`; its types leave it out
    return app.createRateLimit(limit)
  }
  const create = limiter(options.createPerMinute)
  const guess = limiter(options.guessPerMinute)
  const wrongJsCode = limiter(options.guessPerMinute) // apart from the others: a phone shares its carrier's address with many
  const phone = limiter(options.phonePerMinute, (request) => request.person)

  const excess = async (limit: typeof create, request: FastifyRequest, increment = true): Promise<Problem | undefined> => {
    const count = await limit(request, { increment })
    return count.isAllowed || !count.isExceeded ? undefined : new Problem('rate-limited', { retryAfterSeconds: Math.max(1, count.ttlInSeconds) })
  }
  const before = async (limit: typeof create, request: FastifyRequest, increment = true): Promise<void> => {
    const problem = await excess(limit, request, increment)
    if (problem !== undefined) throw problem
  }

  return {
    beforeCreate: (request) => before(create, request),
    beforePhoneCall: (request) => before(phone, request),
    beforePhoneLogin: (request) => before(wrongJsCode, request, false),
    afterGuess: async (problem, request) => {
      // A signed call is counted against its person already; many phones share one address of their carrier.
      if (problem.code === 'js-code-invalid') return await excess(wrongJsCode, request) ?? problem
      if (!failedGuesses.has(problem.code) || request.person !== '') return problem
      return await excess(guess, request) ?? problem
    },
  }
}
