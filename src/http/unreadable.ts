/** Owns what is done with requests that can't be read as they should: bytes that aren't HTTP, and addresses with escapes that mean nothing. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { asProblem, problemBody } from './problems.ts'

/** Takes a path with escapes that mean nothing by the letter: it is unknown like any other that isn't there. */
export const readableUrl = ({ url = '/' }: IncomingMessage): string => {
  const [, path = '', query = ''] = /^([^?]*)(.*)$/s.exec(url) ?? []
  try {
    decodeURIComponent(path)
    return url
  } catch {
    return path.replaceAll('%', '%25') + query
  }
}

/** Answers what isn't HTTP with a problem of ours. There is no request yet, so no hook runs either. */
export const answerUnreadable = (error: NodeJS.ErrnoException, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return
  const isTooLarge = error.code === 'HPE_HEADER_OVERFLOW'
  const body = JSON.stringify(problemBody(asProblem({ statusCode: isTooLarge ? 413 : 400 }), randomUUID()))
  socket.end([
    `HTTP/1.1 ${isTooLarge ? '413 Content Too Large' : '400 Bad Request'}`,
    'Content-Type: application/problem+json',
    'Cache-Control: no-store',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n'))
}
