/** A warning about a peer that says who asks for what without being in TRUST_PROXY: mostly a forgotten reverse proxy, which makes all visitors look like one. */
import fp from 'fastify-plugin'
import { networkMatcher, plainAddress } from '../domain/address.ts'
import type { Clock, Log } from '../login/ports.ts'

const everyMs = 3_600_000

const proxyHeaders = ['x-forwarded-for', 'forwarded', 'x-forwarded-uri', 'x-original-url'] as const

export interface UntrustedProxyOptions {
  readonly clock: Clock
  /** TRUST_PROXY. */
  readonly trusted: readonly string[]
}

/** Warns at most once an hour, as anybody can send such a header. Its value is not logged. */
export const untrustedProxyPlugin = fp<UntrustedProxyOptions>(async (app, { clock, trusted }) => {
  const isTrusted = networkMatcher(trusted)
  let nextAt = -Infinity

  app.addHook('onRequest', (request, _reply, done) => {
    const { headers } = request
    if (proxyHeaders.some((name) => headers[name] !== undefined) && clock.steady() >= nextAt) {
      const peer = plainAddress(request.socket.remoteAddress ?? '')
      if (peer !== '' && !isTrusted(peer)) {
        nextAt = clock.steady() + everyMs
        const log: Log = request.log
        log.warn({ code: 'proxy-untrusted', peer }, `${peer} sends X-Forwarded-For, Forwarded, X-Forwarded-Uri or X-Original-URL and is not in TRUST_PROXY, so that limits and phones take it for the visitor, and nobody is sent back to a page behind it. If it is your reverse proxy, set TRUST_PROXY=${peer}; otherwise a visitor made it up, and nothing is wrong`)
      }
    }
    done()
  })
}, { name: 'untrusted-proxy' })
