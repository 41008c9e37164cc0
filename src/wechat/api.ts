/** Calls to WeChat's API: their deadlines, retries and limits, and which faults are logged. */
import { sleep, withDeadline } from '../deadline.ts'
import type { Clock, Log } from '../login/ports.ts'
import { failureReason } from '../outgoing/failure-reason.ts'
import { parseAnswer, type WechatAnswer } from './answer.ts'
import { maxUnderWay, type WechatDispatchers } from './dispatchers.ts'
import { paths, type Endpoint } from './endpoints.ts'
import type { Remedy } from './errcodes.ts'
import { exchange } from './exchange.ts'
import { WechatFault } from './fault.ts'
import { createGate, type Gate, type Permit } from './gate.ts'
import { watchedAttempt, type OnWechatCall } from './watched-attempt.ts'

export interface WechatCall<T> {
  readonly endpoint: Endpoint
  readonly query?: Readonly<Record<string, string>>
  /** The body of a POST. Without it the call is a GET. */
  readonly json?: object
  /** When the call gives up, by the steady clock. */
  readonly deadlineAt: number
  /** For whom the call is made, to share WeChat's quota fairly; '' or missing where that is unknown. */
  readonly quotaKey?: string
  /** Accounts for one call before it is made, and returns a function that undoes this where the call fails. Where it rejects, no call is made. */
  readonly charge?: () => Promise<() => Promise<void>>
  /** Picks the result from the answer. Undefined where the answer lacks it: the call has failed then. */
  readonly read: (answer: WechatAnswer) => T | undefined
  /** Refusals that the caller handles: they are not logged. */
  readonly handledByCaller?: readonly Remedy[]
  /** True where the call must not be made a second time, even after an answered -1. */
  readonly noRetry?: boolean
  /** True where a limit per minute may be one person's own: the others need not back off then. */
  readonly limitedByPerson?: boolean
}

export interface WechatApi {
  /**
   * Calls WeChat. Only after an answered -1 is the call retried: only then is it sure that nothing was carried out. A call that is lost with a kept connection
   * is repeated below this (`kept-connections`). Rejects with a `WechatFault`, which is logged already where it concerns the operator.
   */
  call<T> (call: WechatCall<T>): Promise<T>
  /** Aborts the calls under way. */
  close (): void
}

export interface WechatApiOptions {
  /** The official host, a gateway or a simulator; may have a path. */
  readonly apiUrl: string
  readonly dispatchers: WechatDispatchers
  /** The HTTP proxy through which the dispatchers call; null for none. */
  readonly proxyHost: string | null
  readonly clock: Clock
  readonly log: Log
  /** From connecting to the last byte. */
  readonly callTimeoutMs: number
  /** Hears of each call as it went to WeChat. */
  readonly onCall?: OnWechatCall | undefined
}

const backoffsMs = [300, 900]
/** With less time than this left, a retry is not worth it. */
const shortestCallMs = 500
/** The time for all calls to WeChat and the store that one request needs. Clients get every error within 6 s; the difference is for a busy machine. */
export const budgetMs = 4_500

