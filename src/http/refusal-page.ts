/** What a person sees whose browser went to an address that refuses: a small page in their language instead of a problem document. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'
import { languageFor } from '../../static/scan-login/language.js'
import { dictionaries } from '../../static/scan-login/words.js'
import { fillHtml } from '../domain/html.ts'
import type { Problem } from '../errors.ts'
import { staticFolder } from './page-files.ts'
import { isNavigation } from './navigation.ts'
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
  const [template, style] = await Promise.all(['refusal.html', 'style.css'].map((name) => readFile(join(staticFolder, name), 'utf8'))) as [string, string] // one for each name
  /** For the origin of a site whose proxy passes the page on: nothing else of ours can be loaded there. */
  const wholeTemplate = template.replace(/<link rel="stylesheet"[^>]*>/, () => `<style>${style}</style>`)
  const wholePolicy = `default-src 'none';style-src 'sha256-${createHash('sha256').update(style).digest('base64')}';img-src data:;base-uri 'none';form-action 'none';frame-ancestors 'none'`

  /** Visitors' addresses: routes that say so, and unknown paths outside of the API. */
  const isForPeople = ({ is404, url, routeOptions }: FastifyRequest): boolean =>
    is404 ? !/^\/api(?![\w.~-])/.test(url.slice(basePath.length)) : routeOptions.config.isForPeople === true

  app.decorate('refusalPage', (problem: Problem, request: FastifyRequest, reply: FastifyReply) => {
    if (!isForPeople(request)) return null
    const isSent = request.method === 'GET' || request.method === 'HEAD' || request.routeOptions.config.acceptsForms === true // a person has sent a form
    const isPage = isSent && isNavigation(request)
    // The contract fixes `Vary` of the API's problems. One in place of a page does no harm, a page in place of a problem would.
    if (isPage || request.is404) reply.header('vary', [reply.getHeader('vary') ?? [], decidedBy].flat().join(', '))
    if (!isPage) return null
    const language = languageFor(new Negotiator(request.raw).languages())
    const { lang, logIn, logInAs } = dictionaries[language]
    const { line, help } = refusalWords[language][kindOf(problem.code)]
    reply.header('content-language', lang)
    const { loginAddress } = request.routeOptions.config
    if (loginAddress !== undefined) reply.header('content-security-policy', wholePolicy)
    return fillHtml(loginAddress === undefined ? template : wholeTemplate, {
      base: basePath,
      site_name: siteName,
      lang,
      line,
      help,
      link: loginAddress?.(problem, request) ?? `${basePath}/login`,
      log_in: problem.code === 'person-unknown' ? logInAs : logIn,
    })
  })
}, { name: 'refusal-page' })

declare module 'fastify' {
  interface FastifyInstance {
    /** Returns the page for a visitor's browser; null where a problem document is due. Sets `Vary` of a page, and of unknown paths outside of the API. */
    readonly refusalPage: (problem: Problem, request: FastifyRequest, reply: FastifyReply) => string | null
  }
  interface FastifyContextConfig {
    /** People's browsers go to this address, so they get a page where it refuses. */
    isForPeople?: boolean
    /** The whole address of the login, for a page that another site's proxy passes on. */
    loginAddress?: (problem: Problem, request: FastifyRequest) => string
  }
}
