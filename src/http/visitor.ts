/** Owns the question at which address a visitor is. Who may tell it is TRUST_PROXY's to say. */
import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyRequest } from 'fastify'
import { plainAddress, prefixesOf } from '../domain/address.ts'

/**
 * The visitor's IP address, as a plain one. A trusted proxy that passes on what is none (a text that the visitor wrote, an address with a
 * port) is taken for the visitor itself: what comes from here is shown on phones.
 */
export const addressOf = (request: FastifyRequest): string => {
  const hops = request.ips ?? [request.ip] // the nearest first
  return hops.map(plainAddress).findLast((address) => address !== '') ?? ''
}

/** The client key that a visitor is counted with: an IPv4 address, or an IPv6 /64, which one network has to itself. */
export const clientKeyOf = (request: FastifyRequest): string => normalizeIP(addressOf(request))

/** The client key and the networks around it, the widest first. */
export const clientNetworksOf = (request: FastifyRequest): readonly [string, ...string[]] => prefixesOf(addressOf(request))

/**
 * Whom calls to WeChat are made for: an IPv4 address, or an IPv6 /48, the most that one customer is given. What is shared out by it is never refused
 * for good, so that many may share one.
 */
export const wechatClientKeyOf = (address: string): string => {
  const [network] = prefixesOf(address)
  return network.endsWith('/48') ? network : address
}
