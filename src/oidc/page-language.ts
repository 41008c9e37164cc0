/** The language of a page: what the app asks for (`ui_locales`, OpenID Connect Core §3.1.2.1), then what the browser does. */
import type { IncomingMessage } from 'node:http'
import Negotiator from 'negotiator'
import { languageFor } from '../../static/scan-login/language.js'
import type { Language } from '../../static/scan-login/words.js'

/** Chooses the language. Each of `asked` may be a list of tags, separated by spaces, or anything else that an app has sent. */
export const pageLanguage = (request: Pick<IncomingMessage, 'headers'>, ...asked: readonly unknown[]): Language =>
  languageFor([...asked.flatMap(localesIn), ...new Negotiator(request).languages()])

/** The tags of a parameter, without what could not be one. */
export const localesIn = (text: unknown): readonly string[] =>
  typeof text === 'string' ? text.slice(0, maxLocalesLength).split(' ').filter((tag) => /^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$/.test(tag)) : []

const maxLocalesLength = 200
