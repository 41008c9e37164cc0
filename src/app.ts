/** The composition of the service: its parts, and every plugin in order. Reads no environment, and doesn't listen. */
import { createSecretKey, randomUUID } from 'node:crypto'
import cookie from '@fastify/cookie'
import swagger from '@fastify/swagger'
import fastify, { LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { openAppOidc } from './app-oidc.ts'
import type { ServiceConfig } from './config.ts'
import type { RandomBytes } from './domain/ids.ts'
import { foreignOrigins } from './domain/site.ts'
import { createAccessTokens } from './http/access-tokens.ts'
import { allowedHostsPlugin } from './http/allowed-hosts.ts'
import { answerDeadlinePlugin } from './http/answer-deadline.ts'
import { apiCachingPlugin } from './http/api-caching.ts'
import { auditPlugin } from './http/audit.ts'
import { bodyParserPlugin } from './http/body-parser.ts'
import { createHttpServer } from './http/http-server.ts'
import { maxHeadBytes } from './http/max-head-bytes.ts'
import { createLimits } from './http/limits.ts'
import type { Metrics } from './http/metrics/metrics.ts'
import { createMalformedAnswer, escapeMalformedPath } from './http/malformed-requests.ts'
import { openApiOptions } from './http/openapi.ts'
import { refusalPagePlugin } from './http/refusal-page.ts'
import { asProblem, problemsPlugin, sendProblem } from './http/problems.ts'
import { requestLogPlugin } from './http/request-log.ts'
import { doctorRoute } from './http/routes/doctor.ts'
import { forwardAuthRoute } from './http/routes/forward-auth.ts'
import { operatingRoutes } from './http/routes/operating.ts'
import { pageRoutes } from './http/routes/pages.ts'
import { phoneLoginRoute, signedPhoneRoutes } from './http/routes/phone.ts'
import { sessionRoutes } from './http/routes/session.ts'
import { ticketRoutes } from './http/routes/tickets.ts'
import { securityHeadersPlugin } from './http/security-headers.ts'
import { createSessionCookie } from './http/session-cookie.ts'
import { createSessionFinder } from './http/session-finder.ts'
import { readLogo } from './http/site-logo.ts'
import { shutdownPlugin } from './http/shutdown.ts'
import { signerPlugin } from './http/signer.ts'
import { strictHttpPlugin } from './http/strict-http.ts'
import { unreadBodiesPlugin } from './http/unread-bodies.ts'
import { untrustedProxyPlugin } from './http/untrusted-proxy.ts'
import { trustedProxies, visitorPlugin } from './http/visitor.ts'
import type { StepSink } from './login/audit.ts'
import { createLogin } from './login/login.ts'
import type { Clock, PrefetchedCodes, CodeSource, LinkSource, PhoneIdentity, Places } from './login/ports.ts'
import type { Store } from './login/store-port.ts'
import { createRereadTickets } from './login/reread-tickets.ts'
import { createWaitingRoom } from './login/waiting-room.ts'
import type { FollowedClients } from './oidc/clients-file.ts'
import { createPeople } from './people/people.ts'
import { createWechatIds } from './people/wechat-ids.ts'
import { createBrowserSessions } from './sessions/browser-sessions.ts'
import type { Keys } from './sessions/key-set.ts'
import { createSessionLists } from './sessions/session-lists.ts'
import { createPhoneKeys } from './stores/phone-keys.ts'
import { createTickets } from './stores/tickets.ts'
import { createWrongNumbers } from './stores/wrong-numbers.ts'

export interface AppDeps {
  readonly store: Store
  readonly wechat: CodeSource & PrefetchedCodes & LinkSource & PhoneIdentity
  readonly places: Places
  readonly keys: Keys
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: FastifyBaseLogger
  /** Gets the audit's steps as they are logged. */
  readonly steps?: StepSink
  /** Where METRICS_PORT is set. The caller has put its `steps` among `steps`, and timed the store. */
  readonly metrics?: Metrics
  /** The apps that people log in to by OpenID Connect, where there are any. */
  readonly clients?: FollowedClients
}

export interface AppOptions {
  /** The demo shows the login page inside its own window. */
  readonly isFramedByOwnPages?: boolean
  /** The only allowed values of `Host`; any by default, as each proxy may have its own name for a service. */
  readonly hosts?: ReadonlySet<string>
}

/** Builds the service. Closing it answers every held poll, and leaves the store open. */
export const buildApp = async (deps: AppDeps, config: ServiceConfig, options: AppOptions = {}): Promise<FastifyInstance> => {
  const { store, wechat, places, keys, clock, random, log, metrics } = deps

  const people = createPeople(store, clock)
  const sessions = createBrowserSessions(store, createSessionLists(store, clock), clock, {
    people,
    idleMs: config.SESSION_IDLE * 1000,
    maxMs: config.SESSION_MAX * 1000,
    cookieKey: createSecretKey(keys.cookie),
  })
  const phoneKeys = createPhoneKeys(store, { clock, sealingKey: keys.cookie })
  const room = createWaitingRoom(clock, config.MAX_HELD_POLLS)
  const waitingRoom = metrics === undefined ? room : metrics.watchWaitingRoom(room)
  metrics?.readGauges({ waitingRoom, people, maxHeldPolls: config.MAX_HELD_POLLS })
  const wechatIds = createWechatIds(store, { subjectKey: keys.subject, isKept: config.KEEP_WECHAT_IDS === 'on' })
  const tickets = createTickets(store, { clock, maxTickets: config.MAX_TICKETS })
  const returnOrigins = [config.origin, ...config.ALLOWED_ORIGINS]
  const login = createLogin({
    tickets,
    waitingRoom,
    people,
    wechatIds,
    places,
    wrongNumbers: createWrongNumbers(store, clock, random),
    sessions,
    phones: wechat,
    phoneKeys,
    appid: config.WECHAT_APPID,
    subjectKey: createSecretKey(keys.subject),
    clock,
    random,
    settings: { ticketTtlSeconds: config.TICKET_TTL, matchNumbers: config.MATCH_NUMBERS, get registration () { return config.REGISTRATION }, returnOrigins }, // the demo's can change
  })

  const app = fastify({
    loggerInstance: log,
    logController: new LogController({ disableRequestLogging: true }), // request-log.ts writes one line and no secret
    childLoggerFactory: (log, bindings) => log.child(bindings), // without options pino makes less for each held poll, and no route has any
    genReqId: () => randomUUID(),
    trustProxy: config.proxies.length > 0 ? trustedProxies(config.proxies) : false,
    bodyLimit: 16 * 1024,
    serverFactory: (handler) => createHttpServer(handler, {
      maxWaitMs: config.MAX_WAIT * 1000,
      trustProxy: config.proxies,
      maxHeldPolls: config.MAX_HELD_POLLS,
      clock,
      log,
    }),
    return503OnClosing: false, // during shutdown calls are answered as usual
    routerOptions: { maxParamLength: maxHeadBytes }, // long ids get the answer for unknown ids
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: false } },
    rewriteUrl: escapeMalformedPath,
    frameworkErrors: (error, request, reply) => { sendProblem(asProblem(error), request, reply) },
    clientErrorHandler: createMalformedAnswer(clock, log),
  })
  if (metrics !== undefined) await app.register(metrics.plugin, { basePath: config.basePath }) // times all that follows
  await app.register(apiCachingPlugin, { basePath: config.basePath }) // before everything that may answer
  await app.register(answerDeadlinePlugin, { timer: clock }) // before everything that may wait
  await app.register(visitorPlugin)
  await app.register(signerPlugin)
  const rereadTickets = createRereadTickets({ tickets, waitingRoom })
  const unsubscribe = tickets.onChange((id) => { id === null ? rereadTickets() : waitingRoom.wake(id) })
  app.addHook('onClose', async () => { unsubscribe() })

  const limits = await createLimits(app, store, clock, {
    createPerMinute: config.LIMIT_CREATE,
    guessPerMinute: config.LIMIT_GUESS,
    phonePerMinute: config.LIMIT_PHONE,
    key: keys.cookie,
  })
  const tokens = await createAccessTokens(app, keys, { issuer: config.PUBLIC_URL, audience: config.audience, sites: foreignOrigins(config) }, clock, random)
  const sessionCookie = createSessionCookie(config, clock)
  const find = createSessionFinder(sessions, tokens, sessionCookie)

  const site = {
    basePath: config.basePath,
    siteName: config.siteName,
    home: config.home,
    logo: config.SITE_LOGO === null ? null : readLogo(config.SITE_LOGO),
    color: config.SITE_COLOR,
    privacyUrl: config.SITE_PRIVACY_URL,
    termsUrl: config.SITE_TERMS_URL,
    otherLoginUrl: config.OTHER_LOGIN_URL,
  }
  const oidc = deps.clients === undefined
    ? null
    : await openAppOidc({ ...deps, clients: deps.clients, wechatIds, sessions, find, limits, site, onLogin: metrics?.onAppLogin, isFramedByOwnPages: options.isFramedByOwnPages ?? false }, config)

  if (options.hosts !== undefined) await app.register(allowedHostsPlugin, { hosts: options.hosts })
  await app.register(shutdownPlugin, { waitingRoom })
  await app.register(untrustedProxyPlugin, { clock, trusted: config.proxies })
  await app.register(requestLogPlugin, { clock })
  await app.register(auditPlugin, { origins: returnOrigins, clock, steps: deps.steps })
  await app.register(refusalPagePlugin, { basePath: config.basePath, siteName: config.siteName })
  await app.register(problemsPlugin, { limits, clock })
  await app.register(cookie, { hook: false }) // no parsing for every call: session-cookie.ts reads the header, as several cookies may have our name
  await app.register(securityHeadersPlugin, { isSecure: config.isSecure, isFramedByOwnPages: options.isFramedByOwnPages ?? false })
  await app.register(strictHttpPlugin)
  await app.register(unreadBodiesPlugin)
  await app.register(bodyParserPlugin)
  await app.register(swagger, openApiOptions({ publicUrl: config.PUBLIC_URL, cookieName: sessionCookie.name }))

  await app.register(async (base) => {
    await base.register(async (api) => {
      const phone = {
        login,
        signature: { phoneKeys, clock, authority: new URL(config.PUBLIC_URL).host },
        sessions,
        people,
        limits,
        clock,
        config,
      }
      const links = config.WECHAT_URL_LINK === 'on' ? wechat : null
      await api.register(ticketRoutes({ login, codes: wechat, links, tokens, cookie: sessionCookie, limits, clock, config, findAppLogin: oidc?.findAppLogin ?? null }), { prefix: '/tickets' })
      await api.register(sessionRoutes({ sessions, find, tokens, cookie: sessionCookie, config }), { prefix: '/session' })
      await api.register(forwardAuthRoute({ find, config }), { prefix: '/forward-auth' })
      await api.register(doctorRoute({ keys, config, clock }), { prefix: '/doctor' })
      await api.register(phoneLoginRoute(phone), { prefix: '/phone' })
      await api.register(signedPhoneRoutes(phone), { prefix: '/phone' })
    }, { prefix: '/api' })
    if (oidc !== null) await base.register(oidc.plugin, { prefix: '/oidc' })
    await base.register(operatingRoutes({ store, keys, clock }))
    await base.register(pageRoutes(site))
  }, { prefix: config.basePath })

  return app
}
