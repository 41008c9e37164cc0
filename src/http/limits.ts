/**
 * Rate limits per address and the networks around it, and per person. Counted in the store, so they hold across instances. A poll with the right
 * secret is never counted.
 */
import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { prefixesOf } from '../domain/address.ts'
import { Problem, type ProblemCode } from '../errors.ts'
import type { LimitKind } from '../domain/step.ts'
import type { Audit } from '../login/audit.ts'
import type { Clock } from '../login/ports.ts'
import type { LimitedWindow, Store } from '../login/store-port.ts'
import { createJsCodeQueue, isWrongJsCode } from './js-code-queue.ts'
import { createLimitCounts, type Windows } from './limit-counts.ts'
import { addressOf, wechatQuotaKeyOf } from './visitor.ts'

const windowMs = 60_000

/**
 * How much more a network may do than one address in it. 4: an IPv6 /56 is a home's line, with a network for guests. 16: an IPv4 /24 or IPv6 /48 is an office, a
 * school or a gateway of a carrier, with many at work at once; and with the defaults, tickets for three minutes at that rate are 2,880, fewer than the
 * twentieth of MAX_TICKETS that a network has.
 */
const lineFactor = 4
const networkFactor = 16

const factorOf = (index: number, count: number): number => index === count - 1 ? 1 : index === 0 ? networkFactor : lineFactor

/**
 * How many more renewals than new tickets there may be. With the defaults 60 people a minute begin, and each page renews its code for ten minutes without a
 * visitor at the most: 600 pages, which renew 225 tickets in a minute. A line has 3,600 tickets at the most with that, fewer than a network's share of MAX_TICKETS.
 */
const renewalFactor = 4

/** Answers to a secret, an id or a path that doesn't exist. */
const failedGuesses: ReadonlySet<ProblemCode> = new Set(['ticket-not-found', 'not-found'])

/** Each rejects with `store-unavailable` when nothing can be counted: otherwise attempts would be free. */
export interface Limits {
  /** Rejects with `rate-limited`, without asking the store, where neither a renewal nor another ticket may be made from this address. */
  beforeRenewal (request: FastifyRequest): Promise<void>
  /** Counts a ticket to be made from this address; a renewal apart, and like the others only where there were too many of them. Rejects with `rate-limited`. */
  beforeCreate (request: FastifyRequest, isRenewal: boolean): Promise<void>
  /** Counts a visitor whom an app has sent here to be logged in, apart from the tickets that follow. Rejects with `rate-limited`. */
  beforeAuthorization (request: FastifyRequest): Promise<void>
  /** Counts such a call of a person who is logged in, whatever their address. Rejects with `rate-limited`. */
  beforeAuthorizationOf (sub: string, audit: Audit): Promise<void>
  /** Whether `beforePhoneCall` rejects without asking the store. */
  isKnownOverForPhone (request: FastifyRequest): boolean
  /** Counts a signed call of this person. Rejects with `rate-limited`. */
  beforePhoneCall (request: FastifyRequest): Promise<void>
  /**
   * Does the work of a phone's login in the queue of its address, and counts a wrong js_code against the address and its networks. Each costs a call to
   * WeChat, but an address or network with many wrong ones is slowed down and never shut out. Rejects with `rate-limited` when the queue is full, and as the
   * work does.
   */
  duringPhoneLogin<T> (request: FastifyRequest, work: () => Promise<T>): Promise<T>
  /** Counts a guess from this address before it is judged, so that no right one is among those over the limit. Rejects with `rate-limited`. */
  beforeGuess (request: FastifyRequest): Promise<void>
  /**
   * Counts a failed guess from this address; returns the problem as it is, or `rate-limited` in its place. Without a store an unknown path stays `not-found`:
   * it discloses nothing.
   */
  countFailedGuess (problem: Problem, request: FastifyRequest): Promise<Problem>
}

export interface LimitOptions {
  readonly createPerMinute: number
  readonly guessPerMinute: number
  readonly phonePerMinute: number
  /** 32 bytes, the same for all instances. Hides addresses from who reads the store. */
  readonly key: Buffer
}

