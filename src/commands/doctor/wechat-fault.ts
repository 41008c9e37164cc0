/** Which of the doctor's faults a fault of WeChat's API is. The words about an errcode are those of `wechat/errcodes`. */
import type { Endpoint } from '../../wechat/endpoints.ts'
import type { WechatFault } from '../../wechat/fault.ts'
import { explainConnection } from './connection-fault.ts'
import type { FaultCode } from './fault-codes.ts'
import { failure, warning, type Finding } from './finding.ts'

export interface WechatTarget {
  /** WECHAT_API_URL. */
  readonly apiUrl: string
  readonly proxyHost: string | null
}

/** By what has to be done. */
const codesOf: Partial<Record<FaultCode, readonly number[]>> = {
  'wechat-address-refused': [40164, 89501, 89503, 89506, 89507],
  'wechat-appid-wrong': [40013],
  'wechat-secret-wrong': [40001, 40125, 40243],
  'wechat-not-published': [41030, 48001, 40097, 85079, 40165, 85402],
  'wechat-restricted': [48004, 50002, 50004, 50007, 61024],
  'wechat-quota': [45009, 44993, 85406],
  'wechat-busy': [-1, 45011, 44990],
  'wechat-gateway': [40066, 41001, 41002, 41004, 41008, 43002, 47001],
}

/** Of an individual's mini program, or without permission: logins work without URL Links. */
const noLinks: readonly number[] = [40002, 40013, 85407, 85408]

const codeOf = (errcode: number, { remedy }: WechatFault, endpoint: Endpoint): FaultCode => {
  if (remedy === 'refresh-token') return 'wechat-token-refused'
  if (endpoint === 'generate_urllink' && noLinks.includes(errcode)) return 'wechat-no-links'
  const [code] = Object.entries(codesOf).find(([, errcodes]) => errcodes.includes(errcode)) ?? []
  return code as FaultCode | undefined ?? 'wechat-refused' // the keys of `codesOf`
}

const todos: Partial<Record<FaultCode, string>> = {
  'wechat-token-refused': 'find out what else uses this AppID with force_refresh, which ends the token of everybody else, and make it use stable_token without that',
  'wechat-no-links': 'set WECHAT_URL_LINK to off: the same phone logs in by a long press on the code then',
}

/** Whoever reads it does something at mp.weixin.qq.com, or in .env. */
export const findingOf = (fault: WechatFault, endpoint: Endpoint, target: WechatTarget): Finding => {
  const { errcode, rid, message, connectionFailure } = fault
  if (errcode === undefined) return withoutAnswer(message, connectionFailure, endpoint, target)
  const code = codeOf(errcode, fault, endpoint)
  const [, what = message, wayOut] = /^(.*?)\. ([A-Z].*)$/.exec(message) ?? []
  const text = `${what.replace(/(?:, so set .*)?\.$/, '')} (${endpoint}: errcode ${errcode}${rid === undefined ? '' : `, rid ${rid}`})`
  const todo = todos[code] ?? wayOut?.replace(/\.$/, '').replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase()) ?? 'look the errcode up in WeChat\'s documentation, and report it to scan-login with this line: it may be new'
  return code === 'wechat-busy' ? warning(code, text, todo) : failure(code, text, todo)
}

const withoutAnswer = (message: string, connectionFailure: string | undefined, endpoint: Endpoint, { apiUrl, proxyHost }: WechatTarget): Finding => {
  const { host } = new URL(apiUrl)
  const isLate = message === 'no answer in time'
  if (connectionFailure === undefined && !isLate) {
    const isProxys = proxyHost !== null && message === 'HTTP status 407' // an http address is sent to the proxy as it is
    if (!isProxys) return failure('wechat-gateway', `what answers at ${host} is not WeChat, or something on the way changes its answers (${endpoint}: ${message})`, 'leave WECHAT_API_URL out to call WeChat itself; with a gateway, let it pass path, query and body on unchanged')
  }
  const { side, text, todo } = explainConnection(connectionFailure ?? (isLate ? message : 'the proxy answered with status 407'), { host, proxyHost })
  return failure(side === 'proxy' ? 'wechat-proxy' : side === 'certificate' ? 'wechat-certificate' : 'wechat-unreachable', text, todo)
}
