/** Routes for the phone. All but the login are signed; the person is the owner of the signing key, never a value in the request. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { Config } from '../../config.ts'
import { Problem } from '../../errors.ts'
import { whyNotName, type Person } from '../../domain/person.ts'
import { siteNameOf } from '../../domain/site.ts'
import type { Ticket } from '../../domain/ticket.ts'
import type { Login } from '../../login/login.ts'
import type { PhoneReads } from '../../login/phone-ticket.ts'
import type { PersonRegister } from '../../login/people-port.ts'
import type { Clock } from '../../login/ports.ts'
import type { BrowserSessions } from '../../sessions/browser-sessions.ts'
import { parseJson, readBodies } from '../body-parser.ts'
import type { Limits } from '../limits.ts'
import { verifyPhoneSignature, type SignatureDeps } from '../phone-signature.ts'
import * as schemas from '../schemas.ts'
import { signerOf } from '../signer.ts'
import { userOf } from '../token-answer.ts'
import { addressOf } from '../visitor.ts'
import { peopleRoutes } from './people.ts'
import { confirmedTicket, scannedTicket, secondsUntil, sessionList } from '../wire.ts'

export interface PhoneRouteDeps {
  readonly login: Login
  readonly signature: SignatureDeps
  readonly sessions: BrowserSessions
  readonly people: PersonRegister
  readonly limits: Limits
  readonly clock: Clock
  readonly config: Config
}

export const phoneLoginRoute = ({ login, limits, clock }: PhoneRouteDeps): FastifyPluginAsyncTypebox => async (app) => {
  app.post('/login', {
    schema: { body: schemas.PhoneLoginBody, response: { 200: schemas.PhoneLogin, ...schemas.problems } },
  }, async (request) => {
    const { key, person } = await limits.duringPhoneLogin(request, () => login.logPhoneIn(request.body.js_code, request.audit))
    return {
      key_id: key.id,
      key: key.key,
      expires_in: secondsUntil(key.expiresAt, clock),
      server_time: Math.floor(clock.now() / 1000),
      user: userOf(person),
    }
  })
}

export const signedPhoneRoutes = ({ login, signature, sessions, people, limits, clock, config }: PhoneRouteDeps): FastifyPluginAsyncTypebox => async (app) => {
  // The digest is over the received bytes, so the body stays bytes until the signature has been verified.
  readBodies(app, (body) => body)

  app.addHook('preValidation', async (request) => {
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    let readingPerson: Promise<Person> | undefined
    let reads: PhoneReads | undefined
    const { id: keyId, sub, since } = await verifyPhoneSignature({ method: request.method, target: request.originalUrl, body, headers: request.headers }, {
      ...signature,
      limitOf: ({ sub, id }) => {
        request.signed = { sub, keyId: id }
        const isKnownOver = limits.isKnownOverForPhone(request)
        if (!isKnownOver) {
          readingPerson = people.read(sub)
          readingPerson.catch(() => {}) // awaited once the signature is verified
        }
        const { ticket } = request.params as { ticket?: string } // of the route
        if (!isKnownOver && ticket !== undefined) reads = request.routeOptions.config.readFirst?.({ id: ticket, sub }, request.audit)
        return { isKnownOver, count: () => limits.beforePhoneCall(request) }
      },
    }).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'key-unknown') request.signed = null // it was only remembered
      throw error
    })
    const person = await (readingPerson ?? people.read(sub))
    request.signed = { sub, keyId, person, since, ...(reads !== undefined && { reads }) }
    if (person.state === 'blocked' && request.routeOptions.config.isForBlocked !== true) throw new Problem('person-blocked')
    const parsed = parseJson(body)
    request.body = parsed === undefined ? {} : parsed
  })

  const siteOf = ({ site, app }: Ticket) => ({
    name: app?.name ?? (site === undefined ? config.siteName : siteNameOf(site)),
    origin: site ?? config.origin, // also for an app: its people see our own login page
    service: config.origin,
    ...(app !== undefined && { app: app.origin }),
  })

  app.post('/tickets/:ticket/scan', {
    schema: { params: schemas.TicketParams, response: { 200: schemas.ScannedTicket, ...schemas.problems } },
    config: { readFirst: login.readForScan },
  }, async (request) => {
    const scan = await login.scanTicket({ id: request.params.ticket, ...signerOf(request), ip: addressOf(request) }, request.audit)
    return scannedTicket(scan, siteOf(scan.ticket), clock)
  })

  app.post('/tickets/:ticket/confirm', {
    schema: { params: schemas.TicketParams, body: schemas.ConfirmBody, response: { 200: schemas.ConfirmedTicket, ...schemas.problems } },
    config: { readFirst: login.readForConfirm },
  }, async (request) => {
    const confirmation = { id: request.params.ticket, ...signerOf(request), matchCode: request.body.match_code }
    return confirmedTicket(await login.confirmTicket(confirmation, request.audit))
  })

  app.post('/tickets/:ticket/cancel', {
    schema: { params: schemas.TicketParams, response: { 200: schemas.MovedTicket, ...schemas.problems } },
  }, async (request) => {
    const { state, version } = await login.cancelByPhone({ id: request.params.ticket, sub: signerOf(request).sub }, request.audit)
    return { state, version }
  })

  app.get('/sessions', {
    schema: { response: { 200: schemas.SessionList, ...schemas.problems } },
  }, async (request) => {
    const { person, person: { state, isOwner } } = signerOf(request)
    const [listed, waiting] = await Promise.all([sessions.listOf(person), isOwner && state === 'active' ? people.count('waiting') : undefined])
    return { ...sessionList(listed), registration: config.REGISTRATION, state, ...(waiting !== undefined && { people_waiting: waiting }) }
  })

  app.delete('/sessions/:id', {
    schema: { params: schemas.SessionParams, querystring: schemas.EndSessionQuery, response: { 204: schemas.Nothing, ...schemas.problems } },
  }, async (request, reply) => {
    const { ticket } = request.query
    await login.endSession({ sub: signerOf(request).sub, id: request.params.id, ...(ticket !== undefined && { ticket }) }, request.audit)
    return await reply.code(204).send()
  })

  app.delete('/sessions', {
    schema: { response: { 204: schemas.Nothing, ...schemas.problems } },
  }, async (request, reply) => {
    const { sub, keyId } = signerOf(request)
    await login.signOutEverywhere({ sub, by: 'phone', exceptKeyId: keyId }, request.audit)
    return await reply.code(204).send()
  })

  app.put('/profile', {
    schema: { body: schemas.ProfileBody, response: { 200: schemas.Profile, ...schemas.problems } },
  }, async (request) => {
    // Checked before it is trimmed: a line break is a control character at the end of a name, too.
    const why = whyNotName(request.body.name)
    if (why !== null) throw new Problem('bad-request', { detail: refusedNames[why], extra: { reason: why } })
    const { sub, person } = signerOf(request)
    if (person.state === 'unknown' && config.REGISTRATION !== 'open' && !await sessions.hasAny(sub)) throw new Problem('person-unknown') // nothing is stored of strangers
    const name = request.body.name.trim()
    await people.rename(sub, name, person.recordedAt)
    return { user: { sub, name: name === '' ? null : name } }
  })

  app.delete('/person', {
    schema: { response: { 204: schemas.Nothing, ...schemas.problems } },
    config: { isForBlocked: true },
  }, async (request, reply) => {
    const { sub, keyId } = signerOf(request)
    await login.erasePerson({ sub, by: 'phone', keyId }, request.audit)
    return await reply.code(204).send()
  })

  await app.register(peopleRoutes({ login, people }), { prefix: '/people' })
}

const refusedNames: Readonly<Record<NonNullable<ReturnType<typeof whyNotName>>, string>> = {
  unreadable: 'A name has at most 32 characters, and none that hides, reverses or stacks text',
  'mixed-scripts': 'Each word of a name is in one script, such as Latin or Chinese',
  office: 'A name must not look like an official of the site or of WeChat',
  address: 'A name must not be a web address, a mail address or a phone number',
}
