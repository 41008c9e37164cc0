/** Checks that HTTP demands and Node leaves out: one `Host`, and no transfer coding but `chunked`. For requests that can't be read see malformed-requests.ts. */
import fp from 'fastify-plugin'
import { Problem } from '../errors.ts'
import { timesSent } from './raw-headers.ts'

/** Needs a server with `requireHostHeader: false`, as Node's own refusal is not in problem format (RFC 9457). */
export const strictHttpPlugin = fp(async (app) => {
  // RFC 9112 §6.1: Node accepts "gzip, chunked" and passes on the compressed bytes. HTTP/1.0 has no transfer codings.
  app.addHook('onRequest', ({ raw }, reply, done) => {
    const coding = raw.headers['transfer-encoding']
    if (coding === undefined || (raw.httpVersion !== '1.0' && coding.trim().toLowerCase() === 'chunked')) return done()
    reply.header('connection', 'close') // the body is not read
    if (raw.httpVersion === '1.0') throw new Problem('bad-request', { detail: 'HTTP/1.0 has no Transfer-Encoding' })
    throw new Problem('bad-request', { status: 501, detail: 'The only supported transfer coding is chunked' })
  })
  // RFC 9112 §3.2. With two Hosts, a proxy may have read the other one and sent us a call for somebody else.
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    const hosts = timesSent(raw, 'host')
    if (hosts > 1 || (hosts === 0 && raw.httpVersion !== '1.0')) throw new Problem('bad-request', { detail: 'A request must have exactly one Host' })
    done()
  })
}, { name: 'strict-http' })
