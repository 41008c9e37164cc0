/** The session cookie: its name, its attributes, every form of it that a browser may hold; and the header that carries a bearer token in its place. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'
import { isSecret } from '../domain/ids.ts'
import type { Clock } from '../login/ports.ts'

export interface SessionCookie {
  readonly name: string
  /** How many cookies of this name a browser shows, be they good ones or not. */
  count (request: FastifyRequest): number
  /**
   * The secrets that a browser shows, each once: there may be several, as a sibling host can set a cookie of this name as well, and as one may be left
   * of an earlier COOKIE_DOMAIN. A browser sends first what it likes, so none counts before another. `tooMany` where there are more than are looked at.
   */
  read (request: FastifyRequest): { readonly secrets: readonly string[], readonly tooMany: boolean }
  /** `endsAt` is in milliseconds since 1970. */
  set (reply: FastifyReply, secret: string, endsAt: number): void
  /** Expires the cookie in every form that it may have had here, or that another host may have given it for this request's path. */
  clear (request: FastifyRequest, reply: FastifyReply): void
}

/** Each one that is looked at costs a question to the store. */
const maxShown = 8
/** A header that is too long for a proxy loses the whole answer: nginx takes 4 KiB, and these forms are 80 bytes each. */
const maxDomains = 4
const maxPaths = 8

/** The name binds the cookie to its host: `__Host-` to this host alone, `__Secure-` to TLS (RFC 6265bis §4.1.3). */
const nameFor = ({ isSecure, COOKIE_DOMAIN }: Config): string => {
  if (!isSecure) return 'scan_login'
  return COOKIE_DOMAIN === null ? '__Host-scan_login' : '__Secure-scan_login'
}

/** Makes the cookie that fits the configuration. */
export const createSessionCookie = (config: Config, clock: Clock): SessionCookie => {
  const name = nameFor(config)
  const attributes = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: config.isSecure,
    ...(config.COOKIE_DOMAIN !== null && { domain: config.COOKIE_DOMAIN }),
  } as const
  const domains = domainsAbove(new URL(config.PUBLIC_URL).hostname)

  const clear: SessionCookie['clear'] = (request, reply) => {
    // What another configuration of this service may have set.
    const forms: Array<{ name: string, path: string, domain?: string }> = !config.isSecure
      ? []
      : [{ name: 'scan_login', path: '/' }, { name: '__Host-scan_login', path: '/' }, ...domains.map((domain) => ({ name: '__Secure-scan_login', path: '/', domain }))]
    // What another host, or a page at another path, may have set: without `__Host-` any domain and path will do, and each is expired for itself.
    if (!name.startsWith('__Host-')) forms.push(...pathsTo(request.url).flatMap((path) => [{ name, path }, ...domains.map((domain) => ({ name, path, domain }))]))
    reply.clearCookie(name, attributes)
    for (const { name: other, ...where } of forms) {
      const isOurs = other === name && where.path === '/' && (where.domain ?? null) === config.COOKIE_DOMAIN
      if (!isOurs) reply.setCookie(other, '', { ...where, secure: config.isSecure, maxAge: 0 })
    }
  }

  return {
    name,
    count: (request) => valuesOf(request, name).length,
    read: (request) => {
      const secrets = new Set(valuesOf(request, name).filter(isSecret))
      return secrets.size > maxShown ? { secrets: [], tooMany: true } : { secrets: [...secrets], tooMany: false }
    },
    set: (reply, secret, endsAt) => {
      // Max-Age counts by the browser's own time, whatever day its clock shows; Expires is for programs that know no other.
      reply.setCookie(name, secret, { ...attributes, maxAge: Math.max(0, Math.floor((endsAt - clock.now()) / 1000)), expires: new Date(endsAt) })
    },
    clear,
  }
}

/** The values of every cookie with exactly this name, in the header's order. */
const valuesOf = ({ headers: { cookie = '' } }: FastifyRequest, name: string): string[] => cookie.split(';').flatMap((pair) => {
  const at = pair.indexOf('=')
  return at > 0 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
})

/** The host itself and the domains above it, down to two labels; browsers take no cookie for a public suffix. None for an address or a single label. */
const domainsAbove = (host: string): string[] => {
  if (/^\[|^[\d.]+$/.test(host)) return []
  const labels = host.split('.')
  return labels.slice(0, -1).map((_, i) => labels.slice(i).join('.')).slice(-maxDomains)
}

/** Every path of a cookie that is sent with a request (RFC 6265 §5.1.4): each part of the request's own, with a slash at its end and without. */
const pathsTo = (url: string): string[] => {
  const parts = url.replace(/[?#].*$/s, '').split('/').slice(1)
  const paths = parts.flatMap((_, i) => {
    const path = `/${parts.slice(0, i + 1).join('/')}`
    return i < parts.length - 1 ? [path, `${path}/`] : [path]
  })
  return ['/', ...paths.filter((path) => path !== '/' && /^[\w./~-]+$/.test(path)).slice(0, maxPaths)]
}

/**
 * What follows the scheme in `Authorization`, or undefined where another scheme or none is used. A request with two such headers shows nothing, as a
 * proxy may have looked at the other one.
 */
export const authorization = (request: FastifyRequest, scheme: 'Ticket' | 'Bearer'): string | undefined => {
  if (request.raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization').length > 1) return undefined
  const [, used, value] = /^([A-Za-z]+) +([^\s]+)$/.exec(request.headers.authorization ?? '') ?? []
  return used?.toLowerCase() === scheme.toLowerCase() ? value : undefined
}
