/** The OpenID Provider: panva's oidc-provider, on our store and our sessions. Loaded only where clients are configured, as it takes half a second and 25 MB. */
import { createHash } from 'node:crypto'
import type { JWKS, KoaContextWithOIDC, default as Provider } from 'oidc-provider'
import { createAccounts, granted } from './accounts.ts'
import { createClientFaults } from './client-faults.ts'
import { secretMatches } from './client.ts'
import { limitPolls } from './device-polls.ts'
import { issuerOf } from './endpoints.ts'
import { createEntries } from './entries.ts'
import { configurationOf } from './provider-configuration.ts'
import type { ProviderCall, ProviderDeps } from './provider-deps.ts'
import { toProviderMetadata } from './provider-metadata.ts'
import { createVisitorRoom, withinRoom } from './visitor-room.ts'
import { createProviderSessions, type ProviderSessions } from './provider-sessions.ts'
import { watchLogins } from './watch-logins.ts'

export interface OpenProvider {
  /** The provider with the keys of this moment. */
  current (): Provider
  close (): void
  readonly sessions: ProviderSessions
  /** The name of its session cookie. */
  readonly sessionCookie: string
  /** Does something for a call: the provider finds its session by the `request` that it is given. */
  answering<T> (call: ProviderCall, request: object, work: () => Promise<T>): Promise<T>
}

/** Loads the provider. */
export const openProvider = async (deps: ProviderDeps): Promise<OpenProvider> => {
  const { default: Provider, errors, interactionPolicy } = await import('oidc-provider')
  const { store, clock, random, clients, readSession, pages, publicUrl, sessionSeconds } = deps
  const sessionCookie = `${publicUrl.startsWith('https:') ? '__Host-' : ''}scan_login_oidc`
  const calls = new WeakMap<object, ProviderCall>()
  const callOf = (context: KoaContextWithOIDC | undefined = Provider.ctx): ProviderCall | undefined => context && calls.get(context.req)
  const routeNow = (): string | undefined => Provider.ctx?.oidc.route

  const room = createVisitorRoom(store, { max: deps.maxVisits, network: () => callOf()?.network ?? 'none' })

  const sessions = createProviderSessions({
    store,
    clock,
    random,
    readSession,
    room,
    noteSite: deps.noteSite,
    maxMs: sessionSeconds.max * 1000,
    granted,
    route: routeNow,
    endSession: async () => {
      const call = callOf()
      const isAskedFor = Provider.ctx?.oidc.params?.['logout'] !== undefined // who stays gets a new id of the provider's session all the same
      if (isAskedFor && call !== undefined && call.session !== null) await deps.endSession(call.session, call.request.audit)
    },
  })

  const invalidGrant = (detail: string): Error => new errors.InvalidGrant(detail)

  const clientEntries = {
    find: async (id: string) => {
      const client = clients.find(id)
      return client && toProviderMetadata(client)
    },
  }

  const adapter = (model: string) => {
    if (model === 'Session') return sessions.sessions
    if (model === 'Grant') return sessions.grants
    if (model === 'Client') return clientEntries as unknown as typeof sessions.sessions // static clients: nothing else of it is called
    const entries = createEntries(store, model, { clock, sealingKey: deps.sealingKey, subOf: async (id) => (await readSession(id))?.sub, invalidGrant, goesOnWithDevice: () => routeNow() === 'device_resume', endGrant: sessions.endGrant })
    if (model === 'Interaction') return withinRoom(entries, room, model)
    return model === 'DeviceCode' ? limitPolls(withinRoom(entries, room, model), store, { isPoll: () => routeNow() === 'token', slowDown: () => new errors.SlowDown() }) : entries
  }

  const policy = interactionPolicy.base()
  policy.get('consent')?.checks.clear()
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0)
  policy.get('login')?.checks.add(new interactionPolicy.Check('not_ours', 'nobody is logged in any more', (context) => {
    const session = callOf(context)?.session ?? null
    return context.oidc.session?.accountId !== undefined && session?.sub !== context.oidc.session.accountId
  }))

  const accounts = createAccounts({ ...deps, errors, sessions, callOf, newGrant: (of) => new (current().Grant)(of) })
  const configuration = configurationOf({ ...deps, adapter, accounts, policy, sessionCookie })
  const faults = createClientFaults(deps.clientsFile, { clock, log: deps.log })

  const build = (jwks: JWKS): Provider => {
    const provider = new Provider(issuerOf(publicUrl), { ...configuration, jwks })
    faults.watch(provider)
    if (deps.onLogin !== undefined) watchLogins(provider, deps.onLogin)
    provider.proxy = true // call.ts says what was forwarded
    provider.use(pages.middleware as Parameters<typeof provider.use>[0]) // the provider's context has its type once its routes have run
    // Secrets are stored as hashes, and may be changed while the service runs.
    Object.assign(provider.Client.prototype, {
      compareClientSecret (this: { clientId: string }, secret: string): boolean {
        const client = clients.find(this.clientId)
        return client !== undefined && secretMatches(client, secret)
      },
    })
    return provider
  }

  let built: { readonly fingerprint: string, readonly provider: Provider } | undefined
  const current = (): Provider => {
    const jwks = deps.jwks()
    const fingerprint = createHash('sha256').update(jwks.keys.map(({ kid }) => kid).join(' ')).digest('hex')
    if (built?.fingerprint !== fingerprint) built = { fingerprint, provider: build(jwks) }
    return built.provider
  }

  return {
    current,
    close: faults.stop,
    sessions,
    sessionCookie,
    answering: async (call, request, work) => {
      calls.set(request, call)
      try {
        return await work()
      } finally {
        calls.delete(request)
      }
    },
  }
}
