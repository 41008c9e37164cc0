/**
 * Limits the calls to one endpoint of WeChat: a bounded number at a time and, after a refusal, a backoff, first for the quota keys with the most recent calls.
 * Each instance learns from its own calls only. The quota key says for whom a call is made (an IPv4 address or an IPv6 /48); '' where that is unknown.
 */
import { LRUCache } from 'lru-cache'
import { expireAfter, maxEntries } from '../cache-options.ts'
import type { Clock } from '../login/ports.ts'
import { WechatFault } from './fault.ts'

export interface Gate {
  /** Permits a call. Throws a `WechatFault` with the time to wait where the call may not be made. */
  acquire (quotaKey: string): Permit
}

/** One permitted call. Exactly one of these is called when it is over. */
export interface Permit {
  /** The call was not made. */
  abandoned (): void
  succeeded (): void
  /**
   * Returns the fault for the caller, with the backoff that the failure began. `isPersonal`: the limit is that of one person. A refused js_code or person
   * counts as a success: strangers can send such js_codes, and could otherwise prolong a backoff.
   */
  failed (fault: WechatFault, isPersonal?: boolean): WechatFault
}

export interface GateOptions {
  readonly clock: Pick<Clock, 'steady'>
  /** Calls at a time. */
  readonly maxUnderWay: number
  /** Of these, for one quota key. */
  readonly maxUnderWayPerKey: number
  /** Whether several calls in a row without a usable answer begin a backoff. False where each call is worth its own try. */
  readonly backsOffAfterNoAnswer: boolean
}

interface Backoff {
  readonly ms: number
  readonly until: number
  readonly fault: WechatFault
}

const firstBackoffMs = 1000
/** For an endpoint without usable answers: it may recover at any moment. */
const longestNoAnswerBackoffMs = 8000
const failuresBeforeBackoff = 3
/** WeChat's own limits are per minute. */
const recentMs = 60_000
/** A quota key with fewer recent calls never counts as the cause of a refusal. */
const fewestHeavyCalls = 8
/** Quota keys whose calls and backoffs are remembered. */
const maxKeys = 10_000
const backoffKeptMs = 600_000

