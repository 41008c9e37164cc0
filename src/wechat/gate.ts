/**
 * Which calls to one endpoint of WeChat's may be made just now: a bounded number at a time, and after a refusal fewer, first from whoever
 * asked most. Each instance learns this from its own calls. A client key is whom a call is made for; '' where nobody is known.
 */
import { LRUCache } from 'lru-cache'
import { expireAfter, maxEntries } from '../cache-options.ts'
import type { Clock } from '../login/ports.ts'
import { WechatFault } from './fault.ts'

export interface Gate {
  /** Lets a call through. Throws a `WechatFault` that says when to come back, and then costs nobody anything. */
  enter (clientKey: string): Passage
}

/** One call under way; exactly one of these is called at its end. */
export interface Passage {
  /** It was not made after all. */
  abandoned (): void
  succeeded (): void
  /**
   * Gives the fault as the caller is to be told, with the wait that it has begun. `isPersonal`: the limit is one person's, not ours. A refused js_code or
   * person is an answer, and counts as success: strangers bring such js_codes, and could else keep up a wait by them.
   */
  failed (fault: WechatFault, isPersonal?: boolean): WechatFault
}

export interface GateOptions {
  readonly clock: Pick<Clock, 'steady'>
  /** Calls at a time. */
  readonly maxUnderWay: number
  /** Of these, for one client key. */
  readonly maxUnderWayPerKey: number
  /** Whether calls without a usable answer, several in a row, begin a wait; not where each is worth a try of its own. */
  readonly waitsForAnswers: boolean
}

interface Wait {
  readonly ms: number
  readonly until: number
  readonly fault: WechatFault
}

const firstWaitMs = 1000
/** For an endpoint that gives no usable answer: it may be well again at any moment. */
const longestWaitForAnswersMs = 8000
const failuresInARow = 3
/** Calls count as lately made for this long, as WeChat's own limits are by the minute. */
const latelyMs = 60_000
/** With fewer calls lately a client key is never the cause of a refusal. */
const leastOfHeavy = 8
/** For how many client keys calls and waits are remembered. */
const maxKeys = 10_000
const waitKeptMs = 600_000

export const createGate = ({ clock, maxUnderWay, maxUnderWayPerKey, waitsForAnswers }: GateOptions): Gate => {
  const lately = new LRUCache<string, { calls: number }>({ ...maxEntries(maxKeys), ...expireAfter(latelyMs, clock) })
  const waits = new LRUCache<string, Wait>({ ...maxEntries(maxKeys), ...expireAfter(waitKeptMs, clock) })
  const underWay = new Map<string, number>()
  let inAll = 0
  /** For everybody, after calls of those failed who had asked little; ends with a success. */
  let common: Wait | undefined
  /** What only the operator can mend. */
  let broken: Wait | undefined
  let failures = 0
  let entered = 0
  /** The last call that had begun when the last wait did: an older one that fails tells nothing new. */
  let heardUpTo = 0

  const throwLeft = (wait: Wait | undefined): void => {
    if (wait !== undefined && wait.until > clock.steady()) throw again(wait.fault, wait.until - clock.steady())
  }

  const enter = (clientKey: string): Passage => {
    const own = waits.get(clientKey)
    const ofKey = underWay.get(clientKey) ?? 0
    for (const wait of [broken, common, own]) throwLeft(wait)
    // After a wait the first call is a probe, and the others come when it has succeeded.
    if (common !== undefined && inAll > 0) throw again(common.fault, firstWaitMs)
    if (own !== undefined && ofKey > 0) throw again(own.fault, firstWaitMs)
    if (inAll >= maxUnderWay || (clientKey !== '' && ofKey >= maxUnderWayPerKey)) throw new WechatFault('too many calls to WeChat are under way', { retryAfterSeconds: 2 })
    inAll++
    underWay.set(clientKey, ofKey + 1)
    const recent = lately.get(clientKey)
    if (recent === undefined) lately.set(clientKey, { calls: 1 })
    else recent.calls++
    return passage(clientKey, ++entered)
  }

  const leave = (clientKey: string): void => {
    inAll--
    const left = (underWay.get(clientKey) ?? 1) - 1
    if (left > 0) underWay.set(clientKey, left)
    else underWay.delete(clientKey)
  }

  const passage = (clientKey: string, number: number): Passage => ({
    abandoned: () => { leave(clientKey) },
    succeeded: () => {
      leave(clientKey)
      answered(clientKey, number)
    },
    failed: (fault, isPersonal = false) => {
      leave(clientKey)
      if (fault.remedy === 'js-code' || fault.remedy === 'blocked') {
        answered(clientKey, number)
      } else if (fault.remedy === 'operator') {
        broken = { ms: fault.retryAfterSeconds * 1000, until: clock.steady() + fault.retryAfterSeconds * 1000, fault }
      } else if (fault.remedy === 'rate-limit') {
        return isPersonal ? fault : refused(clientKey, number, fault)
      } else if (waitsForAnswers && (fault.remedy === undefined || fault.remedy === 'retry') && number > heardUpTo && ++failures >= failuresInARow) {
        common = longer(common, fault, longestWaitForAnswersMs)
        heardUpTo = entered
      }
      return fault
    },
  })

  const answered = (clientKey: string, number: number): void => {
    if (number <= heardUpTo) return
    failures = 0
    common = undefined
    waits.delete(clientKey)
  }

  const refused = (clientKey: string, number: number, fault: WechatFault): WechatFault => {
    const longestMs = fault.retryAfterSeconds * 1000
    if (number > heardUpTo) {
      heardUpTo = entered
      const heavy = heaviest()
      for (const key of heavy) waits.set(key, longer(waits.get(key), fault, longestMs))
      if (!heavy.includes(clientKey)) common = longer(common, fault, longestMs)
    }
    const until = Math.max(waits.get(clientKey)?.until ?? 0, common?.until ?? 0)
    return again(fault, Math.max(firstWaitMs, until - clock.steady()))
  }

  /** Who asked most lately, of those who don't wait already: at least half as often as the first among them. */
  const heaviest = (): string[] => {
    const now = clock.steady()
    const free = [...lately.entries()].filter(([key]) => (waits.get(key)?.until ?? 0) <= now)
    const most = free.reduce((max, [, { calls }]) => Math.max(max, calls), 0)
    return free.filter(([, { calls }]) => calls >= Math.max(leastOfHeavy, most / 2)).map(([key]) => key)
  }

  const longer = (before: Wait | undefined, fault: WechatFault, longestMs: number): Wait => {
    const ms = Math.min(longestMs, before === undefined ? firstWaitMs : before.ms * 2)
    return { ms, until: clock.steady() + ms, fault }
  }

  return { enter }
}

const again = (fault: WechatFault, waitMs: number): WechatFault =>
  new WechatFault(fault.message, { errcode: fault.errcode, rid: fault.rid, remedy: fault.remedy, retryAfterSeconds: Math.ceil(waitMs / 1000) })
