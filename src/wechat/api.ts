/** Owns one call to WeChat: its time, who hears of a fault, and when not to ask at all. Knows no endpoint's meaning. */
import { request, type Dispatcher } from 'undici'
import { withDeadline } from '../deadline.ts'
import type { Clock, Log } from '../login/ports.ts'
import { readAll, understand, type WechatAnswer } from './answer.ts'
import { sleep, type Deadline } from './deadline.ts'
import { paths, type Endpoint } from './endpoints.ts'
import type { Remedy } from './errcodes.ts'
import { WechatFault } from './fault.ts'
import { createPauses } from './pauses.ts'

export interface WechatCall<T> {
  readonly endpoint: Endpoint
  readonly query?: Readonly<Record<string, string>>
  /** The body; without one the call is a GET. */
  readonly json?: object
  readonly deadline: Deadline
  /** Takes what is wanted out of the answer, and nothing else; undefined where it is not there, which counts as no answer. */
  readonly read: (answer: WechatAnswer) => T | undefined
  /** The refusals that the caller sees to, of which no operator needs to hear. */
  readonly expects?: readonly Remedy[]
  /** True where the call must not be made a second time, whatever WeChat answered. */
  readonly isOnce?: boolean
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
  readonly dispatcher: Dispatcher
  readonly clock: Clock
  readonly log: Log
  /** From the first packet to the last byte. */
  readonly callTimeoutMs: number
}

const backoffsMs = [300, 900]
/** Less than this is not worth another attempt. */
const shortestCallMs = 500

export const createWechatApi = ({ apiUrl, dispatcher, clock, log, callTimeoutMs }: WechatApiOptions): WechatApi => {
  const base = apiUrl.replace(/\/+$/, '')
  const underWay = new Set<AbortController>()
  const pauses = createPauses(clock)

  const ask = async <T> ({ endpoint, query, json, deadline, read }: WechatCall<T>): Promise<T> => {
    const url = new URL(base + paths[endpoint])
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
    const controller = new AbortController()
    underWay.add(controller)
    const exchange = async (signal: AbortSignal): Promise<T> => {
      const { statusCode, body } = await request(url, {
        dispatcher,
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
      return await withDeadline(clock, Math.min(callTimeoutMs, deadline.leftMs()), exchange, {
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

  /** Begins a pause where one helps, and tells the operator once. */
  const settle = ({ endpoint, expects = [], limitedByPerson = false }: WechatCall<unknown>, fault: WechatFault): void => {
    const { errcode, rid, remedy, message } = fault
    if (remedy !== undefined && expects.includes(remedy)) return
    switch (remedy) {
      case 'operator':
        if (pauses.begin(endpoint, fault)) log.error({ endpoint, errcode, rid }, message)
        return
      case 'rate-limit':
        if ((limitedByPerson && errcode === 45011) || pauses.begin(endpoint, fault)) log.warn({ endpoint, errcode, rid }, message)
        return
      case 'bug': log.error({ endpoint, errcode, rid }, message); return
      case 'retry': log.warn({ endpoint, errcode, rid }, message); return
      case 'refresh-token': case 'js-code': case 'blocked': case undefined:
        log.warn({ endpoint, errcode, rid }, `WeChat gave no usable answer: ${message}`)
    }
  }

  return {
    call: async (what) => {
      pauses.check(what.endpoint)
      for (let attempt = 0; ; attempt++) {
        const backoffMs = backoffsMs[attempt] ?? Infinity
        try {
          return await ask(what)
        } catch (error) {
          const fault = error as WechatFault // `ask` throws nothing else
          if (what.isOnce === true || fault.remedy !== 'retry' || what.deadline.leftMs() < backoffMs + shortestCallMs) {
            settle(what, fault)
            throw fault
          }
          await sleep(clock, backoffMs)
        }
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
