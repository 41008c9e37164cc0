/** The secrets and tokens that callers show in headers. Two headers of one name count as none, as a proxy may have read the other one. */
import type { FastifyRequest } from 'fastify'
import { timesSent } from './raw-headers.ts'

/** The token in `Authorization: Bearer`; undefined where there is none. */
export const bearerToken = (request: FastifyRequest): string | undefined => hasTwo(request, 'authorization') ? undefined : valueOf(request, 'bearer')

/** Whether `Authorization` has the scheme `Bearer`, with a token or without. */
export const hasBearer = (request: FastifyRequest): boolean => schemeOf(request) === 'bearer'

/**
 * A ticket's secret: in `Authorization: Ticket`, or in `X-Ticket-Secret` where something on the way needs `Authorization` for itself. Undefined where both are
 * there and differ.
 */
export const ticketSecret = (request: FastifyRequest): string | undefined => {
  if (hasTwo(request, 'authorization') || hasTwo(request, 'x-ticket-secret')) return undefined
  const secret = request.headers['x-ticket-secret'] as string | undefined // there is one header at most
  if (secret === undefined || schemeOf(request) !== 'ticket') return secret ?? valueOf(request, 'ticket')
  return secret === valueOf(request, 'ticket') ? secret : undefined
}

const schemeOf = ({ headers: { authorization = '' } }: FastifyRequest): string | undefined => /^[a-z]+\b/i.exec(authorization)?.[0].toLowerCase()

const valueOf = (request: FastifyRequest, scheme: string): string | undefined =>
  schemeOf(request) === scheme ? /^[a-z]+ +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1] : undefined

const hasTwo = ({ raw }: FastifyRequest, header: string): boolean => timesSent(raw, header) > 1
