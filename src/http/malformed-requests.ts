/** Owns what is done with requests that can't be read as they should: bytes that aren't HTTP, and addresses with escapes that mean nothing. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Problem } from '../errors.ts'
import { asProblem, problemBody } from './problems.ts'

/** Whoever does not hang up after such an answer is cut off so much later: at once, and the answer could be lost with what they still send. Milliseconds. */
const lingerMs = 1000

/** Takes a path with escapes that mean nothing by the letter: it is unknown like any other that isn't there. */
export const escapeMalformedPath = ({ url = '/' }: IncomingMessage): string => {
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(url) ?? []
  try {
    decodeURIComponent(path)
    return url
  } catch {
    return path.replaceAll('%', '%25') + query
  }
}

/** Answers what isn't HTTP with a problem of ours. There is no request yet, so no hook runs either. */
export const answerMalformed = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (!socket.writable) return // it has gone, or has its last answer
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') refuseSocket(socket, new Problem('bad-request', { status: 408, detail: 'The request did not come in time' }))
  else refuseSocket(socket, asProblem({ statusCode: error.code === 'HPE_HEADER_OVERFLOW' ? 413 : 400 }))
}

/** Answers a bare socket with a problem and closes it, whether the client does so or not. */
export const refuseSocket = (socket: Duplex, problem: Problem): void => {
  const body = JSON.stringify(problemBody(problem, randomUUID()))
  socket.end([
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    "Content-Security-Policy: default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
    'Referrer-Policy: no-referrer',
    'X-Content-Type-Options: nosniff',
    'X-Frame-Options: DENY',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n'))
  const linger = setTimeout(() => { socket.destroy() }, lingerMs)
  socket.once('close', () => { clearTimeout(linger) })
}
