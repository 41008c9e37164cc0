/** Owns who a person is to the sites: a stable name of no meaning, never the openid; and how a person is shown. */
import { createHmac } from 'node:crypto'
import { mimicOf, type Mimic } from './mimic.ts'
import { isPlainText } from './text.ts'

/** The `sub` of a person at this mini program, for ever: HMAC-SHA256 over appid, NUL, openid, as 43 characters of base64url (CONTRACT, "Session and token"). */
export const subjectOf = (appid: string, openid: string, subjectKey: Buffer): string =>
  createHmac('sha256', subjectKey).update(`${appid}\0${openid}`).digest('base64url')

/** Tells why a person may not be shown by this name, or null where they may: at most 32 characters of plain text that mimic nobody. */
export const whyNotName = (name: string): 'unreadable' | Mimic | null => isPlainText(name, 32) ? mimicOf(name) : 'unreadable'
