/** The route that a proxy asks for each request to an app behind it: who is logged in, or where to log in. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../config.ts'
import { Problem } from '../../errors.ts'
import type { PersonalSession } from '../../login/ports.ts'
import { identityHeaders } from '../identity-headers.ts'
import { loginAddressFor } from '../login-address.ts'
import { isNavigation } from '../navigation.ts'
import { createOriginalRequests, type OriginalRequest } from '../original-request.ts'
import { timesSent } from '../raw-headers.ts'
import * as schemas from '../schemas.ts'
import type { SessionFinder } from '../session-finder.ts'

export interface ForwardAuthDeps {
  readonly find: SessionFinder
  readonly config: Config
}

/** RFC 9110 §9.2.1. A form that was sent can't be sent again after a login. */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

export const forwardAuthRoute = ({ find, config }: ForwardAuthDeps): FastifyPluginAsyncTypebox => async (app) => {
  const originalOf = createOriginalRequests({ proxies: config.proxies, origins: [config.origin, ...config.ALLOWED_ORIGINS] })

  /** An app has an `Authorization` of its own, unless the operator says that it is ours. */
  const findSession = async (request: FastifyRequest, reply: FastifyReply, { origin, target }: OriginalRequest, isBearerOn: boolean): Promise<PersonalSession> => {
    const visited = (origin === null ? null : URL.parse(origin + (target ?? ''))) ?? undefined
    if (!isBearerOn) return (await find.byCookies(request, reply, visited))[0]
    if (timesSent(request.raw, 'authorization') > 1) throw new Problem('unauthenticated') // the app may read the other one
    const session = await find.byTokenOrCookie(request, reply, visited)
    if (session.site !== null) throw new Problem('unauthenticated') // another site's token doesn't open our site
    return session
  }

  const loginAddress = (problem: Problem, request: FastifyRequest): string => {
    const { proxy } = request.query as { proxy?: 'nginx' } // any other value is the problem
    const address = loginAddressFor(originalOf(request, proxy), config)
    return problem.code === 'person-unknown' ? `${address}&prompt=login` : address
  }

  app.get('', {
    schema: { querystring: schemas.ForwardAuthQuery, response: { 200: schemas.Identity, 302: schemas.ToLogin, ...schemas.pageOrProblems } },
    config: { isFrequent: true, isForPeople: true, loginAddress },
  }, async (request, reply) => {
    const { proxy, groups, bearer } = request.query
    const original = originalOf(request, proxy)
    try {
      const { person } = await findSession(request, reply, original, bearer === 'on')
      if (groups !== undefined && !groups.split(',').some((group) => person.groups.includes(group))) throw new Problem('person-unknown', { detail: 'This person is in none of the groups that are let in here' })
      return await reply.headers(identityHeaders(person, config.emailDomain)).send(undefined)
    } catch (error) {
      const isSentToLogin = error instanceof Problem && error.code === 'unauthenticated' && safeMethods.has(original.method) && isNavigation(request)
      if (!isSentToLogin) throw error
      reply.header('location', loginAddressFor(original, config))
      if (proxy === 'nginx') throw error
      return await reply.code(302).send(undefined)
    }
  })
}
