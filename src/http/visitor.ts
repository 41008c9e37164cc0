/** Owns the question at which address a visitor is. Who may tell it is TRUST_PROXY's to say. */
import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'

/**
 * The visitor's IP address, an IPv4 address in IPv6's clothes as what it is. A trusted proxy that passes on what is none (a text that the
 * visitor wrote, an address with a port) is taken for the visitor itself: what comes from here is shown on phones.
 */
export const addressOf = (request: FastifyRequest): string => {
  const hops = request.ips ?? [request.ip] // the nearest first
  const address = hops.findLast((hop) => isIP(hop) !== 0) ?? request.ip
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/s, '')
}
