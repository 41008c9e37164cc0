/** The composition of the OpenID Provider, where apps are configured. */
import type { ServiceConfig } from './config.ts'
import { proxyFor } from './domain/proxy.ts'
import { Problem } from './errors.ts'
import type { Limits } from './http/limits.ts'
import { readProviderFrame } from './http/page-html.ts'
import type { SessionFinder } from './http/session-finder.ts'
import { addressOf, clientPrefixesOf } from './http/visitor.ts'
import type { Places } from './login/ports.ts'
import { openOidc, type Oidc } from './oidc/oidc.ts'
import { createProviderPages } from './oidc/pages.ts'
import type { ProviderDeps } from './oidc/provider-deps.ts'
import type { BrowserSessions } from './sessions/browser-sessions.ts'
import type { Keys } from './sessions/key-set.ts'
import { providerJwksAt } from './sessions/provider-keys.ts'

export interface AppOidcParts extends Pick<ProviderDeps, 'store' | 'clock' | 'random' | 'log' | 'clients' | 'wechatIds' | 'onLogin'> {
  readonly keys: Keys
  readonly places: Places
  readonly sessions: BrowserSessions
  readonly find: SessionFinder
  readonly limits: Limits
  readonly site: Parameters<typeof readProviderFrame>[0]
  readonly isFramedByOwnPages: boolean
}

/** Opens the provider. Throws where the key file has no keys for it. */
export const openAppOidc = async ({ keys, places, sessions, find, limits, site, isFramedByOwnPages, ...parts }: AppOidcParts, config: ServiceConfig): Promise<Oidc> => {
  const { provider } = keys
  if (provider === null) throw new Error('the key file has no keys for OpenID Connect')
  return await openOidc({
    ...parts,
    clientsFile: config.OIDC_CLIENTS_FILE ?? 'OIDC_CLIENTS_FILE',
    readSession: async (id) => {
      const session = await sessions.findById(id)
      return session?.site === null ? session : undefined // another site's session opens nothing here
    },
    findSession: async (request, reply) => {
      const [session] = await find.byCookies(request, reply).catch((error: unknown) => {
        if (error instanceof Problem && error.code === 'unauthenticated') return [undefined]
        throw error
      })
      return session ?? null
    },
    endSession: async ({ sub, id }, audit) => { await sessions.end(sub, id, 'browser', audit) },
    noteSite: sessions.noteSite,
    isLive: sessions.isLive,
    sealingKey: keys.cookie,
    proxyFor: (url) => proxyFor(url, config),
    addressOf,
    networkOf: (request) => clientPrefixesOf(request)[0].replace(/[^0-9a-f]/g, '-') || 'none',
    maxVisits: config.MAX_TICKETS,
    countVisitor: limits.beforeAuthorization,
    countPerson: limits.beforeAuthorizationOf,
    countGuess: limits.beforeGuess,
    jwks: () => providerJwksAt(keys.provider ?? provider, parts.clock.now()), // read anew: the key file may be changed while the service runs
    pages: createProviderPages({ ...await readProviderFrame(site), clients: parts.clients, places, isFramedByOwnPages }),
    publicUrl: config.PUBLIC_URL,
    basePath: config.basePath,
    emailDomain: config.emailDomain,
    sessionSeconds: { max: config.SESSION_MAX, idle: config.SESSION_IDLE },
  })
}
