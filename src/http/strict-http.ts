/** What HTTP asks of a request and Node leaves open: one Host, and no transfer coding that nobody here can undo. What can't be read at all is not seen here. */
import fp from 'fastify-plugin'
import { Problem } from '../errors.ts'

/** Needs a server with `requireHostHeader: false`, as Node's own refusal is no problem of ours. */
export const strictHttpPlugin = fp(async (app) => {
  // RFC 9112 §6.1: Node reads "gzip, chunked" as chunks and hands on what is in them as it is. In HTTP/1.0 there is no such framing at all.
  app.addHook('onRequest', async ({ raw }, reply) => {
    const coding = raw.headers['transfer-encoding']
    if (coding === undefined || (raw.httpVersion !== '1.0' && coding.trim().toLowerCase() === 'chunked')) return
    reply.header('connection', 'close') // the body is not read
    if (raw.httpVersion === '1.0') throw new Problem('bad-request', { detail: 'HTTP/1.0 has no Transfer-Encoding' })
    throw new Problem('bad-request', { status: 501, detail: 'Of the transfer codings only chunked is known here' })
  })
  // RFC 9112 §3.2. Nobody here reads it, but a proxy that took the other of two would have sent somebody else's call.
  app.addHook('onRequest', async ({ raw }) => {
    const hosts = raw.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length
    if (hosts > 1 || (hosts === 0 && raw.httpVersion !== '1.0')) throw new Problem('bad-request', { detail: 'A request has one Host' })
  })
}, { name: 'strict-http' })
