import fp from 'fastify-plugin'
import { Problem } from '../errors.ts'

export interface AllowedHostsOptions {
  /** As a client writes them in `Host`: lower case, with the port where it isn't the scheme's own. */
  readonly hosts: ReadonlySet<string>
}

/**
 * Refuses every request that names another host, whatever its path, before anything of it is read or counted. A page whose name leads to this machine
 * (DNS rebinding) is a page of the same origin to its browser, and only `Host` tells it from ours. What a proxy forwards is not looked at.
 */
export const allowedHostsPlugin = fp<AllowedHostsOptions>(async (app, { hosts }) => {
  app.addHook('onRequest', async ({ raw }) => {
    if (!hosts.has(raw.headers.host?.toLowerCase() ?? '')) throw new Problem('bad-request', { detail: 'This service answers to another host name' })
  })
}, { name: 'allowed-hosts' })
