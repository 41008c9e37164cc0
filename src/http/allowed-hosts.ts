import fp from 'fastify-plugin'
import { Problem } from '../errors.ts'

export interface AllowedHostsOptions {
  /** In lower case, with the port where it isn't the scheme's default. */
  readonly hosts: ReadonlySet<string>
}

/**
 * Refuses every request with another `Host`, on any path, before anything of it is read or counted. A page whose name resolves to this machine (DNS rebinding)
 * has the same origin to its browser, and only `Host` differs from ours. Ignores `X-Forwarded-Host`.
 */
export const allowedHostsPlugin = fp<AllowedHostsOptions>(async (app, { hosts }) => {
  app.addHook('onRequest', ({ raw }, _reply, done) => {
    if (!hosts.has(raw.headers.host?.toLowerCase() ?? '')) throw new Problem('bad-request', { detail: 'This service answers to another host name' })
    done()
  })
}, { name: 'allowed-hosts' })
