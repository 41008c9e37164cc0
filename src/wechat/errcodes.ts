/** WeChat's errcodes: what each calls for, and how an operator fixes the cause. */
import { isIP } from 'node:net'
import type { Endpoint } from './endpoints.ts'

/**
 * What an errcode calls for: a `retry` in a moment, another access token (`refresh-token`), another js_code (`js-code`), nothing because WeChat has
 * `blocked` this person, waiting (`rate-limit`), a fix by the `operator`, or one in this code (`bug`).
 */
export type Remedy = 'retry' | 'refresh-token' | 'js-code' | 'blocked' | 'rate-limit' | 'operator' | 'bug'

export interface Errcode {
  readonly remedy: Remedy
  /** When another call makes sense. */
  readonly retryAfterSeconds: number
  /** For the log: what is wrong, and how to fix it where that is possible. */
  readonly line: string
}

const withoutLinks = 'set WECHAT_URL_LINK to off'
const settings = '"Development settings" (开发设置) at mp.weixin.qq.com'

const table: Record<number, Errcode> = {
  [-1]: of('retry', 2, 'WeChat is busy (system error). There is nothing to fix: it ends by itself.'),

  40001: of('refresh-token', 5, 'WeChat refuses the access token: it is wrong, or something else has fetched a newer one.'),
  40014: of('refresh-token', 5, 'WeChat refuses the access token: it is not one of this mini program.'),
  42001: of('refresh-token', 5, 'WeChat refuses the access token: it has expired.'),

  40029: of('js-code', 5, 'WeChat does not know this js_code, or it has expired (after five minutes).'),
  40163: of('js-code', 5, 'This js_code was used before.'),
  40226: of('blocked', 5, 'WeChat rates this person as a high risk and blocks the login.'),

  45009: of('rate-limit', 60, 'The quota for this call is used up. It resets by itself, at midnight in Beijing at the latest; /cgi-bin/clear_quota resets it at once, ten times a month.'),
  45011: of('rate-limit', 60, 'WeChat was called too often within a minute. Harmless if it is rare. If it is not, lower LIMIT_CREATE or find out what else uses this AppID.'),

  40013: of('operator', 60, `WeChat does not know this AppID. Set WECHAT_APPID to the one shown under ${settings}; it is case-sensitive.`),
  40125: of('operator', 60, `WeChat refuses the AppSecret. Set WECHAT_SECRET to the current one; if it is lost, reset it under ${settings}, which ends the old one.`),
  41002: of('operator', 60, 'The AppID is missing from the call. Set WECHAT_APPID; if it is set, check whether the gateway in WECHAT_API_URL drops it.'),
  41004: of('operator', 60, 'The AppSecret is missing from the call. Set WECHAT_SECRET; if it is set, check whether the gateway in WECHAT_API_URL drops it.'),
  40243: of('operator', 60, `The AppSecret is frozen. Unfreeze it under ${settings}.`),
  40164: of('operator', 60, `WeChat refuses calls from {ip}. Add it to the IP white list (IP白名单) under ${settings}, or switch that list off.`),
  89501: of('operator', 60, 'WeChat waits for the administrator of the mini program to approve {ip}. The request is in the administrator\'s WeChat; it works once it is approved.'),
  89503: of('operator', 60, 'WeChat asks the administrator of the mini program to approve {ip}. The request is in the administrator\'s WeChat; it works once it is approved.'),
  89506: of('operator', 600, `The administrator of the mini program has refused {ip} twice; WeChat blocks it for 24 hours. Add it to the IP white list (IP白名单) under ${settings}, or wait, then have the next request approved.`),
  89507: of('operator', 600, `The administrator of the mini program has refused {ip}; WeChat blocks it for an hour. Add it to the IP white list (IP白名单) under ${settings}, or wait, then have the next request approved.`),
  40097: of('operator', 60, 'WeChat rejects a parameter of the code. WECHAT_ENV_VERSION must be release, trial or develop, and that version of the mini program must exist.'),
  41030: of('operator', 60, 'The published mini program has no page pages/login/login. Publish a version that has it, or set WECHAT_ENV_VERSION to trial or develop until then.'),
  48001: of('operator', 60, 'This mini program may not make this call. Publish it first (WECHAT_ENV_VERSION says which version the codes open); if it is published, check its permissions under "Interface settings" (接口设置) at mp.weixin.qq.com.'),
  48004: of('operator', 600, 'WeChat has banned this call for this mini program. The notices at mp.weixin.qq.com say why and how to appeal.'),
  50002: of('operator', 600, 'WeChat has restricted this mini program. The notices at mp.weixin.qq.com say why and how to appeal.'),
  50004: of('operator', 600, 'WeChat has forbidden access tokens for this mini program. The notices at mp.weixin.qq.com say why and how to appeal.'),
  50007: of('operator', 600, 'The account of this mini program is frozen. The notices at mp.weixin.qq.com say why and how to appeal.'),
  61024: of('operator', 60, 'This AppID is managed through a third-party platform, which holds its tokens. Revoke that authorisation at mp.weixin.qq.com, or use an AppID of your own.'),

  85079: of('operator', 60, `WeChat makes URL Links for a published mini program only. Publish it, or ${withoutLinks} until then.`),
  40165: of('operator', 60, `WeChat makes URL Links to pages of the published mini program only, and that one has no page pages/login/login. Publish a version that has it, or ${withoutLinks} until then.`),
  85401: of('operator', 60, 'WeChat rejects the expiry of the URL Link, which must be between one minute and 30 days from now. Correct the clock of this server.'),
  85402: of('operator', 60, 'WeChat rejects the version of the mini program that the URL Link is to open. WECHAT_ENV_VERSION must be release, trial or develop, and that version must exist.'),
  85407: of('operator', 600, `This mini program has no permission for URL Links. Check its permissions under "Interface settings" (接口设置) at mp.weixin.qq.com, or ${withoutLinks}.`),
  85408: of('operator', 600, `WeChat has banned URL Links for this mini program. The notices at mp.weixin.qq.com say why and how to appeal; until then ${withoutLinks}.`),
  44990: of('rate-limit', 2, 'WeChat was asked for more than 100 URL Links within a second. Harmless if it is rare. If it is not, lower LIMIT_CREATE or find out what else uses this AppID.'),
  44993: of('rate-limit', 600, 'The 500 000 URL Links and URL Schemes of this day are used up. The quota resets by itself, at midnight in Beijing at the latest; find out what else uses this AppID.'),
  85406: of('rate-limit', 600, 'The URL Links of this mini program were opened as often as WeChat allows in one day. The quota resets by itself, at midnight in Beijing at the latest.'),

  40002: bug('grant_type is wrong'),
  40066: bug('there is no endpoint at this address; WECHAT_API_URL may be wrong'),
  40129: bug('the scene has a character that is not allowed'),
  40169: bug('the scene is empty or too long'),
  40212: bug('the query of the URL Link is malformed'),
  41001: bug('the access token is missing from the call'),
  41008: bug('the js_code is missing from the call'),
  43002: bug('the method should be POST; a gateway may have changed it'),
  47001: bug('the body is not the JSON that WeChat expects'),
  85096: bug('the page has a reserved parameter'),
}

