/** Requests that can't be read: bytes that aren't HTTP, and paths with malformed escapes. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Problem } from '../errors.ts'
import { varyByPerson } from './api-caching.ts'
import { lingeringClose } from './lingering-close.ts'
import { asProblem, problemBody } from './problems.ts'

/** Returns the URL with malformed escapes taken literally: the path is then `not-found` like any other unknown one. */
export const escapeMalformedPath = ({ url = '/' }: IncomingMessage): string => {
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(url) ?? []
  try {
    decodeURIComponent(path)
    return url
  } catch {
    return path.replaceAll('%', '%25') + query
  }
}

/** Answers what isn't HTTP with a problem. There is no request yet, so no hook runs. */
export const answerMalformed = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (!socket.writable) return // closed, or already answered
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuseSocket(socket, new Problem('bad-request', { status: 408, detail: 'The request did not arrive in time' }))
  else refuseSocket(socket, asProblem({ statusCode: error.code === 'HPE_HEADER_OVERFLOW' ? 413 : 400 }))
}

/** Answers a bare socket with a problem and closes it. */
export const refuseSocket = (socket: Duplex, problem: Problem): void => {
  const body = JSON.stringify(problemBody(problem, randomUUID()))
  lingeringClose(socket, [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    `Vary: ${varyByPerson}`,
    "Content-Security-Policy: default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    'Referrer-Policy: no-referrer',
    'X-Content-Type-Options: nosniff',
    'X-Frame-Options: DENY',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n'))
}
