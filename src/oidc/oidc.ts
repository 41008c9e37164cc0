/** The service as an OpenID Provider (README.md). Nothing of it is loaded where no app is configured. */
import type { FastifyPluginAsync } from 'fastify'
import type { FindAppLogin } from '../login/ports.ts'
import { createAppLogins } from './app-logins.ts'
import { openLogouts, type LogoutDeps } from './logouts.ts'
import { oidcPlugin, type OidcPluginDeps } from './oidc-plugin.ts'
import { openProvider } from './provider.ts'
import type { ProviderDeps } from './provider-deps.ts'

export interface Oidc {
  /** Answers below the path `/oidc`. */
  readonly plugin: FastifyPluginAsync
  readonly findAppLogin: FindAppLogin
}

export const openOidc = async (deps: ProviderDeps & Omit<OidcPluginDeps, 'provider'> & Omit<LogoutDeps, 'sessions' | 'provider'>): Promise<Oidc> => {
  const provider = await openProvider(deps)
  return {
    plugin: async (app) => {
      const logouts = openLogouts({ ...deps, sessions: provider.sessions, provider: provider.current })
      app.addHook('onClose', async () => { await logouts.close() })
      await app.register(oidcPlugin({ ...deps, provider }))
    },
    findAppLogin: createAppLogins(provider.current, deps.clients, `${deps.basePath}/oidc`),
  }
}