export const createWechatApi = ({ apiUrl, dispatchers, proxyHost, clock, log, callTimeoutMs, onCall }: WechatApiOptions): WechatApi => {
  const base = apiUrl.replace(/\/+$/, '')
  const underWay = new Set<AbortController>()
  const through = proxyHost === null ? '' : ` through the proxy ${proxyHost} (check it, or name WeChat's host in NO_PROXY)`
  const unreached = `. If this goes on, see whether this machine reaches ${new URL(apiUrl).host}`
  const gate = (endpoint: Endpoint, maxUnderWayPerKey: number, backsOffAfterNoAnswer: boolean): Gate =>
    createGate({ clock, maxUnderWay: maxUnderWay[endpoint], maxUnderWayPerKey, backsOffAfterNoAnswer })
  const gates: Readonly<Record<Endpoint, Gate>> = {
    stable_token: gate('stable_token', Infinity, false), // one at a time, shared by all callers
    getwxacodeunlimit: gate('getwxacodeunlimit', 16, true),
    generate_urllink: gate('generate_urllink', 8, true),
    jscode2session: gate('jscode2session', Infinity, false), // limited per address before (`js-code-queue`)
  }

  const leftMs = (deadlineAt: number): number => Math.max(0, deadlineAt - clock.steady())

  const ask = async <T> ({ endpoint, query, json, deadlineAt, read }: WechatCall<T>): Promise<T> => {
    const url = new URL(base + paths[endpoint])
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    const controller = new AbortController()
    underWay.add(controller)
    const exchangeAndRead = async (signal: AbortSignal): Promise<T> => {
      const { status, bytes, wasRepeated } = await exchange(dispatchers[endpoint], { url, json, signal })
      const result = read(parseAnswer(status, bytes, endpoint, wasRepeated))
      if (result === undefined) throw new WechatFault('the answer lacks what was asked for')
      return result
    }
    try {
      return await withDeadline(clock, Math.min(callTimeoutMs, leftMs(deadlineAt)), exchangeAndRead, {
        signal: controller.signal,
        late: () => new WechatFault('no answer in time'),
      })
    } catch (error) {
      if (error instanceof WechatFault) throw error
      // Not as the cause: an error of undici's may quote the URL, which may have the secret.
      if (controller.signal.aborted) throw new WechatFault(String(controller.signal.reason))
      const reason = failureReason(error)
      throw new WechatFault(`the connection failed (${reason})`, { connectionFailure: reason })
    } finally {
      underWay.delete(controller)
    }
  }

  const attempt = onCall === undefined ? ask : <T>(call: WechatCall<T>): Promise<T> => watchedAttempt(call.endpoint, () => ask(call), clock, onCall)

  /** Runs `charge` of a permitted call. Where it rejects, the permit is given back. */
  const chargeFor = async (permit: Permit, { charge }: WechatCall<unknown>): Promise<() => Promise<void>> => {
    try {
      return await charge?.() ?? (async () => {})
    } catch (error) {
      permit.abandoned()
      throw error
    }
  }

  const report = ({ endpoint, handledByCaller = [] }: WechatCall<unknown>, fault: WechatFault): void => {
    const { errcode, rid, remedy, message } = fault
    if (remedy !== undefined && handledByCaller.includes(remedy)) return
    switch (remedy) {
      case 'operator': log.error({ code: 'wechat-refused', endpoint, errcode, rid }, message); return
      case 'bug': log.error({ code: 'wechat-bug', endpoint, errcode, rid }, message); return
      case 'rate-limit': log.warn({ code: 'wechat-limited', endpoint, errcode, rid }, message); return
      case 'retry': log.warn({ code: 'wechat-busy', endpoint, errcode, rid }, message); return
      case 'refresh-token': case 'js-code': case 'blocked': case undefined:
        log.warn({ code: 'wechat-no-answer', endpoint, errcode, rid }, `WeChat gave no usable answer${through}: ${message}${errcode === undefined ? unreached : ''}`)
    }
  }

  return {
    call: async (call) => {
      const isPersonal = (fault: WechatFault): boolean => call.limitedByPerson === true && fault.errcode === 45011
      let last: WechatFault | undefined
      for (let retries = 0; ; retries++) {
        const backoffMs = backoffsMs[retries] ?? Infinity
        let permit
        try {
          permit = gates[call.endpoint].acquire(call.quotaKey ?? '')
        } catch (refusal) {
          if (last !== undefined) report(call, last)
          throw refusal
        }
        const undo = await chargeFor(permit, call)
        try {
          const result = await attempt(call)
          permit.succeeded()
          return result
        } catch (error) {
          last = permit.failed(error as WechatFault, isPersonal(error as WechatFault)) // `attempt` throws nothing else
          undo().catch(() => {}) // what is not undone expires by itself
        }
        if (call.noRetry === true || last.remedy !== 'retry' || leftMs(call.deadlineAt) < backoffMs + shortestCallMs) {
          report(call, last)
          throw last
        }
        await sleep(clock, backoffMs)
      }
    },
    close: () => {
      for (const controller of underWay) controller.abort('the service closes')
    },
  }
}
