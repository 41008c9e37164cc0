/** The OpenID Provider's paths, below `/oidc`. */
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { InteractionResults } from 'oidc-provider'
import { cookieValues } from '../domain/cookie-values.ts'
import { Problem } from '../errors.ts'
import type { Audit } from '../login/audit.ts'
import type { Clock, PersonalSession } from '../login/ports.ts'
import { callProvider, providerRequest, targetOf, type Listener } from './call.ts'
import { endOf } from './app-logins.ts'
import type { OidcClient } from './client.ts'
import type { FollowedClients } from './clients-file.ts'
import { isSpelledAsListed, oidcRoutes } from './endpoints.ts'
import type { StopKind } from './page-words.ts'
import type { ProviderPages } from './pages.ts'
import type { OpenProvider } from './provider.ts'

export interface OidcPluginDeps {
  readonly provider: OpenProvider
  readonly clients: FollowedClients
  readonly pages: Pick<ProviderPages, 'stopped'>
  readonly clock: Clock
  readonly publicUrl: string
  /** The path of PUBLIC_URL. */
  readonly basePath: string
  /** The live session of the browser's cookies, of our own site; null where nobody is logged in. */
  readonly findSession: (request: FastifyRequest, reply: FastifyReply) => Promise<PersonalSession | null>
  readonly addressOf: (request: FastifyRequest) => string
  /** A visitor's network, as a part of a key. */
  readonly networkOf: (request: FastifyRequest) => string
  /** Counts a call of a visitor who isn't logged in and for whom something is stored. Rejects with `rate-limited`. */
  readonly countVisitor: (request: FastifyRequest) => Promise<void>
  /** Counts a call of a person who is logged in and for whom something is stored. Rejects with `rate-limited`. */
  readonly countPerson: (sub: string, audit: Audit) => Promise<void>
  /** Counts a call that may be a guess, before it is judged: a code for a device is short enough to be guessed. Rejects with `rate-limited`. */
  readonly countGuess: (request: FastifyRequest) => Promise<void>
}

/** No form that a person or an app sends needs more; the provider would read 56 KiB, and store parts of them. */
const maxBodyBytes = 16 * 1024

/** Calls for which something is stored. */
const storesSomething = /^\/(?:auth|device|session\/end)(?:\/|$)/

/** Of a request in the address; a posted one goes on there. All of it is stored until its person is back from the login. */
const maxRequestBytes = 8192

export const oidcPlugin = ({ provider: open, clients, pages, clock, publicUrl, basePath, findSession, addressOf, networkOf, countVisitor, countPerson, countGuess }: OidcPluginDeps): FastifyPluginAsync => async (app) => {
  const mountPath = `${basePath}/oidc`
  app.addHook('onClose', async () => { open.close() })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxBodyBytes }, (_request, body, done) => { done(null, body) }) // the provider reads forms itself

  /** Where a login at a site comes back to when its person has logged in here, or is logged in already. */
  app.get<{ Params: { uid: string } }>('/interaction/:uid', { schema: { hide: true }, config: { isForPeople: true } }, async (request, reply) => {
    const { uid } = request.params
    const provider = open.current()
    const stop = async (status: number, kind: StopKind, client: OidcClient | null): Promise<FastifyReply> => {
      const page = pages.stopped(request.raw, kind, client)
      return await reply.code(status).headers(page.headers).send(page.html)
    }
    // The browser that has begun, and no other: whoever follows somebody's link must not log that one in.
    if (cookieOf(request, provider.cookieName('interaction')) !== uid) return await stop(400, 'cookies', null)
    const interaction = await provider.Interaction.find(uid)
    if (interaction === undefined) {
      await countGuess(request)
      return await stop(404, 'gone', null)
    }
    const client = clients.find(String(interaction.params['client_id']))
    if (clock.now() >= endOf(interaction, client)) return await stop(410, 'late', client ?? null)
    const session = await findSession(request, reply)
    // Where nobody was logged in when it began, any session is a new one.
    const needsNewLogin = interaction.prompt.reasons.some((reason) => reason !== 'not_ours') && interaction.session?.uid !== undefined
    const isEnough = session !== null && (!needsNewLogin || session.id !== interaction.session?.uid)
    if (!isEnough) return await reply.redirect(`${basePath}/login?return_to=${encodeURIComponent(`${mountPath}/interaction/${uid}`)}${needsNewLogin ? '&prompt=login' : ''}`)
    const result: InteractionResults = { login: { accountId: session.sub, ts: Math.floor(session.createdAt / 1000), amr: ['wechat'] }, select_account: {} }
    // The session may be another one than at the start: the provider would take that for a mistake.
    Object.assign(interaction, { result, session: undefined })
    await interaction.save(Math.max(1, interaction.exp - Math.floor(clock.now() / 1000)))
    return await reply.redirect(interaction.returnTo, 303)
  })

  /** A request may be posted, too (Core 1.0 §3.1.2.1). It goes on as a GET: another site's form brings no cookie of ours, a redirect to here does (SameSite=Lax). */
  await app.register(async (forms) => {
    forms.removeAllContentTypeParsers()
    forms.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: maxRequestBytes }, (_request, body, done) => { done(null, new URLSearchParams(String(body)).toString()) })
    forms.post(oidcRoutes.authorization, { schema: { hide: true }, config: { isForPeople: true, acceptsForms: true } }, async ({ body }, reply) =>
      await reply.redirect(`${mountPath}${oidcRoutes.authorization}?${String(body ?? '')}`, 303))
  })

  app.route({
    method: ['GET', 'POST', 'OPTIONS'],
    url: '/*',
    schema: { hide: true },
    config: { isForPeople: true, acceptsForms: true },
    handler: async (request, reply) => {
      const target = targetOf(request, mountPath)
      const path = target.replace(/[?#].*/s, '')
      if (!isSpelledAsListed(path)) throw new Problem('not-found')
      if (target.length - path.length > maxRequestBytes + 1) throw new Problem('payload-too-large', { status: 431 })
      if (request.method === 'POST' && path === oidcRoutes.code_verification) await countGuess(request)
      const session = await findSession(request, reply)
      if (storesSomething.test(path)) await (session === null ? countVisitor(request) : countPerson(session.sub, request.audit))
      const cookie = { name: open.sessionCookie, value: session === null ? null : open.sessions.cookieFor(session) }
      const provider = open.current()
      const listener = provider.callback() as Listener
      const own = providerRequest(request, { publicUrl, mountPath, address: addressOf(request), cookie })
      const { status, headers, body } = await open.answering({ request, session, network: networkOf(request) }, own, () => callProvider(listener, own))
      if (status === 404 && body.length < 20) throw new Problem('not-found') // Koa's own
      const { 'set-cookie': setCookie, 'content-length': _length, ...others } = headers
      const cookies = [setCookie ?? []].flat().map(String).filter((one) => session === null || !one.startsWith(`${open.sessionCookie}=`))
      if (cookies.length > 0) reply.header('set-cookie', cookies)
      if (status === 503 || status === 429) reply.header('retry-after', status === 503 ? 2 : 60)
      const nothing = request.method === 'HEAD' ? '' : null // Fastify fails at null there
      return await reply.code(status).headers(others).send(body.length === 0 ? nothing : body)
    },
  })
}

/** The value of the only cookie of this name. */
const cookieOf = ({ headers }: FastifyRequest, name: string): string | undefined => {
  const values = cookieValues(headers.cookie, name)
  return values.length === 1 ? values[0] : undefined
}
