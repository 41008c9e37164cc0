/** What a browser says about whose page makes a call, and the refusal of calls that another site's page makes with our cookie. */
import type { FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { isOwnSite } from '../domain/site.ts'
import { Problem } from '../errors.ts'

/**
 * A hook for calls that change something by cookie: `Origin` or `Sec-Fetch-Site` has to say that they come from our own origin, or from our own
 * site where the cookie is shared by domain. Browsers send one of them and scripts can't forge them; who sends neither is refused.
 */
export const refuseCrossSite = (config: Config) => async (request: FastifyRequest): Promise<void> => {
  if (callerOf(request, config) !== 'own') throw new Problem('cross-site')
}

/** Tells whose page makes a call: one of our own site, one of another, or `unsaid` by what is no browser, or too old a one. */
export const callerOf = (request: FastifyRequest, config: Config): 'own' | 'other' | 'unsaid' => {
  const { origin, 'sec-fetch-site': fetchSite } = request.headers
  const verdicts = [
    ...(typeof fetchSite === 'string' ? [fetchSite === 'same-origin' || (config.COOKIE_DOMAIN !== null && fetchSite === 'same-site')] : []),
    ...(origin !== undefined ? [isOwnSite(origin, config)] : []),
  ]
  if (verdicts.length === 0) return 'unsaid'
  return verdicts.includes(false) ? 'other' : 'own'
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
 * A hook for making tickets: refuses what a browser says a page of another site asks for, so that no page can use up the limits of whoever looks at
 * it. `Sec-Fetch-Site: same-origin` settles it, as no script can forge that: a page of ours under another name of this host, or under `no-referrer` (origin
 * `null`), is a page of ours. An older browser says it by an `Origin` that has the name in `Host`. Who sends neither is no browser. Runs before the body is
 * read and before anything is counted.
 */
export const refuseForeignPages = ({ origin: own, ALLOWED_ORIGINS }: Pick<Config, 'origin' | 'ALLOWED_ORIGINS'>) => {
  const { protocol } = new URL(own)
  return async ({ headers }: FastifyRequest): Promise<void> => {
    const { origin, host, 'sec-fetch-site': fetchSite } = headers
    if (fetchSite === 'same-origin') return
    const isAllowed = origin === undefined
      ? fetchSite === undefined || fetchSite === 'none'
      : origin === own || ALLOWED_ORIGINS.includes(origin) || (fetchSite === undefined && origin === `${protocol}//${host}`)
    if (!isAllowed) throw new Problem('cross-site')
  }
}
