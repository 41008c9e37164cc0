/** The OpenID Provider: panva's oidc-provider, on our store and our sessions. Loaded only where clients are configured, as it takes half a second and 25 MB. */
import { createHash } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Configuration, JWKS, KoaContextWithOIDC, default as Provider } from 'oidc-provider'
import type { RandomBytes } from '../domain/ids.ts'
import { Problem } from '../errors.ts'
import type { Audit } from '../login/audit.ts'
import type { WechatIdRegister } from '../login/people-port.ts'
import type { Clock, Log, OnAppLogin, PersonalSession } from '../login/ports.ts'
import type { Store } from '../login/store-port.ts'
import { claimsByScope, claimsOf } from './claims.ts'
import { createClientFaults } from './client-faults.ts'
import { claimsFor, mappedClaims } from './claim-map.ts'
import { admits, secretMatches, type OidcClient } from './client.ts'
import type { FollowedClients } from './clients-file.ts'
import { deviceInfoOf } from './device-pages.ts'
import { limitPolls } from './device-polls.ts'
import { issuerOf, oidcRoutes } from './endpoints.ts'
import { createEntries } from './entries.ts'
import type { ProviderPages } from './pages.ts'
import { toProviderMetadata } from './provider-metadata.ts'
import { createVisitorRoom, withinRoom } from './visitor-room.ts'
import { createProviderSessions, type ProviderSessions } from './provider-sessions.ts'
import { watchLogins } from './watch-logins.ts'

/** A call that the provider is answering. */
export interface ProviderCall {
  readonly request: Pick<FastifyRequest, 'audit'>
  /** The live session of the browser, of our own site; null where nobody is logged in. */
  readonly session: PersonalSession | null
  /** The visitor's network: a part of a key. */
  readonly network: string
}

export interface ProviderDeps {
  /** Seals in the store what may name somebody. */
  readonly sealingKey: Buffer
  readonly store: Store
  readonly clock: Clock
  readonly random: RandomBytes
  readonly clients: FollowedClients
  /** OIDC_CLIENTS_FILE, as log lines name it. */
  readonly clientsFile: string
  readonly log: Log
  readonly wechatIds: Pick<WechatIdRegister, 'read'>
  /** Reads a live session of our own site, whose person may be here. */
  readonly readSession: (id: string) => Promise<PersonalSession | undefined>
  readonly endSession: (session: PersonalSession, audit: Audit) => Promise<void>
  /** Counts a call of a person for whom something is stored. Rejects with `rate-limited`. */
  readonly countPerson: (sub: string, audit: Audit) => Promise<void>
  /** Notes that a site will know a session. False where it has ended. */
  readonly noteSite: (id: string) => Promise<boolean>
  /** The private keys, the one that signs first for each algorithm. Read for each call: the key file may be rotated while the service runs. */
  readonly jwks: () => JWKS
  readonly pages: ProviderPages
  readonly publicUrl: string
  readonly emailDomain: string
  readonly onLogin?: OnAppLogin | undefined
  /** SESSION_MAX and SESSION_IDLE in seconds. */
  readonly sessionSeconds: { readonly max: number, readonly idle: number }
  /** How much is stored for visitors at the most, over all instances. */
  readonly maxVisits: number
}

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

/** A person who is sent to the login has this long, unless the site is known to wait for less. */
export const interactionSeconds = 3600

const granted = { scope: ['offline_access', ...Object.keys(claimsByScope)].join(' '), claims: [...new Set([claimsByScope, mappedClaims].flatMap((scopes) => Object.values(scopes).flat()))] }

