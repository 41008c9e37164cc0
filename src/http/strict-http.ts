/** Owns what HTTP asks of a request and Node leaves open: one Host. What can't be read at all is not seen here. */
import fp from 'fastify-plugin'
import { Problem } from '../errors.ts'

/** Needs a server with `requireHostHeader: false`, as Node's own refusal is no problem of ours. */
export const strictHttpPlugin = fp(async (app) => {
  // RFC 9112 §3.2. Nobody here reads it, but a proxy that took the other of two would have sent somebody else's call.
  app.addHook('onRequest', async ({ raw }) => {
    const hosts = raw.rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === 'host').length
    if (hosts > 1 || (hosts === 0 && raw.httpVersion !== '1.0')) throw new Problem('bad-request', { detail: 'A request has one Host' })
  })
}, { name: 'strict-http' })
