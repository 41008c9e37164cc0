/** A call with an access token, repeated once with another token where WeChat refuses the first. */
import type { Log } from '../login/ports.ts'
import type { WechatTokens } from './wechat-tokens.ts'
import type { WechatApi, WechatCall } from './api.ts'
import { WechatFault } from './fault.ts'

/** A call without what `createTokenCall` adds. */
export type TokenCall<T> = Omit<WechatCall<T>, 'query' | 'handledByCaller'>

/** Rejects with a `WechatFault` or `store-unavailable`. */
export type CallWithToken = <T>(call: TokenCall<T>) => Promise<T>

export interface TokenCallOptions {
  readonly api: WechatApi
  readonly tokens: WechatTokens
  readonly log: Log
}

export const createTokenCall = ({ api, tokens, log }: TokenCallOptions): CallWithToken => async (call) => {
  const callWith = (token: string) => api.call({ ...call, query: { access_token: token }, handledByCaller: ['refresh-token'] })
  const token = await tokens.current(call.deadlineAt)
  try {
    return await callWith(token)
  } catch (error) {
    if (!isRefusedToken(error)) throw error
  }
  // Not again: a second refusal has another reason than an old token.
  const another = await tokens.refreshRefused(token, call.deadlineAt)
  try {
    return await callWith(another)
  } catch (error) {
    if (isRefusedToken(error)) log.error({ code: 'wechat-token-refused', endpoint: call.endpoint, errcode: error.errcode, rid: error.rid }, 'WeChat refuses an access token that it has just returned. Find out what else uses this AppID with force_refresh.')
    throw error
  }
}

const isRefusedToken = (error: unknown): error is WechatFault => error instanceof WechatFault && error.remedy === 'refresh-token'