export const createGate = ({ clock, maxUnderWay, maxUnderWayPerKey, backsOffAfterNoAnswer }: GateOptions): Gate => {
  const recent = new LRUCache<string, { calls: number }>({ ...maxEntries(maxKeys), ...expireAfter(recentMs, clock) })
  const backoffsByKey = new LRUCache<string, Backoff>({ ...maxEntries(maxKeys), ...expireAfter(backoffKeptMs, clock) })
  const underWayByKey = new Map<string, number>()
  let underWay = 0
  /** For everybody, after failures that no heavy quota key explains; a success ends it. */
  let sharedBackoff: Backoff | undefined
  /** For everybody, until the operator may have fixed the cause. */
  let operatorBackoff: Backoff | undefined
  let failuresInARow = 0
  let lastNumber = 0
  /** The newest call when the last backoff began: the outcome of a call up to this one says nothing new. */
  let lastBeforeBackoff = 0

  const throwDuring = (backoff: Backoff | undefined): void => {
    if (backoff !== undefined && backoff.until > clock.steady()) throw withRetryAfter(backoff.fault, backoff.until - clock.steady())
  }

  const acquire = (quotaKey: string): Permit => {
    const ownBackoff = backoffsByKey.get(quotaKey)
    const ofKey = underWayByKey.get(quotaKey) ?? 0
    for (const backoff of [operatorBackoff, sharedBackoff, ownBackoff]) throwDuring(backoff)
    // The first call after a backoff is a probe; others are permitted once it has succeeded.
    if (sharedBackoff !== undefined && underWay > 0) throw withRetryAfter(sharedBackoff.fault, firstBackoffMs)
    if (ownBackoff !== undefined && ofKey > 0) throw withRetryAfter(ownBackoff.fault, firstBackoffMs)
    if (underWay >= maxUnderWay || (quotaKey !== '' && ofKey >= maxUnderWayPerKey)) throw new WechatFault('too many calls to WeChat are under way', { retryAfterSeconds: 2 })
    underWay++
    underWayByKey.set(quotaKey, ofKey + 1)
    const ofKeyRecently = recent.get(quotaKey)
    if (ofKeyRecently === undefined) recent.set(quotaKey, { calls: 1 })
    else ofKeyRecently.calls++
    return permit(quotaKey, ++lastNumber)
  }

  const release = (quotaKey: string): void => {
    underWay--
    const left = (underWayByKey.get(quotaKey) ?? 1) - 1
    if (left > 0) underWayByKey.set(quotaKey, left)
    else underWayByKey.delete(quotaKey)
  }

  const permit = (quotaKey: string, number: number): Permit => ({
    abandoned: () => { release(quotaKey) },
    succeeded: () => {
      release(quotaKey)
      endBackoffs(quotaKey, number)
    },
    failed: (fault, isPersonal = false) => {
      release(quotaKey)
      if (fault.remedy === 'js-code' || fault.remedy === 'blocked') {
        endBackoffs(quotaKey, number)
      } else if (fault.remedy === 'operator') {
        operatorBackoff = { ms: fault.retryAfterSeconds * 1000, until: clock.steady() + fault.retryAfterSeconds * 1000, fault }
      } else if (fault.remedy === 'rate-limit') {
        return isPersonal ? fault : beginBackoffs(quotaKey, number, fault)
      } else if (backsOffAfterNoAnswer && (fault.remedy === undefined || fault.remedy === 'retry') && number > lastBeforeBackoff && ++failuresInARow >= failuresBeforeBackoff) {
        sharedBackoff = nextBackoff(sharedBackoff, fault, longestNoAnswerBackoffMs)
        lastBeforeBackoff = lastNumber
      }
      return fault
    },
  })

  const endBackoffs = (quotaKey: string, number: number): void => {
    if (number <= lastBeforeBackoff) return
    failuresInARow = 0
    sharedBackoff = undefined
    backoffsByKey.delete(quotaKey)
  }

  const beginBackoffs = (quotaKey: string, number: number, fault: WechatFault): WechatFault => {
    const longestMs = fault.retryAfterSeconds * 1000
    if (number > lastBeforeBackoff) {
      lastBeforeBackoff = lastNumber
      const heavy = heavyKeys()
      for (const key of heavy) backoffsByKey.set(key, nextBackoff(backoffsByKey.get(key), fault, longestMs))
      if (!heavy.includes(quotaKey)) sharedBackoff = nextBackoff(sharedBackoff, fault, longestMs)
    }
    const until = Math.max(backoffsByKey.get(quotaKey)?.until ?? 0, sharedBackoff?.until ?? 0)
    return withRetryAfter(fault, Math.max(firstBackoffMs, until - clock.steady()))
  }

  /** Quota keys with the most recent calls, or at least half as many, of those that aren't backing off already. */
  const heavyKeys = (): string[] => {
    const now = clock.steady()
    const free = [...recent.entries()].filter(([key]) => (backoffsByKey.get(key)?.until ?? 0) <= now)
    const most = free.reduce((max, [, { calls }]) => Math.max(max, calls), 0)
    return free.filter(([, { calls }]) => calls >= Math.max(fewestHeavyCalls, most / 2)).map(([key]) => key)
  }

  const nextBackoff = (before: Backoff | undefined, fault: WechatFault, longestMs: number): Backoff => {
    const ms = Math.min(longestMs, before === undefined ? firstBackoffMs : before.ms * 2)
    return { ms, until: clock.steady() + ms, fault }
  }

  return { acquire }
}

const withRetryAfter = ({ message, errcode, rid, remedy }: WechatFault, backoffMs: number): WechatFault =>
  new WechatFault(message, { errcode, rid, remedy, retryAfterSeconds: Math.ceil(backoffMs / 1000) })
