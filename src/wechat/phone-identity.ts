/** The person behind a js_code (code2Session). Of the answer only the openid is used: the session_key is dropped. */
import { Problem } from '../errors.ts'
import type { Clock, PhoneIdentity } from '../login/ports.ts'
import { budgetMs, type WechatApi } from './api.ts'
import { asUnavailable, WechatFault } from './fault.ts'

export interface PhoneIdentityOptions {
  readonly api: WechatApi
  readonly appid: string
  readonly secret: string
  readonly clock: Clock
}

/** WeChat documents no form; a call is spared for what can't have come from it. */
const jsCodeForm = /^[\x21-\x7e]{1,256}$/
const openidForm = /^[\x21-\x7e]{1,128}$/

export const createPhoneIdentity = ({ api, appid, secret, clock }: PhoneIdentityOptions): PhoneIdentity => ({
  openidFor: async (jsCode) => {
    if (!jsCodeForm.test(jsCode)) throw new Problem('js-code-invalid')
    try {
      // A js_code works once, and WeChat may have used it up even where the call failed: no retry. The phone gets a new one.
      return await api.call({
        endpoint: 'jscode2session',
        query: { appid, secret, js_code: jsCode, grant_type: 'authorization_code' },
        deadlineAt: clock.steady() + budgetMs,
        handledByCaller: ['js-code', 'blocked'],
        noRetry: true,
        limitedByPerson: true,
        read: ({ json }) => typeof json?.openid === 'string' && openidForm.test(json.openid) ? json.openid : undefined,
      })
    } catch (error) {
      const remedy = error instanceof WechatFault ? error.remedy : undefined
      if (remedy === 'js-code') throw new Problem('js-code-invalid', { cause: error })
      if (remedy === 'blocked') throw new Problem('wechat-user-blocked', { cause: error })
      throw asUnavailable(error)
    }
  },
})
