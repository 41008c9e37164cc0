/** Which origins are this service's own site, and which are other sites that embed it. */

/** What tells a site: the origin of PUBLIC_URL, the domain that the session cookie is shared by, and the origins that may embed the element. */
export interface SiteSettings {
  readonly origin: string
  readonly COOKIE_DOMAIN: string | null
  readonly ALLOWED_ORIGINS: readonly string[]
}

/** Tells whether an origin is the service's own, or covered by COOKIE_DOMAIN over https. What is no origin in its one form isn't. */
export const isOwnSite = (origin: string, { origin: own, COOKIE_DOMAIN: domain }: Omit<SiteSettings, 'ALLOWED_ORIGINS'>): boolean => {
  if (origin === own) return true
  const url = URL.parse(origin)
  if (domain === null || url === null || url.origin !== origin || url.protocol !== 'https:') return false
  return url.hostname === domain || url.hostname.endsWith(`.${domain}`)
}

/** Lists the allowed origins on other sites: what is made for one of them belongs to it alone. */
export const foreignOrigins = (settings: SiteSettings): readonly string[] =>
  settings.ALLOWED_ORIGINS.filter((origin) => !isOwnSite(origin, settings))

/** `Cross-Origin-Resource-Policy` for what the element shows: the narrowest word that every allowed origin is within. It can name no origin. */
export const resourcePolicyFor = (settings: SiteSettings): 'same-origin' | 'same-site' | 'cross-origin' => {
  if (foreignOrigins(settings).length > 0) return 'cross-origin'
  return settings.ALLOWED_ORIGINS.some((origin) => origin !== settings.origin) ? 'same-site' : 'same-origin'
}

/** Names the site of an allowed origin as people read it: its host, with a port where that isn't the usual one. */
export const siteNameOf = (origin: string): string => new URL(origin).host
