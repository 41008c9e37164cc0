/** Routes for a browser that logs in: create a ticket, its code and link, poll, consume, cancel. */
import cors from '@fastify/cors'
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { Problem } from '../../errors.ts'
import { describeBrowser } from '../../domain/browser.ts'
import { foreignOrigins, resourcePolicyFor } from '../../domain/site.ts'
import type { SeenBrowser } from '../../domain/ticket.ts'
import type { BrowserCredentials } from '../../login/browser-ticket.ts'
import type { Renewal } from '../../login/claim-renewal.ts'
import type { Login } from '../../login/login.ts'
import type { Clock, PrefetchedCodes, CodeSource, FindAppLogin, LinkSource } from '../../login/ports.ts'
import type { PollAnswer } from '../../login/wait-for-ticket.ts'
import type { AccessTokens } from '../access-tokens.ts'
import { ticketSecret } from '../credentials.ts'
import { corsOptions } from '../cross-origin.ts'
import type { Limits } from '../limits.ts'
import { isOwnPage, refuseForeignPages, refuseForeignPictures } from '../same-origin.ts'
import * as schemas from '../schemas.ts'
import type { SessionCookie } from '../session-cookie.ts'
import { tokenAnswer } from '../token-answer.ts'
import { addressOf, clientPrefixesOf, wechatQuotaKeyOf } from '../visitor.ts'
import { secondsUntil, ticketView } from '../wire.ts'

export interface TicketRouteDeps {
  readonly login: Login
  readonly codes: CodeSource & PrefetchedCodes
  /** Null where WECHAT_URL_LINK is off. */
  readonly links: LinkSource | null
  readonly tokens: AccessTokens
  readonly cookie: SessionCookie
  readonly limits: Limits
  readonly clock: Clock
  readonly config: Config
  /** Null where no app logs in here. */
  readonly findAppLogin: FindAppLogin | null
}

/** Added to MAX_WAIT for the deadline of a poll's answer. */
const pollMarginMs = 6000