/** Loads the provider. */
export const openProvider = async (deps: ProviderDeps): Promise<OpenProvider> => {
  const { default: Provider, errors, interactionPolicy } = await import('oidc-provider')
  const { store, clock, random, clients, wechatIds, readSession, pages, publicUrl, emailDomain, sessionSeconds } = deps
  const isSecure = publicUrl.startsWith('https:')
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

  const clientOf = (context: KoaContextWithOIDC): OidcClient | undefined => clients.find(context.oidc.client?.clientId ?? '')

  /** A used token is kept for as long as a new one, to tell a stolen one: a person at a site of their own could fill the store with them. */
  const countRefresh = async (context: KoaContextWithOIDC, sub: string): Promise<void> => {
    const call = callOf(context)
    if (call !== undefined) {
      await deps.countPerson(sub, call.request.audit).catch((error: unknown) => {
        throw error instanceof Problem && error.code === 'rate-limited' ? Object.assign(new errors.TemporarilyUnavailable('too many refreshes'), { status: 429, statusCode: 429 }) : error
      })
    }
  }

  /** Undefined where a token no longer leads to anybody: its session has ended, or its person may not use this site any more. */
  const findAccount: Configuration['findAccount'] = async (context, sub, token) => {
    const sessionId = token !== undefined && 'sessionUid' in token ? token.sessionUid : undefined
    const session = sessionId === undefined ? callOf(context)?.session : await readSession(sessionId)
    if (session === undefined || session === null || session.sub !== sub) return undefined
    const client = clientOf(context)
    if (client === undefined || (token !== undefined && !admits(client, session.person.groups))) return undefined
    if (token?.kind === 'RefreshToken') await countRefresh(context, sub)
    return {
      accountId: sub,
      claims: async (_use, asked) => {
        const mayHaveIds = client.mayReadWechatIds && asked.split(' ').includes('wechat')
        const own = claimsOf({
          person: session.person,
          loggedInAt: session.createdAt,
          emailDomain,
          wechatIds: mayHaveIds ? await wechatIds.read(sub) ?? null : null,
        })
        return { ...claimsFor(client, own), sub }
      },
    }
  }

  /** The grant of a session for a site. Nobody is asked for consent: the owner has configured the site, and says who may use it. */
  const loadExistingGrant: Configuration['loadExistingGrant'] = async (context) => {
    const session = callOf(context)?.session
    const client = clientOf(context)
    if (session === undefined || session === null || client === undefined) return undefined
    // A login that goes on after an hour was checked when it began: the owner may have taken the address out of the file since. That of a device has none.
    const { route, params } = context.oidc
    if (['authorization', 'resume'].includes(route) && !client.redirectUris.includes(String(params?.['redirect_uri']))) throw new errors.InvalidRedirectUri()
    if (!admits(client, session.person.groups)) throw new errors.AccessDenied('the owner of this site has not let this person in')
    const authorization = await sessions.authorize(session, client.clientId)
    if (authorization === undefined) throw new errors.AccessDenied('the session has ended meanwhile')
    const { sid, grantId } = authorization
    context.oidc.session?.sidFor(client.clientId, sid)
    const grant = new (current().Grant)({ accountId: session.sub, clientId: client.clientId })
    Object.assign(grant, { jti: grantId, exp: Math.floor(Date.now() / 1000) + sessionSeconds.max })
    grant.addOIDCScope(granted.scope)
    grant.addOIDCClaims(granted.claims)
    return grant
  }

  const policy = interactionPolicy.base()
  policy.get('consent')?.checks.clear()
  policy.add(new interactionPolicy.Prompt({ name: 'select_account', requestable: true }), 0)
  policy.get('login')?.checks.add(new interactionPolicy.Check('not_ours', 'nobody is logged in any more', (context) => {
    const session = callOf(context)?.session ?? null
    return context.oidc.session?.accountId !== undefined && session?.sub !== context.oidc.session.accountId
  }))

  const cookiePrefix = isSecure ? '__Secure-' : ''
  const cookie = { httpOnly: true, sameSite: 'lax', secure: isSecure, signed: false } as const
  const sessionCookie = `${isSecure ? '__Host-' : ''}scan_login_oidc`

  const configuration: Configuration = {
    adapter,
    findAccount,
    loadExistingGrant,
    routes: oidcRoutes,
    interactions: { policy, url: (_context, { uid }) => `${new URL(publicUrl).pathname.replace(/\/$/, '')}/oidc/interaction/${uid}` },
    scopes: granted.scope.split(' '),
    claims: { ...claimsByScope, ...mappedClaimsByScope(), acr: null, iss: null, sid: null } as NonNullable<Configuration['claims']>,
    conformIdTokenClaims: false, // many sites read the ID token alone
    subjectTypes: ['public'],
    pkce: { required: (_context, { clientId }) => clients.find(clientId)?.isPkceRequired ?? true },
    expiresWithSession: () => true, // signing out anywhere ends all of it
    rotateRefreshToken: true,
    clientBasedCORS: (_context, origin, { clientId }) => {
      const client = clients.find(clientId)
      return client?.isPublic === true && client.redirectUris.some((uri) => URL.parse(uri)?.origin === origin)
    },
    cookies: {
      names: { session: sessionCookie, interaction: `${cookiePrefix}scan_login_interaction`, resume: `${cookiePrefix}scan_login_resume` },
      long: cookie,
      short: cookie,
    },
    ttl: {
      AccessToken: 3600,
      AuthorizationCode: 60,
      DeviceCode: 600,
      Grant: sessionSeconds.max,
      IdToken: 3600,
      Interaction: interactionSeconds,
      RefreshToken: sessionSeconds.idle,
      Session: sessionSeconds.max,
    },
    features: {
      backchannelLogout: { enabled: true },
      claimsParameter: { enabled: true },
      devInteractions: { enabled: false },
      deviceFlow: {
        enabled: true,
        charset: 'base-20', // no vowels, no digits: nothing that looks like another, and no words
        mask: '****-****',
        deviceInfo: deviceInfoOf,
        userCodeInputSource: pages.userCodeInput,
        userCodeConfirmSource: pages.userCodeConfirm,
        successSource: pages.deviceSuccess,
      },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      resourceIndicators: { enabled: false },
      revocation: { enabled: true, allowedPolicy: (_context, { clientId }, token) => token.clientId === clientId }, // another's token is answered like an unknown one
      rpInitiatedLogout: { enabled: true, logoutSource: pages.logout, postLogoutSuccessSource: pages.loggedOut },
    },
    renderError: pages.error,
  }

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

/** Further claims that presets of sites ask for, under the scope that each comes with. */
const mappedClaimsByScope = () => Object.fromEntries(Object.entries(mappedClaims).map(([scope, names]) =>
  [scope, [...(claimsByScope[scope as keyof typeof claimsByScope] ?? []), ...names]]))
