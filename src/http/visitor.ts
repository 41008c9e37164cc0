/** Determines a visitor's address. Only proxies in TRUST_PROXY may set it. */
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { networkMatcher, plainAddress, prefixesOf } from '../domain/address.ts'

/**
 * Returns the plain address of a hop, or '' where the text is none, or the socket has closed. Some gateways write a port, brackets or quotes, as in
 * `Forwarded` (RFC 7239 §6): `203.0.113.5:51234`, `"[2001:db8::1]:443"`.
 */
const hopAddress = (hop: string | undefined = ''): string => {
  const text = hop.replace(/^"(.*)"$/, '$1')
  const [, v6, v4] = /^(?:\[([^\]]*:[^\]]*)\]|([\d.]+))(?::\d{1,5})?$/.exec(text) ?? []
  return plainAddress(v6 ?? v4 ?? text)
}

/** Creates Fastify's test of which hops may set `X-Forwarded-For`: those in these networks, TRUST_PROXY. */
export const trustedProxies = (networks: readonly string[]): ((hop: string | undefined) => boolean) => {
  const isTrusted = networkMatcher(networks)
  return (hop) => isTrusted(hopAddress(hop))
}

/** Decorates requests with the visitor's address, read once for each: limits, audit, log and use cases all ask for it. A map of them takes more of each held poll. */
export const visitorPlugin = fp(async (app) => { app.decorateRequest('visitorAddress', null) }, { name: 'visitor' })

declare module 'fastify' {
  interface FastifyRequest {
    /** For `addressOf` alone; null until it is asked for. */
    visitorAddress: string | null
  }
}

/**
 * The visitor's IP address, as a plain one; '' where there is none. A trusted proxy that passes on what is no address (a text that the visitor wrote) is taken
 * for the visitor itself: what comes from here is shown on phones.
 */
export const addressOf = (request: FastifyRequest): string => {
  const hopsOf = ({ ips, ip }: FastifyRequest): readonly string[] => ips ?? [ip] // the nearest first
  request.visitorAddress ??= hopsOf(request).map(hopAddress).findLast((hop) => hop !== '') ?? ''
  return request.visitorAddress
}

/** The client key that a visitor is counted with: an IPv4 address, or an IPv6 /64, which one network has to itself. */
export const clientKeyOf = (request: FastifyRequest): string => normalizeIP(addressOf(request))

/** The prefixes of the visitor's address, the widest first; the last is the client key. */
export const clientPrefixesOf = (request: FastifyRequest): readonly [string, ...string[]] => prefixesOf(addressOf(request))

/**
 * The key by which WeChat's quota is shared out among addresses: an IPv4 address, or an IPv6 /48, the most that one customer is given. Nothing is refused for
 * good because of it, so that many may share one.
 */
export const wechatQuotaKeyOf = (address: string): string => {
  const [network] = prefixesOf(address)
  return network.endsWith('/48') ? network : address
}
