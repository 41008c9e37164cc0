/** The session cookie: its name, its attributes, and every variant of it that a browser may hold. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { cookieValues } from '../domain/cookie-values.ts'
import { isSecret } from '../domain/ids.ts'
import type { Clock } from '../login/ports.ts'

export interface SessionCookie {
  readonly name: string
  /** How many cookies of this name a request has, valid or not. */
  count (request: FastifyRequest): number
  /**
   * Returns the secrets of a request's cookies, each once. There may be several: a sibling host can set a cookie of this name, and one may be left of an
   * earlier COOKIE_DOMAIN. Their order means nothing. `tooMany`, without secrets, for more than eight.
   */
  read (request: FastifyRequest): { readonly secrets: readonly string[], readonly tooMany: boolean }
  /** `endsAt` is in milliseconds since 1970. */
  set (reply: FastifyReply, secret: string, endsAt: number): void
  /**
   * Expires every variant of the cookie that this service may have set, or another host for the path of this request. `visited` is the address that the browser
   * asked for, where that is another one: a proxy passes the answer on.
   */
  clear (request: FastifyRequest, reply: FastifyReply, visited?: URL): void
}

/** Each secret costs a read of the store. */
const maxSecrets = 8
/** An answer whose headers are too long for a proxy is lost: nginx takes 4 KiB, and each variant has 80 bytes. */
const maxDomains = 4
const maxPaths = 8

/** The name binds the cookie to its host: `__Host-` to this host alone, `__Secure-` to TLS (RFC 6265bis §4.1.3). */
const nameFor = ({ isSecure, COOKIE_DOMAIN }: Config): string => {
  if (!isSecure) return 'scan_login'
  return COOKIE_DOMAIN === null ? '__Host-scan_login' : '__Secure-scan_login'
}

/** Creates the cookie of a configuration. */
export const createSessionCookie = (config: Config, clock: Clock): SessionCookie => {
  const name = nameFor(config)
  const attributes = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: config.isSecure,
    ...(config.COOKIE_DOMAIN !== null && { domain: config.COOKIE_DOMAIN }),
  } as const
  const { hostname } = new URL(config.PUBLIC_URL)

  const clear: SessionCookie['clear'] = (request, reply, visited) => {
    const domains = domainsAbove(visited?.hostname ?? hostname)
    // What this service may have set with another configuration.
    const variants: Array<{ name: string, path: string, domain?: string }> = !config.isSecure
      ? []
      : [{ name: 'scan_login', path: '/' }, { name: '__Host-scan_login', path: '/' }, ...domains.map((domain) => ({ name: '__Secure-scan_login', path: '/', domain }))]
    // What another host, or a page at another path, may have set: without `__Host-` any domain and path is possible, and each needs its own Set-Cookie.
    if (!name.startsWith('__Host-')) variants.push(...pathsTo(visited?.pathname ?? request.url).flatMap((path) => [{ name, path }, ...domains.map((domain) => ({ name, path, domain }))]))
    reply.clearCookie(name, attributes)
    for (const { name: other, ...where } of variants) {
      const isOurs = other === name && where.path === '/' && (where.domain ?? null) === config.COOKIE_DOMAIN
      if (!isOurs) reply.setCookie(other, '', { ...where, secure: config.isSecure, maxAge: 0 })
    }
  }

  return {
    name,
    count: (request) => cookieValues(request.headers.cookie, name).length,
    read: (request) => {
      const secrets = new Set(cookieValues(request.headers.cookie, name).filter(isSecret))
      return secrets.size > maxSecrets ? { secrets: [], tooMany: true } : { secrets: [...secrets], tooMany: false }
    },
    set: (reply, secret, endsAt) => {
      // Max-Age doesn't depend on the date that the browser's clock shows. Expires is for programs that don't know Max-Age.
      reply.setCookie(name, secret, { ...attributes, maxAge: Math.max(0, Math.floor((endsAt - clock.now()) / 1000)), expires: new Date(endsAt) })
    },
    clear,
  }
}

/** The host and the domains above it, down to two labels; none for an address or a single label. Browsers reject those that are public suffixes. */
const domainsAbove = (host: string): string[] => {
  if (/^\[|^[\d.]+$/.test(host)) return []
  const labels = host.split('.')
  return labels.slice(0, -1).map((_, i) => labels.slice(i).join('.')).slice(-maxDomains)
}

/** Every path of a cookie that is sent with a request (RFC 6265 §5.1.4): each prefix of the request's path, with a trailing slash and without. */
const pathsTo = (url: string): string[] => {
  const parts = url.replace(/[?#].*$/s, '').split('/').slice(1)
  const paths = parts.flatMap((_, i) => {
    const path = `/${parts.slice(0, i + 1).join('/')}`
    return i < parts.length - 1 ? [path, `${path}/`] : [path]
  })
  return ['/', ...paths.filter((path) => path !== '/' && /^[\w./~-]+$/.test(path)).slice(0, maxPaths)]
}
