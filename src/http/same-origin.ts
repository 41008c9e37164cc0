/** Which site's page makes a call, by the browser's `Origin` and `Sec-Fetch-Site`; and refusals of other sites' calls. */
import type { FastifyRequest, onRequestHookHandler } from 'fastify'
import type { Config } from '../config.ts'
import { isOwnSite } from '../domain/site.ts'
import { Problem } from '../errors.ts'

/** The page that makes a call: of our origin, of our site (where COOKIE_DOMAIN is set), of another site, or `none`: the caller is no page. */
export type Caller = 'same-origin' | 'same-site' | 'other' | 'none'

/**
 * Determines which page makes a call. `Sec-Fetch-Site: same-origin` decides alone, as no script can forge it: it holds for our pages under another name of this
 * host, and under `no-referrer` (origin `null`). Otherwise each of the two headers that is present has to agree.
 */
const callerOf = ({ headers }: FastifyRequest, config: Pick<Config, 'origin' | 'COOKIE_DOMAIN'>): Caller => {
  const { origin, 'sec-fetch-site': fetchSite } = headers
  if (fetchSite === 'same-origin') return 'same-origin'
  if (origin === undefined && (fetchSite === undefined || fetchSite === 'none')) return 'none'
  const isSameSite = fetchSite === undefined || (fetchSite === 'same-site' && config.COOKIE_DOMAIN !== null)
  if (!isSameSite || (origin !== undefined && !isOwnSite(origin, config))) return 'other'
  return origin === config.origin ? 'same-origin' : 'same-site'
}

/** Whether a call comes from a page that may use our cookie. */
export const isOwnPage = (request: FastifyRequest, config: Pick<Config, 'origin' | 'COOKIE_DOMAIN'>): boolean =>
  ['same-origin', 'same-site'].includes(callerOf(request, config))

/**
 * A hook for the picture of a code: refuses pages of origins that aren't allowed. An `<img>` sends no `Origin`, so its `Referer` counts; a page that hides its
 * `Referer` is stopped by Cross-Origin-Resource-Policy alone.
 */
export const refuseForeignPictures = ({ origin: own, ALLOWED_ORIGINS }: Config): onRequestHookHandler => ({ headers }, _reply, done) => {
  const { origin, referer = '', 'sec-fetch-site': fetchSite, 'sec-fetch-mode': mode } = headers
  const isElsewhere = (fetchSite === 'cross-site' || fetchSite === 'same-site') && mode !== 'navigate'
  const page = origin ?? (isElsewhere ? URL.parse(referer)?.origin : undefined)
  if (page !== undefined && page !== own && !ALLOWED_ORIGINS.includes(page)) throw new Problem('cross-site')
  done()
}

/**
 * A hook for making tickets: refuses pages of origins that aren't allowed, so that no page can use up the limits of its visitors. In browsers without
 * `Sec-Fetch-Site`, a page of ours under another name of this host has the same name in `Origin` and `Host`. Runs before the body is read and anything is
 * counted.
 */
export const refuseForeignPages = (config: Pick<Config, 'origin' | 'COOKIE_DOMAIN' | 'ALLOWED_ORIGINS'>): onRequestHookHandler => {
  const { protocol } = new URL(config.origin)
  return (request, _reply, done) => {
    const caller = callerOf(request, config)
    if (caller === 'same-origin' || caller === 'none') return done()
    const { origin, host, 'sec-fetch-site': fetchSite } = request.headers
    const isAllowed = origin !== undefined && (config.ALLOWED_ORIGINS.includes(origin) || (fetchSite === undefined && origin === `${protocol}//${host}`))
    if (!isAllowed) throw new Problem('cross-site')
    done()
  }
}
