/** What a person sees whose browser went to an address that refuses: a small page in their language instead of a problem document. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { languageFor } from '../../static/scan-login/language.js'
import { dictionaries } from '../../static/scan-login/words.js'
import type { Problem } from '../errors.ts'
import { fillHtml } from './fill-html.ts'
import { staticFolder } from './page-files.ts'
import { kindOf, refusalWords } from './refusal-words.ts'

export interface RefusalPageOptions {
  /** The path of PUBLIC_URL. */
  readonly basePath: string
  readonly siteName: string
}

/** What decides between page and problem, and in which language. */
const decidedBy = 'Accept, Sec-Fetch-Mode, Accept-Language'

/** Adds `refusalPage` to the service. */
export const refusalPagePlugin = fp<RefusalPageOptions>(async (app, { basePath, siteName }) => {
  const template = await readFile(join(staticFolder, 'refusal.html'), 'utf8')

  /** Visitors' addresses: routes that say so, and unknown paths outside of the API. */
  const isForPeople = ({ is404, url, routeOptions }: FastifyRequest): boolean =>
    is404 ? !/^\/api(?![\w.~-])/.test(url.slice(basePath.length)) : routeOptions.config.isForPeople === true

  app.decorate('refusalPage', (problem: Problem, request: FastifyRequest, reply: FastifyReply) => {
    if (!isForPeople(request)) return null
    const isPage = isNavigation(request)
    // The contract fixes `Vary` of the API's problems. One in place of a page does no harm, a page in place of a problem would.
    if (isPage || request.is404) reply.header('vary', [reply.getHeader('vary') ?? [], decidedBy].flat().join(', '))
    if (!isPage) return null
    const language = languageFor(new Negotiator(request.raw).languages())
    const { lang, logIn } = dictionaries[language]
    const { line, help } = refusalWords[language][kindOf(problem.code)]
    reply.header('content-language', lang)
    return fillHtml(template, { base: basePath, site_name: siteName, lang, line, help, log_in: logIn })
  })
}, { name: 'refusal-page' })

/** Whether the browser shows the answer as a page. Browsers before 2020, and Safari before 16.4, say so by `Accept` alone. */
const isNavigation = ({ method, headers, raw }: FastifyRequest): boolean => {
  if (method !== 'GET' && method !== 'HEAD') return false
  const mode = headers['sec-fetch-mode']
  return mode === undefined ? new Negotiator(raw).mediaTypes().includes('text/html') : mode === 'navigate'
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the page for a visitor's browser; null where a problem document is due. Sets `Vary` of a page, and of unknown paths outside of the API. */
    readonly refusalPage: (problem: Problem, request: FastifyRequest, reply: FastifyReply) => string | null
  }
  interface FastifyContextConfig {
    /** People's browsers go to this address, so they get a page where it refuses. */
    isForPeople?: boolean
  }
}
