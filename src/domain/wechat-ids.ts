/** WeChat's ids of a person: `openid` at this mini program, `unionid` at all apps of its owner where WeChat gives one. */
export interface WechatIds { readonly openid: string, readonly unionid: string | null }

/** Tells whether a text can be an openid or a unionid: WeChat documents no form. */
export const isWechatId = (text: unknown): text is string => typeof text === 'string' && /^[\x21-\x7e]{1,128}$/.test(text)
