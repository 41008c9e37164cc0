/** Origins: those of this service's own site, and those of other sites that embed it. */

/** The origin of PUBLIC_URL, the domain that shares the session cookie, and the origins that may embed the element. */
export interface SiteSettings {
  readonly origin: string
  readonly COOKIE_DOMAIN: string | null
  readonly ALLOWED_ORIGINS: readonly string[]
}

/** Tells whether an origin is the service's own, or covered by COOKIE_DOMAIN over https. False for a text that isn't the canonical form of an origin. */
export const isOwnSite = (origin: string, { origin: own, COOKIE_DOMAIN: domain }: Omit<SiteSettings, 'ALLOWED_ORIGINS'>): boolean => {
  if (origin === own) return true
  const url = URL.parse(origin)
  if (domain === null || url === null || url.origin !== origin || url.protocol !== 'https:') return false
  return url.hostname === domain || url.hostname.endsWith(`.${domain}`)
}

/** Lists the allowed origins on other sites. A ticket or session made for one of them belongs to it alone. */
export const foreignOrigins = (settings: SiteSettings): readonly string[] =>
  settings.ALLOWED_ORIGINS.filter((origin) => !isOwnSite(origin, settings))

/** Lists the allowed origins on our own site, without our own: their pages have the session cookie. */
export const siblingOrigins = (settings: SiteSettings): readonly string[] =>
  settings.ALLOWED_ORIGINS.filter((origin) => origin !== settings.origin && isOwnSite(origin, settings))

/** `Cross-Origin-Resource-Policy` for the element's resources: the narrowest value that includes every allowed origin. The header can't list origins. */
export const resourcePolicyFor = (settings: SiteSettings): 'same-origin' | 'same-site' | 'cross-origin' => {
  if (foreignOrigins(settings).length > 0) return 'cross-origin'
  return settings.ALLOWED_ORIGINS.some((origin) => origin !== settings.origin) ? 'same-site' : 'same-origin'
}

/** Names the site of an allowed origin for people: its host, with the port where it isn't the default. */
export const siteNameOf = (origin: string): string => new URL(origin).host
