/** The person behind a js_code (code2Session). Of the answer only the openid is used: the session_key is dropped. */
import { isWechatId } from '../domain/wechat-ids.ts'
import { Problem } from '../errors.ts'
import type { Clock, PhoneIdentity } from '../login/ports.ts'
import { budgetMs, type WechatApi } from './api.ts'
import { asUnavailable, WechatFault } from './fault.ts'
import type { JsCodeWatch } from './js-code-watch.ts'

export interface PhoneIdentityOptions {
  readonly api: WechatApi
  readonly appid: string
  readonly secret: string
  readonly clock: Clock
  readonly watch: JsCodeWatch
}

/** WeChat documents no form; a call is spared for what can't have come from it, such as the mock one that DevTools gives with its test account. */
const jsCodeForm = /^[\x21-\x7e]{1,256}$/

export const createPhoneIdentity = ({ api, appid, secret, clock, watch }: PhoneIdentityOptions): PhoneIdentity => ({
  idsFor: async (jsCode) => {
    if (!jsCodeForm.test(jsCode)) {
      watch.unknown()
      throw new Problem('js-code-invalid')
    }
    try {
      // A js_code works once, and WeChat may have used it up even where the call failed: no retry after an answer. The phone gets a new one.
      const ids = await api.call({
        endpoint: 'jscode2session',
        query: { appid, secret, js_code: jsCode, grant_type: 'authorization_code' },
        deadlineAt: clock.steady() + budgetMs,
        handledByCaller: ['js-code', 'blocked'],
        noRetry: true,
        limitedByPerson: true,
        read: ({ json }) => isWechatId(json?.openid) ? { openid: json.openid, unionid: isWechatId(json.unionid) ? json.unionid : null } : undefined,
      })
      watch.known()
      return ids
    } catch (error) {
      const { remedy, errcode, wasRepeated = false } = error instanceof WechatFault ? error : {}
      const wasUsed = errcode === 40163
      if (errcode === 40029) watch.unknown()
      else if (wasUsed || errcode === 40226) watch.known()
      // The reason keeps the phone from taking itself for another mini program's.
      if (remedy === 'js-code') throw new Problem('js-code-invalid', { cause: error, isOurFault: wasRepeated, ...(wasUsed && { extra: { reason: 'used' } }) })
      if (remedy === 'blocked') throw new Problem('wechat-user-blocked', { cause: error })
      throw asUnavailable(error)
    }
  },
})
