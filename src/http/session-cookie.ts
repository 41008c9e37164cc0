/** Owns the session cookie: its name, its attributes, and the header that carries a bearer token in its place. */
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config.ts'

export interface SessionCookie {
  readonly name: string
  read (request: FastifyRequest): string | undefined
  /** `endsAt` is in milliseconds since 1970. */
  set (reply: FastifyReply, secret: string, endsAt: number): void
  clear (reply: FastifyReply): void
}

/** The name binds the cookie to its place: `__Host-` to this host alone, `__Secure-` to TLS (RFC 6265bis §4.1.3). */
const nameFor = ({ isSecure, COOKIE_DOMAIN }: Config): string => {
  if (!isSecure) return 'scan_login'
  return COOKIE_DOMAIN === null ? '__Host-scan_login' : '__Secure-scan_login'
}

/** Makes the cookie that fits the configuration. */
export const createSessionCookie = (config: Config): SessionCookie => {
  const name = nameFor(config)
  const attributes = {
    path: '/',
    httpOnly: true,
    sameSite: 'lax',
    secure: config.isSecure,
    ...(config.COOKIE_DOMAIN !== null && { domain: config.COOKIE_DOMAIN }),
  } as const
  return {
    name,
    read: (request) => request.cookies[name],
    set: (reply, secret, endsAt) => { reply.setCookie(name, secret, { ...attributes, expires: new Date(endsAt) }) },
    clear: (reply) => { reply.clearCookie(name, attributes) },
  }
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
