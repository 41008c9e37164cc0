import type { FastifyRequest } from 'fastify'
import Negotiator from 'negotiator'

/** Whether the browser shows the answer as a page, whatever the method. Browsers before 2020, and Safari before 16.4, say so by `Accept` alone. */
export const isNavigation = ({ headers, raw }: Pick<FastifyRequest, 'headers' | 'raw'>): boolean => {
  const mode = headers['sec-fetch-mode']
  return mode === undefined ? new Negotiator(raw).mediaTypes().includes('text/html') : mode === 'navigate'
}
