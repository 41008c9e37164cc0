/** Owns who a person is to the sites: a stable name of no meaning, never the openid; and how a person is shown. */
import { createHmac } from 'node:crypto'

/** The `sub` of a person at this mini program, for ever: HMAC-SHA256 over appid, NUL, openid, as 43 characters of base64url (CONTRACT, "Session and token"). */
export const subjectOf = (appid: string, openid: string, subjectKey: Buffer): string =>
  createHmac('sha256', subjectKey).update(`${appid}\0${openid}`).digest('base64url')

/** A name to be shown by: at most 32 characters (code points), no control, format or line-break character that could turn or hide other text. */
export const isDisplayName = (name: string): boolean =>
  [...name].length <= 32 && name.isWellFormed() && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name.replaceAll('\u200d', ''))
