/** Requests that can't be read: bytes that aren't HTTP, and paths with malformed escapes. */
import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { plainAddress } from '../domain/address.ts'
import { Problem } from '../errors.ts'
import type { Clock, Log } from '../login/ports.ts'
import { varyByPerson } from './api-caching.ts'
import { lingeringClose } from './lingering-close.ts'
import { maxHeadBytes } from './max-head-bytes.ts'
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

/** Anybody can send such heads. */
const tooLargeLogEveryMs = 60_000

/** Answers what isn't HTTP with a problem. There is no request yet, so no hook runs. */
export const createMalformedAnswer = (clock: Pick<Clock, 'steady' | 'after'>, log: Pick<Log, 'warn'>) => {
  let nextLogAt = -Infinity
  return (error: NodeJS.ErrnoException, socket: Socket): void => {
    if (!socket.writable) return // closed, or already answered
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      refuseSocket(socket, new Problem('bad-request', { status: 408, detail: 'The request did not arrive in time' }), clock)
    } else if (error.code === 'HPE_HEADER_OVERFLOW') {
      const peer = plainAddress(socket.remoteAddress ?? '')
      refuseSocket(socket, new Problem('payload-too-large', { status: 431, detail: headTooLarge }), clock)
      if (clock.steady() < nextLogAt) return
      nextLogAt = clock.steady() + tooLargeLogEveryMs
      log.warn({ code: 'headers-too-large', peer }, `${peer} sent more than ${maxHeadBytes / 1024} KiB of headers, which were refused. If that is your proxy, let it pass on no cookies but those of scan-login (as src/http/recipes/README.md does)`)
    } else {
      refuseSocket(socket, asProblem({ statusCode: 400 }), clock)
    }
  }
}

const headTooLarge = `The headers are larger than ${maxHeadBytes / 1024} KiB, mostly because of the site's cookies. Delete the cookies of this site in your browser, and try again`

/** Answers a bare socket with a problem and closes it. */
export const refuseSocket = (socket: Duplex, problem: Problem, timer: Pick<Clock, 'after'>): void => {
  const body = JSON.stringify(problemBody(problem, randomUUID()))
  lingeringClose(socket, timer, [
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