/** Registers the rate-limit plugin on the root of the app, with the store's counts. */
export const createLimits = async (app: FastifyInstance, store: Store, clock: Clock, options: LimitOptions): Promise<Limits> => {
  const storeKey = createSecretKey(options.key)
  /** The windows of a key of the plugin, the widest first: those of an address and the networks around it, or the one of a person. */
  const windowsOf = (key: string, max: number): Windows => {
    const [kind = '', who = ''] = key.split(' ')
    const names = kind === 'phone' ? [who] : prefixesOf(who)
    return names.map((name, index) => ({
      key: storeKeyOf(storeKey, kind, name),
      limit: max * factorOf(index, names.length),
    })) as [LimitedWindow, ...LimitedWindow[]] // there is at least one name
  }
  const counts = createLimitCounts(store, clock, windowsOf)
  // `ban: 1`: to the plugin every refusal after the first is a ban. That tells the first call over a limit, which the audit records, from later ones.
  await app.register(rateLimit, { global: false, store: counts.Store, timeWindow: windowMs, ban: 1 })

  const limiter = (kind: LimitKind, max: number, whoOf: (request: FastifyRequest) => string = addressOf): Limit => {
    const count = app.createRateLimit({ max, keyGenerator: (request) => limitKey(kind, whoOf(request)) })
    return async (request) => {
      const result = await count(request)
      if (result.isAllowed || !result.isExceeded) return undefined
      if (!result.isBanned) request.audit.record({ event: 'limit.hit', limit: kind, ...(request.signed !== null && { sub: request.signed.sub }) })
      return new Problem('rate-limited', { retryAfterSeconds: Math.max(1, result.ttlInSeconds) })
    }
  }
  const create = limiter('create', options.createPerMinute)
  const renewPerMinute = options.createPerMinute * renewalFactor
  const renew = limiter('renew', renewPerMinute)
  const authorize = limiter('authorize', options.createPerMinute)
  const guess = limiter('guess', options.guessPerMinute)
  const wrongJsCode = limiter('js-code', options.guessPerMinute) // apart from the others: a phone shares its carrier's address with many
  const phone = limiter('phone', options.phonePerMinute, signerSubOf)

  /** The queue of a phone, and whether too many js_codes were wrong there: an IPv6 /48, an IPv4 address, or its network once that is over its limit. */
  const queueOf = async (request: FastifyRequest): Promise<{ queueKey: string, network: string, isOverLimit: boolean }> => {
    const address = addressOf(request)
    const [network] = prefixesOf(address)
    const windows = windowsOf(limitKey('js-code', address), options.guessPerMinute)
    const over = await counts.firstOver(windows)
    const queueKey = over === windows[0] ? network : wechatQuotaKeyOf(address)
    return { queueKey, network, isOverLimit: over !== undefined }
  }

  const queue = createJsCodeQueue(clock)

  const before = async (limit: Limit, request: FastifyRequest): Promise<void> => {
    const problem = await limit(request)
    if (problem !== undefined) throw problem
  }

  return {
    beforeRenewal: async (request) => {
      const isOver = (kind: LimitKind, max: number): boolean => counts.isKnownOver(windowsOf(limitKey(kind, addressOf(request)), max))
      if (isOver('renew', renewPerMinute) && isOver('create', options.createPerMinute)) await before(create, request)
    },
    beforeCreate: async (request, isRenewal) => {
      if (!isRenewal || await renew(request) !== undefined) await before(create, request)
    },
    beforeAuthorization: (request) => before(authorize, request),
    beforeAuthorizationOf: async (sub, audit) => {
      const limit = options.createPerMinute
      const { count, endsInMs } = await store.countAgainstLimits([{ key: storeKeyOf(storeKey, 'authorize', sub), limit }], windowMs)
      if (count === limit + 1) audit.record({ event: 'limit.hit', limit: 'authorize', sub })
      if (count > limit) throw new Problem('rate-limited', { retryAfterSeconds: Math.max(1, Math.ceil(endsInMs / 1000)) })
    },
    isKnownOverForPhone: (request) => counts.isKnownOver(windowsOf(limitKey('phone', signerSubOf(request)), options.phonePerMinute)),
    beforePhoneCall: (request) => before(phone, request),
    duringPhoneLogin: async (request, work) => {
      const { isOverLimit, ...keys } = await queueOf(request)
      const caller = { ...keys, device: (request.headers['user-agent'] ?? '').slice(0, 256) }
      return await queue.run(caller, isOverLimit, async () => {
        try {
          return await work()
        } catch (error) {
          if (isWrongJsCode(error)) await wrongJsCode(request)
          throw error
        }
      })
    },
    beforeGuess: (request) => before(guess, request),
    countFailedGuess: async (problem, request) => {
      // A signed call counts against its person already; many phones share one address of their carrier.
      if (!failedGuesses.has(problem.code) || request.signed !== null) return problem
      try {
        return await guess(request) ?? problem
      } catch (error) {
        if (problem.code === 'not-found') return problem
        throw error
      }
    },
  }
}

/** Counts a call; returns a problem where there were too many. */
type Limit = (request: FastifyRequest) => Promise<Problem | undefined>

/** Of signed calls alone. */
const signerSubOf = ({ signed }: FastifyRequest): string => signed?.sub ?? ''

/** A key of the plugin. A kind and an address or a `sub` hold no space. */
const limitKey = (kind: LimitKind, who: string): string => `${kind} ${who}`

const storeKeyOf = (key: KeyObject, kind: string, who: string): string =>
  `limit:${createHmac('sha256', key).update(`limit\0${kind}\0${who}`).digest().subarray(0, 16).toString('base64url')}`