export const ticketRoutes = ({ login, codes, links, tokens, cookie, limits, clock, config, findAppLogin }: TicketRouteDeps): FastifyPluginAsyncTypebox => async (app) => {
  const foreign = foreignOrigins(config)
  const resourcePolicy = resourcePolicyFor(config)
  /** The allowed origin on another site whose page makes the call, or null. A page can't hide its origin in a POST; a call without one comes from no page. */
  const siteOf = ({ headers: { origin = '' } }: FastifyRequest): string | null => foreign.includes(origin) ? origin : null

  /** The right to make a ticket that takes the place of one that ends; null where the new one is like any other. A wrong secret is a guess. */
  const renewalOf = async (request: FastifyRequest, id: string | null | undefined): Promise<Renewal | null> => {
    const secret = ticketSecret(request)
    if (typeof id !== 'string' || secret === undefined) return null
    await limits.beforeRenewal(request)
    try {
      return await login.claimRenewal({ id, secret }, request.audit)
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== 'ticket-not-found') throw error
      const problem = await limits.countFailedGuess(error, request)
      if (problem !== error) throw problem
      return null
    }
  }

  if (config.ALLOWED_ORIGINS.length > 0) {
    await app.register(cors, {
      ...corsOptions,
      origin: [...config.ALLOWED_ORIGINS],
      allowedHeaders: ['authorization', 'content-type', 'x-ticket-secret'],
    })
  }

  app.post('', {
    onRequest: refuseForeignPages(config),
    schema: { body: schemas.CreateTicketBody, response: { 201: schemas.CreatedTicket, ...schemas.problems } },
    preValidation: (request, _reply, done) => {
      if (request.body === undefined) request.body = {} // JSON null was sent as null, and is refused
      done()
    },
  }, async (request, reply) => {
    const renewal = await renewalOf(request, request.body.renews)
    const browser = browserOf(request)
    const takePrefetchedId = () => codes.takeTicketId(wechatQuotaKeyOf(browser.ip))
    const [returnTo, site] = [request.body.return_to ?? null, siteOf(request)]
    const app = returnTo === null || site !== null || findAppLogin === null ? null : await findAppLogin(returnTo)
    const order = { returnTo, browser, takePrefetchedId, site, app }
    const make = async (given?: string) => {
      await limits.beforeCreate(request, given !== undefined)
      return await login.createTicket({ ...order, ...(given !== undefined && { secret: given }) }, request.audit)
    }
    const { ticket, secret } = await (renewal === null ? make() : renewal(make))
    return await reply.code(201).send({
      ticket: ticket.id,
      secret,
      state: ticket.state,
      version: ticket.version,
      expires_in: secondsUntil(ticket.expiresAt, clock),
      code_url: `${config.basePath}/api/tickets/${ticket.id}/code`,
      ...(links !== null && { link_url: `${config.basePath}/api/tickets/${ticket.id}/link` }),
      max_wait: config.MAX_WAIT,
      match: ticket.match !== null,
      ...(app !== null && { app: { name: app.name, origin: app.origin, start_url: app.startUrl, expires_in: secondsUntil(app.endsAt, clock) } }),
    })
  })

  app.get('/:ticket/code', {
    onRequest: refuseForeignPictures(config),
    schema: { params: schemas.TicketParams, response: { 200: schemas.Code, ...schemas.pageOrProblems } },
    config: { isForPeople: true }, // the picture in a tab of its own
  }, async (request, reply) => {
    const ticket = await login.readCodeTicket(request.params.ticket, request.audit)
    const { bytes, type } = await codes.codeFor(ticket.id, wechatQuotaKeyOf(ticket.browser.ip))
    return await reply
      .header('cache-control', `private, max-age=${secondsUntil(ticket.expiresAt, clock)}`)
      .header('cross-origin-resource-policy', resourcePolicy) // the element on an allowed site shows it as an <img>
      .type(type)
      .send(bytes)
  })

  if (links !== null) {
    app.get('/:ticket/link', { schema: { params: schemas.TicketParams, response: { 302: schemas.Link, ...schemas.pageOrProblems } }, config: { isForPeople: true } }, async (request, reply) => {
      const ticket = await login.readCodeTicket(request.params.ticket, request.audit)
      return await reply.redirect(await links.linkFor(ticket.id, ticket.expiresAt, wechatQuotaKeyOf(ticket.browser.ip)), 302)
    })
  }

  const viewOf = (answer: PollAnswer) => ticketView(answer, clock)
  app.get('/:ticket', {
    schema: { params: schemas.TicketParams, querystring: schemas.PollQuery, response: { 200: schemas.TicketView, ...schemas.problems } },
    config: { isFrequent: true, answerWithinMs: config.MAX_WAIT * 1000 + pollMarginMs },
  }, (request) => { // not async: each held poll would keep a frame of it
    const { after, wait } = request.query
    const holds = request.method !== 'HEAD' && after !== undefined
    const { id, secret } = credentialsOf(request)
    return login.waitForTicket({ // without a spread, which keeps its members in a second object
      id,
      secret,
      after: Number(after ?? -1),
      waitMs: holds ? clampWait(wait, config.MAX_WAIT) * 1000 : 0,
      prefixes: clientPrefixesOf(request),
      signal: request.leaveSignal,
    }, request.audit).then(viewOf)
  })

  app.post('/:ticket/consume', {
    schema: { params: schemas.TicketParams, response: { 200: schemas.ConsumedTicket, ...schemas.problems } },
  }, async (request, reply) => {
    // The secret alone authenticates the call. On our own pages the sessions of the browser's cookies end, as this login replaces them.
    const presentedSecrets = isOwnPage(request, config) ? cookie.read(request).secrets : []
    const { ticket, session, person } = await login.consumeTicket(credentialsOf(request), presentedSecrets, request.audit)
    if (session.session.site === null && siteOf(request) === null) cookie.set(reply, session.secret, session.endsAt)
    const user = { sub: session.session.sub, name: ticket.person?.name ?? null } // as they confirmed
    return { ...tokenAnswer(session.session, user, person, tokens), return_to: ticket.returnTo }
  })

  app.delete('/:ticket', {
    schema: { params: schemas.TicketParams, response: { 204: schemas.Nothing, ...schemas.problems } },
  }, async (request, reply) => {
    await login.cancelByBrowser(credentialsOf(request), request.audit)
    return await reply.code(204).send()
  })
}

const credentialsOf = (request: FastifyRequest<{ Params: { ticket: string } }>): BrowserCredentials => {
  const secret = ticketSecret(request)
  if (secret === undefined) throw new Problem('ticket-not-found')
  return { id: request.params.ticket, secret }
}

const browserOf = (request: FastifyRequest): SeenBrowser => ({
  ...describeBrowser(request.headers['user-agent'] ?? ''),
  ip: addressOf(request),
})

/** Seconds to hold a poll; the maximum without `wait`. */
const clampWait = (wait: string | undefined, maxWait: number): number =>
  wait === undefined ? maxWait : Math.min(Math.max(Number(wait), 0), maxWait)
