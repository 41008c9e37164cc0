/** A person as the sites know them: a stable opaque id instead of the openid, and a name to show. */
import { createHmac, type KeyObject } from 'node:crypto'
import { mimicOf, type Mimic } from './mimic.ts'
import { isPlainText } from './text.ts'

/** Derives the `sub` of a person at this mini program, which never changes: HMAC-SHA256 over appid, NUL, openid, as 43 characters of base64url. */
export const subjectOf = (appid: string, openid: string, subjectKey: KeyObject): string =>
  createHmac('sha256', subjectKey).update(`${appid}\0${openid}`).digest('base64url')

/** Tells why a name is refused; null for an allowed one: at most 32 characters of plain text that imitate nothing. */
export const whyNotName = (name: string): 'unreadable' | Mimic | null => isPlainText(name, 32) ? mimicOf(name) : 'unreadable'
