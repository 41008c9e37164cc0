/**
 * Limits the calls to one endpoint of WeChat: a bounded number at a time and, after a refusal, waits, first for the client keys with the most recent calls.
 * Each instance learns from its own calls only. The client key says for whom a call is made; '' where that is unknown.
 */
import { LRUCache } from 'lru-cache'
import { expireAfter, maxEntries } from '../cache-options.ts'
import type { Clock } from '../login/ports.ts'
import { WechatFault } from './fault.ts'

export interface Gate {
  /** Permits a call. Throws a `WechatFault` with the time to wait where the call may not be made. */
  acquire (clientKey: string): Permit
}

/** One permitted call. Exactly one of these is called when it is over. */
export interface Permit {
  /** The call was not made. */
  abandoned (): void
  succeeded (): void
  /**
   * Returns the fault for the caller, with the wait that the failure began. `isPersonal`: the limit is that of one person. A refused js_code or person
   * counts as a success: strangers can send such js_codes, and could otherwise keep a wait going.
   */
  failed (fault: WechatFault, isPersonal?: boolean): WechatFault
}

export interface GateOptions {
  readonly clock: Pick<Clock, 'steady'>
  /** Calls at a time. */
  readonly maxUnderWay: number
  /** Of these, for one client key. */
  readonly maxUnderWayPerKey: number
  /** Whether several calls in a row without a usable answer begin a wait. False where each call is worth its own try. */
  readonly waitsAfterNoAnswer: boolean
}

interface Wait {
  readonly ms: number
  readonly until: number
  readonly fault: WechatFault
}

const firstWaitMs = 1000
/** For an endpoint without usable answers: it may recover at any moment. */
const longestNoAnswerWaitMs = 8000
const failuresBeforeWait = 3
/** WeChat's own limits are per minute. */
const recentMs = 60_000
/** A client key with fewer recent calls never counts as the cause of a refusal. */
const fewestHeavyCalls = 8
/** Client keys whose calls and waits are remembered. */
const maxKeys = 10_000
const waitKeptMs = 600_000

export const createGate = ({ clock, maxUnderWay, maxUnderWayPerKey, waitsAfterNoAnswer }: GateOptions): Gate => {
  const recent = new LRUCache<string, { calls: number }>({ ...maxEntries(maxKeys), ...expireAfter(recentMs, clock) })
  const waitsByKey = new LRUCache<string, Wait>({ ...maxEntries(maxKeys), ...expireAfter(waitKeptMs, clock) })
  const underWayByKey = new Map<string, number>()
  let underWay = 0
  /** For everybody, after failures that no heavy client key explains; a success ends it. */
  let sharedWait: Wait | undefined
  /** For everybody, until the operator may have fixed the cause. */
  let operatorWait: Wait | undefined
  let failuresInARow = 0
  let lastNumber = 0
  /** The newest call when the last wait began: the outcome of a call up to this one says nothing new. */
  let lastBeforeWait = 0

  const throwDuring = (wait: Wait | undefined): void => {
    if (wait !== undefined && wait.until > clock.steady()) throw withWait(wait.fault, wait.until - clock.steady())
  }

  const acquire = (clientKey: string): Permit => {
    const ownWait = waitsByKey.get(clientKey)
    const ofKey = underWayByKey.get(clientKey) ?? 0
    for (const wait of [operatorWait, sharedWait, ownWait]) throwDuring(wait)
    // The first call after a wait is a probe; others are permitted once it has succeeded.
    if (sharedWait !== undefined && underWay > 0) throw withWait(sharedWait.fault, firstWaitMs)
    if (ownWait !== undefined && ofKey > 0) throw withWait(ownWait.fault, firstWaitMs)
    if (underWay >= maxUnderWay || (clientKey !== '' && ofKey >= maxUnderWayPerKey)) throw new WechatFault('too many calls to WeChat are under way', { retryAfterSeconds: 2 })
    underWay++
    underWayByKey.set(clientKey, ofKey + 1)
    const ofKeyRecently = recent.get(clientKey)
    if (ofKeyRecently === undefined) recent.set(clientKey, { calls: 1 })
    else ofKeyRecently.calls++
    return permit(clientKey, ++lastNumber)
  }

  const release = (clientKey: string): void => {
    underWay--
    const left = (underWayByKey.get(clientKey) ?? 1) - 1
    if (left > 0) underWayByKey.set(clientKey, left)
    else underWayByKey.delete(clientKey)
  }

  const permit = (clientKey: string, number: number): Permit => ({
    abandoned: () => { release(clientKey) },
    succeeded: () => {
      release(clientKey)
      endWaits(clientKey, number)
    },
    failed: (fault, isPersonal = false) => {
      release(clientKey)
      if (fault.remedy === 'js-code' || fault.remedy === 'blocked') {
        endWaits(clientKey, number)
      } else if (fault.remedy === 'operator') {
        operatorWait = { ms: fault.retryAfterSeconds * 1000, until: clock.steady() + fault.retryAfterSeconds * 1000, fault }
      } else if (fault.remedy === 'rate-limit') {
        return isPersonal ? fault : beginWaits(clientKey, number, fault)
      } else if (waitsAfterNoAnswer && (fault.remedy === undefined || fault.remedy === 'retry') && number > lastBeforeWait && ++failuresInARow >= failuresBeforeWait) {
        sharedWait = nextWait(sharedWait, fault, longestNoAnswerWaitMs)
        lastBeforeWait = lastNumber
      }
      return fault
    },
  })

  const endWaits = (clientKey: string, number: number): void => {
    if (number <= lastBeforeWait) return
    failuresInARow = 0
    sharedWait = undefined
    waitsByKey.delete(clientKey)
  }

  const beginWaits = (clientKey: string, number: number, fault: WechatFault): WechatFault => {
    const longestMs = fault.retryAfterSeconds * 1000
    if (number > lastBeforeWait) {
      lastBeforeWait = lastNumber
      const heavy = heavyKeys()
      for (const key of heavy) waitsByKey.set(key, nextWait(waitsByKey.get(key), fault, longestMs))
      if (!heavy.includes(clientKey)) sharedWait = nextWait(sharedWait, fault, longestMs)
    }
    const until = Math.max(waitsByKey.get(clientKey)?.until ?? 0, sharedWait?.until ?? 0)
    return withWait(fault, Math.max(firstWaitMs, until - clock.steady()))
  }

  /** Client keys with the most recent calls, or at least half as many, of those that don't wait already. */
  const heavyKeys = (): string[] => {
    const now = clock.steady()
    const free = [...recent.entries()].filter(([key]) => (waitsByKey.get(key)?.until ?? 0) <= now)
    const most = free.reduce((max, [, { calls }]) => Math.max(max, calls), 0)
    return free.filter(([, { calls }]) => calls >= Math.max(fewestHeavyCalls, most / 2)).map(([key]) => key)
  }

  const nextWait = (before: Wait | undefined, fault: WechatFault, longestMs: number): Wait => {
    const ms = Math.min(longestMs, before === undefined ? firstWaitMs : before.ms * 2)
    return { ms, until: clock.steady() + ms, fault }
  }

  return { acquire }
}

const withWait = ({ message, errcode, rid, remedy }: WechatFault, waitMs: number): WechatFault =>
  new WechatFault(message, { errcode, rid, remedy, retryAfterSeconds: Math.ceil(waitMs / 1000) })
