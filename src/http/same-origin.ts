/** What a browser says about whose page makes a call, and the refusal of calls that another site's page makes with our cookie. */
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { isOwnSite } from '../domain/site.ts'
import { Problem } from '../errors.ts'

/** Whose page makes a call: one of our own origin, one of our own site where the cookie is shared by domain, one of another, or `unsaid` by what is no page. */
export type Caller = 'same-origin' | 'same-site' | 'other' | 'unsaid'

/**
 * Tells whose page makes a call. `Sec-Fetch-Site: same-origin` settles it, as no script can forge that: a page of ours under another name of this host, or under
 * `no-referrer` (origin `null`), is a page of ours. Otherwise nothing that the browser says may speak against it.
 */
export const callerOf = ({ headers }: FastifyRequest, config: Pick<Config, 'origin' | 'COOKIE_DOMAIN'>): Caller => {
  const { origin, 'sec-fetch-site': fetchSite } = headers
  if (fetchSite === 'same-origin') return 'same-origin'
  if (origin === undefined && (fetchSite === undefined || fetchSite === 'none')) return 'unsaid'
  const isSameSite = fetchSite === undefined || (fetchSite === 'same-site' && config.COOKIE_DOMAIN !== null)
  if (!isSameSite || (origin !== undefined && !isOwnSite(origin, config))) return 'other'
  return origin === config.origin ? 'same-origin' : 'same-site'
}

/** Whether a call comes from a page that our cookie is for. */
export const isOwnPage = (request: FastifyRequest, config: Pick<Config, 'origin' | 'COOKIE_DOMAIN'>): boolean =>
  ['same-origin', 'same-site'].includes(callerOf(request, config))

/**
 * A hook for calls that change something by cookie: `Origin` or `Sec-Fetch-Site` has to say that they come from our own origin, or from our own
 * site where the cookie is shared by domain. Browsers send one of them and scripts can't forge them; who sends neither is refused.
 */
export const refuseCrossSite = (config: Config) => async (request: FastifyRequest): Promise<void> => {
  if (!isOwnPage(request, config)) throw new Problem('cross-site')
}

/**
 * A hook for the picture of a code: refuses what a browser says is for a page of an origin that isn't allowed. An `<img>` sends no `Origin`, so it is
 * told by its `Referer`; of a page that hides that nothing is known, and Cross-Origin-Resource-Policy is what keeps it out.
 */
export const refuseForeignPictures = ({ origin: own, ALLOWED_ORIGINS }: Config) => async ({ headers }: FastifyRequest): Promise<void> => {
  const { origin, referer = '', 'sec-fetch-site': fetchSite, 'sec-fetch-mode': mode } = headers
  const isElsewhere = (fetchSite === 'cross-site' || fetchSite === 'same-site') && mode !== 'navigate'
  const page = origin ?? (isElsewhere ? URL.parse(referer)?.origin : undefined)
  if (page !== undefined && page !== own && !ALLOWED_ORIGINS.includes(page)) throw new Problem('cross-site')
}

/**
 * A hook for making tickets: refuses what a browser says a page of another origin asks for that isn't allowed, so that no page can use up the limits of whoever
 * looks at it. An older browser says that a page is ours under another name of this host by an `Origin` that has the name in `Host`. Runs before the body is
 * read and before anything is counted.
 */
export const refuseForeignPages = (config: Pick<Config, 'origin' | 'COOKIE_DOMAIN' | 'ALLOWED_ORIGINS'>) => {
  const { protocol } = new URL(config.origin)
  return async (request: FastifyRequest): Promise<void> => {
    const caller = callerOf(request, config)
    if (caller === 'same-origin' || caller === 'unsaid') return
    const { origin, host, 'sec-fetch-site': fetchSite } = request.headers
    const isAllowed = origin !== undefined && (config.ALLOWED_ORIGINS.includes(origin) || (fetchSite === undefined && origin === `${protocol}//${host}`))
    if (!isAllowed) throw new Problem('cross-site')
  }
}
