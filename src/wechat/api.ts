/** Owns one call to WeChat: its time, who hears of a fault, and when not to ask at all. Knows no endpoint's meaning. */
import { request } from 'undici'
import { sleep, withDeadline } from '../deadline.ts'
import type { Clock, Log } from '../login/ports.ts'
import { readAll, understand, type WechatAnswer } from './answer.ts'
import { maxUnderWay, type WechatDispatchers } from './dispatchers.ts'
import { paths, type Endpoint } from './endpoints.ts'
import type { Remedy } from './errcodes.ts'
import { WechatFault } from './fault.ts'
import { createGate, type Gate, type Passage } from './gate.ts'

export interface WechatCall<T> {
  readonly endpoint: Endpoint
  readonly query?: Readonly<Record<string, string>>
  /** The body; without one the call is a GET. */
  readonly json?: object
  /** When the call gives up, by the steady clock. */
  readonly deadlineAt: number
  /** Whom the call is made for, as far as WeChat's quota is shared fairly; '' (or none) where nobody is known. */
  readonly clientKey?: string
  /** Accounts for one call before it is made; what it gives undoes that where the call fails. May reject, and then no call is made. */
  readonly charge?: () => Promise<() => Promise<void>>
  /** Takes what is wanted out of the answer, and nothing else; undefined where it is not there, which counts as no answer. */
  readonly read: (answer: WechatAnswer) => T | undefined
  /** Refusals that the caller handles: they are not logged. */
  readonly handledByCaller?: readonly Remedy[]
  /** True where the call must not be made a second time, even after an answered -1. */
  readonly noRetry?: boolean
  /** True where a limit per minute may be one person's own, so that it must not make the others wait. */
  readonly limitedByPerson?: boolean
}

export interface WechatApi {
  /**
   * Asks WeChat. Only an answered -1 is asked again by itself, as only then is it known that nothing was carried out. Rejects with
   * a `WechatFault`, of which an operator has been told where it concerns one.
   */
  call<T> (call: WechatCall<T>): Promise<T>
  /** Gives up whatever is under way. */
  close (): void
}

export interface WechatApiOptions {
  /** Of the official host, a gateway or a simulator; may have a path. */
  readonly apiUrl: string
  readonly dispatchers: WechatDispatchers
  readonly clock: Clock
  readonly log: Log
  /** From the first packet to the last byte. */
  readonly callTimeoutMs: number
}

const backoffsMs = [300, 900]
/** Less than this is not worth another attempt. */
const shortestCallMs = 500
/**
 * How long a visitor waits, however many calls to WeChat and the store that takes: less than the 6 s within which every fault behind the service is answered
 * (CONTRACT "Errors"), by what a busy machine may add.
 */
export const budgetMs = 4_500

export const createWechatApi = ({ apiUrl, dispatchers, clock, log, callTimeoutMs }: WechatApiOptions): WechatApi => {
  const base = apiUrl.replace(/\/+$/, '')
  const underWay = new Set<AbortController>()
  const gate = (endpoint: Endpoint, maxUnderWayPerKey: number, waitsForAnswers: boolean): Gate =>
    createGate({ clock, maxUnderWay: maxUnderWay[endpoint], maxUnderWayPerKey, waitsForAnswers })
  const gates: Readonly<Record<Endpoint, Gate>> = {
    stable_token: gate('stable_token', Infinity, false), // one at a time, and everybody waits for it
    getwxacodeunlimit: gate('getwxacodeunlimit', 16, true),
    generate_urllink: gate('generate_urllink', 8, true),
    jscode2session: gate('jscode2session', Infinity, false), // shared out by address, before they come here
  }

  const leftMs = (deadlineAt: number): number => Math.max(0, deadlineAt - clock.steady())

  const ask = async <T> ({ endpoint, query, json, deadlineAt, read }: WechatCall<T>): Promise<T> => {
    const url = new URL(base + paths[endpoint])
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    const controller = new AbortController()
    underWay.add(controller)
    const exchange = async (signal: AbortSignal): Promise<T> => {
      const { statusCode, body } = await request(url, {
        dispatcher: dispatchers[endpoint],
        signal,
        ...json === undefined
          ? { method: 'GET' }
          : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(json) },
      })
      const wanted = read(understand(statusCode, await readAll(body), endpoint))
      if (wanted === undefined) throw new WechatFault('the answer lacks what was asked for')
      return wanted
    }
    try {
      return await withDeadline(clock, Math.min(callTimeoutMs, leftMs(deadlineAt)), exchange, {
        signal: controller.signal,
        late: () => new WechatFault('no answer in time'),
      })
    } catch (error) {
      if (error instanceof WechatFault) throw error
      // The error itself stays behind: nobody promises that it never quotes the address, which may hold the secret.
      throw new WechatFault(controller.signal.aborted ? String(controller.signal.reason) : `the connection failed (${nameOf(error)})`)
    } finally {
      underWay.delete(controller)
    }
  }

  /** Accounts for a call that was let through. Rejects as `charge` does, and then nothing was asked. */
  const charged = async (passage: Passage, { charge }: WechatCall<unknown>): Promise<() => Promise<void>> => {
    try {
      return await charge?.() ?? (async () => {})
    } catch (error) {
      passage.abandoned()
      throw error
    }
  }

  /** Tells the operator of a fault that concerns one. */
  const report = ({ endpoint, handledByCaller = [] }: WechatCall<unknown>, fault: WechatFault): void => {
    const { errcode, rid, remedy, message } = fault
    if (remedy !== undefined && handledByCaller.includes(remedy)) return
    switch (remedy) {
      case 'operator': case 'bug': log.error({ endpoint, errcode, rid }, message); return
      case 'rate-limit': case 'retry': log.warn({ endpoint, errcode, rid }, message); return
      case 'refresh-token': case 'js-code': case 'blocked': case undefined:
        log.warn({ endpoint, errcode, rid }, `WeChat gave no usable answer: ${message}`)
    }
  }

  return {
    call: async (what) => {
      const isPersonal = (fault: WechatFault): boolean => what.limitedByPerson === true && fault.errcode === 45011
      let last: WechatFault | undefined
      for (let attempt = 0; ; attempt++) {
        const backoffMs = backoffsMs[attempt] ?? Infinity
        let passage
        try {
          passage = gates[what.endpoint].enter(what.clientKey ?? '')
        } catch (wait) {
          if (last !== undefined) report(what, last)
          throw wait
        }
        const undo = await charged(passage, what)
        try {
          const wanted = await ask(what)
          passage.succeeded()
          return wanted
        } catch (error) {
          last = passage.failed(error as WechatFault, isPersonal(error as WechatFault)) // `ask` throws nothing else
          undo().catch(() => {}) // what is not undone ends by itself
        }
        if (what.noRetry === true || last.remedy !== 'retry' || leftMs(what.deadlineAt) < backoffMs + shortestCallMs) {
          report(what, last)
          throw last
        }
        await sleep(clock, backoffMs)
      }
    },
    close: () => {
      for (const controller of underWay) controller.abort('closed on our side')
    },
  }
}

const nameOf = (error: unknown): string => {
  const { code, name } = error as { code?: unknown, name?: unknown }
  return String(code ?? name)
}
