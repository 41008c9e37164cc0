/** Owns when an endpoint of WeChat's is left alone: after a limit was met, or after an error that only a person can mend. */
import type { Clock } from '../login/ports.ts'
import { WechatFault } from './fault.ts'

export interface Pauses {
  /** Throws the fault that began a pause, with the seconds that are left of it, while it lasts. */
  check (endpoint: string): void
  /** Begins a pause; false where one for the same reason runs, as when many calls under way meet one limit. */
  begin (endpoint: string, fault: WechatFault): boolean
}

export const createPauses = (clock: Clock): Pauses => {
  const pauses = new Map<string, { readonly until: number, readonly fault: WechatFault }>()
  const running = (endpoint: string) => {
    const pause = pauses.get(endpoint)
    return pause !== undefined && pause.until > clock.steady() ? pause : undefined
  }
  return {
    check: (endpoint) => {
      const pause = running(endpoint)
      if (pause === undefined) return
      throw new WechatFault(pause.fault.message, {
        ...pause.fault,
        retryAfterSeconds: Math.ceil((pause.until - clock.steady()) / 1000),
      })
    },
    begin: (endpoint, fault) => {
      const isNew = running(endpoint)?.fault.errcode !== fault.errcode
      pauses.set(endpoint, { until: clock.steady() + fault.retryAfterSeconds * 1000, fault })
      return isNew
    },
  }
}
