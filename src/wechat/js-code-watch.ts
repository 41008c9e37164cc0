/** Tells the operator when no js_code at all is valid: then the mini program may have another AppID than this service, and nobody can log in. */
import type { Clock, Log } from '../login/ports.ts'

export interface JsCodeWatch {
  /**
   * WeChat knew a js_code, so it came from the mini program of this AppID. Nothing is said from now on: strangers may send made-up ones, and each code of this
   * service opens the mini program of its AppID, whatever version. (A phone on another one hears it in the answer: see `js-code-invalid`.)
   */
  known (): void
  /** WeChat did not know one, or it can't have come from WeChat. */
  unknown (): void
}

export interface JsCodeWatchOptions {
  readonly appid: string
  readonly clock: Pick<Clock, 'steady'>
  readonly log: Log
}

/** A phone tries two js_codes, so one phone with an accident is not enough. */
const fewestUnknown = 3
const betweenWarningsMs = 3_600_000

const warning = 'None of the js_codes since the start was valid. If nobody can log in, the mini program has another AppID than this service: compare WECHAT_APPID with the AppID in the ' +
  'mini program\'s project.config.json, and in WeChat DevTools (its test account, touristappid, works with no service). If people do log in, strangers sent made-up ones: there is nothing to fix.'

export const watchJsCodes = ({ appid, clock, log }: JsCodeWatchOptions): JsCodeWatch => {
  let wasKnown = false
  let refused = 0
  let nextWarningAt = -Infinity
  return {
    known: () => { wasKnown = true },
    unknown: () => {
      refused++
      if (wasKnown || refused < fewestUnknown || clock.steady() < nextWarningAt) return
      nextWarningAt = clock.steady() + betweenWarningsMs
      log.warn({ code: 'js-codes-refused', endpoint: 'jscode2session', appid, refused }, warning)
    },
  }
}
