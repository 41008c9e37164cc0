/** WeChat: an access token, a code, a URL Link where they are on, and whether AppID and AppSecret belong together for logins. */
import { newId } from '../../domain/ids.ts'
import { proxyFor } from '../../domain/proxy.ts'
import { randomBytes } from '../../domain/random-pool.ts'
import type { ServiceConfig } from '../../config.ts'
import { Problem } from '../../errors.ts'
import type { Clock } from '../../login/ports.ts'
import { createStore } from '../../stores/store.ts'
import { budgetMs, createWechatApi } from '../../wechat/api.ts'
import { createCodes } from '../../wechat/codes.ts'
import { createWechatDispatchers, destroyDispatchers } from '../../wechat/dispatchers.ts'
import type { Endpoint } from '../../wechat/endpoints.ts'
import { WechatFault } from '../../wechat/fault.ts'
import { createLinks } from '../../wechat/links.ts'
import { createPhoneIdentity } from '../../wechat/phone-identity.ts'
import type { TicketCache } from '../../wechat/ticket-cache.ts'
import { createTokenCall } from '../../wechat/token-call.ts'
import { createWechatTokens, type WechatTokens } from '../../wechat/wechat-tokens.ts'
import type { Check } from './context.ts'
import { notChecked, ok, warning, type Finding } from './finding.ts'
import { noLog } from './no-log.ts'
import { findingOf, type WechatTarget } from './wechat-fault.ts'

export const checkWechat: Check = async ({ config, clock }) => {
  const { WECHAT_APPID, WECHAT_SECRET, WECHAT_ENV_VERSION } = config
  if (WECHAT_APPID === null || WECHAT_SECRET === null) return [notChecked('without WECHAT_APPID and WECHAT_SECRET')]
  const findings = await ask({ ...config, WECHAT_APPID, WECHAT_SECRET }, clock)
  if (WECHAT_ENV_VERSION === 'release') return findings
  const who = WECHAT_ENV_VERSION === 'trial' ? 'the members and testers of the mini program' : 'the developers of the mini program'
  return [...findings, warning('wechat-env-version', `WECHAT_ENV_VERSION is ${WECHAT_ENV_VERSION}: only ${who} can open the codes`, 'publish the mini program and take WECHAT_ENV_VERSION out, before others log in')]
}

/** WeChat knows no such js_code: that it says so shows that it has accepted AppID and AppSecret. */
const madeUpJsCode = '0a00scanlogindoctor0000000000000'
/** WeChat refuses links that end sooner than a minute from now, and so they end by themselves. */
const linkTtlMs = 60_000

const ask = async (config: ServiceConfig, clock: Clock): Promise<readonly Finding[]> => {
  const { WECHAT_API_URL: apiUrl, WECHAT_APPID: appid, WECHAT_SECRET: secret, WECHAT_ENV_VERSION: envVersion } = config
  const proxy = proxyFor(apiUrl, config)
  const target: WechatTarget = { apiUrl, proxyHost: proxy === null ? null : new URL(proxy).host }
  const dispatchers = createWechatDispatchers({ proxy })
  const store = createStore('sqlite::memory:', { clock, log: noLog }) // not the service's: its token would hide a fault
  const api = createWechatApi({ apiUrl, dispatchers, proxyHost: target.proxyHost, clock, log: noLog, callTimeoutMs: budgetMs })
  const tokens = createWechatTokens({ api, appid, secret, store, clock, log: noLog })
  const withToken = { callWithToken: createTokenCall({ api, tokens: neverForced(tokens), log: noLog }), envVersion }
  const { prefetch } = createCodes({ ...withToken, ticketCache: uncached(clock) })
  const { linkFor } = createLinks({ ...withToken, ticketCache: uncached(clock), apiUrl })
  const { idsFor } = createPhoneIdentity({ api, appid, secret, clock, watch: { known: () => {}, unknown: () => {} } })

  /** Returns undefined where the call succeeds. */
  const faultOf = async (endpoint: Endpoint, call: () => Promise<unknown>): Promise<Finding | undefined> => {
    try {
      await call()
    } catch (error) {
      const fault = error instanceof Problem ? error.cause : error
      if (fault instanceof WechatFault) return fault.remedy === 'js-code' || fault.remedy === 'blocked' ? undefined : findingOf(fault, endpoint, target)
      throw error
    }
  }

  try {
    const startedAt = clock.steady()
    const noToken = await faultOf('stable_token', () => tokens.current(clock.steady() + budgetMs))
    if (noToken !== undefined) return [noToken, notChecked('codes and logins, for which the access token has to be there first')]
    const through = target.proxyHost === null ? '' : ` through the proxy ${target.proxyHost}`
    const token = ok(`${new URL(apiUrl).host} gives an access token${through}, after ${Math.round(clock.steady() - startedAt)} ms`)
    return [token, ...await Promise.all([
      faultOf('getwxacodeunlimit', () => prefetch(newId(randomBytes))).then((fault) => fault ?? ok(`it makes a code that opens the ${envVersion} version`)),
      ...config.WECHAT_URL_LINK === 'off' ? [] : [faultOf('generate_urllink', () => linkFor(newId(randomBytes), clock.now() + linkTtlMs)).then((fault) => fault ?? ok('it makes a URL Link'))],
      faultOf('jscode2session', async () => {
        await idsFor(madeUpJsCode)
        throw new WechatFault('it takes a js_code that nobody has')
      }).then((fault) => fault ?? ok('it takes the AppID and the AppSecret for logins (jscode2session)')),
    ])]
  } finally {
    api.close()
    await Promise.all([destroyDispatchers(dispatchers), store.close()])
  }
}

/** A forced refresh would end the token that the service uses: a token that is refused is tried once more as it is. */
const neverForced = ({ current }: WechatTokens): WechatTokens => ({ current, refreshRefused: async (refused) => refused })

/** There is no ticket to count calls for. */
const uncached = <T>(clock: Clock): TicketCache<T> => {
  const call = () => ({ deadlineAt: clock.steady() + budgetMs, quotaKey: '', charge: async () => async () => {} })
  return { obtain: (_ticketId, _quotaKey, make) => make(call()), prefetch: (make) => make(call()), put: () => {} }
}