/** Where the call has no token, 40001 can only mean the AppSecret, as WeChat's older tables say of the token endpoint. */
const secretRefused = { 40001: table[40125] }

/** Errcodes that have another meaning at one endpoint. */
const ownMeanings: Partial<Record<Endpoint, Record<number, Errcode | undefined>>> = {
  stable_token: secretRefused,
  jscode2session: secretRefused,
  generate_urllink: {
    40002: of('operator', 600, `WeChat makes no URL Links for this mini program: it belongs to an individual, and only an organisation's may have them, so ${withoutLinks}.`),
    40013: table[85408],
  },
}

function of (remedy: Remedy, retryAfterSeconds: number, line: string): Errcode {
  return { remedy, retryAfterSeconds, line }
}

function bug (what: string): Errcode {
  return of('bug', 60, `WeChat rejects the call as scan-login makes it: ${what}. Please report this.`)
}

/** Tells whether an errcode has a meaning at any endpoint. */
export const isKnownErrcode = (errcode: number): boolean => errcode in table

/** Returns the meaning of an errcode at this endpoint, undefined where it is unknown. Of `errmsg` only the refused address is used. */
export const errcodeOf = (errcode: number, errmsg: string, endpoint: Endpoint): Errcode | undefined => {
  const known = ownMeanings[endpoint]?.[errcode] ?? table[errcode]
  return known && { ...known, line: known.line.replace('{ip}', refusedAddress(errmsg)) }
}

/** Form: `invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: …`, as seen with 40164. */
const refusedAddress = (errmsg: string): string => {
  const address = /\bip:? *([0-9a-f.:]{2,45})/i.exec(errmsg)?.[1] ?? ''
  return isIP(address) > 0 ? address : 'the address of this server'
}

/** Extracts the request id by which WeChat's support finds a call, for seven days. */
export const ridOf = (errmsg: string): string | undefined => /\brid: *([0-9a-f]{1,16}(?:-[0-9a-f]{1,16}){2})/i.exec(errmsg)?.[1]
