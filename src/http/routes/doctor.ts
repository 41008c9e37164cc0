/** How a call arrived, for `npm run doctor`: it compares what it sent with what came through the proxies. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { settingNames, type Config } from '../../config.ts'
import { networkMatcher, plainAddress } from '../../domain/address.ts'
import { doctorKey, settingMarks, verifyDoctorProof } from '../../domain/doctor-proof.ts'
import { Problem } from '../../errors.ts'
import type { Clock } from '../../login/ports.ts'
import type { Keys } from '../../sessions/key-set.ts'
import { ownVersion } from '../../version.ts'
import * as schemas from '../schemas.ts'
import { addressOf } from '../visitor.ts'

export interface DoctorRouteDeps {
  readonly keys: Pick<Keys, 'cookie'>
  readonly config: Config
  readonly clock: Pick<Clock, 'now'>
}

/** Those of the API, which firewalls of hosting panels refuse, and the others, whose 405 would tell a stranger that the path is there. */
const methods = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE'] as const

/**
 * Answers whoever proves that they can read the key file. To everybody else it is a path that isn't there: counted by LIMIT_GUESS, and with no more work than one
 * hash. A proof may be repeated while it lasts: that tells what the first answer told, reads nothing from the store and changes nothing, so no nonce is kept.
 */
export const doctorRoute = ({ keys, config, clock }: DoctorRouteDeps): FastifyPluginAsyncTypebox => async (app) => {
  const key = doctorKey(keys.cookie)
  const isTrusted = networkMatcher(config.proxies)
  const user = { uid: process.getuid?.() ?? null, gid: process.getgid?.() ?? null } // there are none on Windows
  const version = ownVersion()
  const settings = settingMarks(key, config, settingNames) // as at the start: the doctor names what has changed since
  const cookieName = `${config.isSecure ? '__Host-' : ''}scan_login_doctor`

  const nonceOf = ({ method, headers }: FastifyRequest): string | undefined => {
    const proof = headers['x-doctor']
    return typeof proof === 'string' ? verifyDoctorProof(key, proof, { now: clock.now(), method }) : undefined
  }

  app.route({
    method: [...methods],
    url: '',
    schema: { hide: true, response: { 200: schemas.Doctor } },
    onRequest: (request, _reply, done) => {
      if (nonceOf(request) === undefined) throw new Problem('not-found') // before a body is read, as on unknown paths
      done()
    },
    handler: async (request, reply) => {
      const { method, headers, socket } = request
      const peer = plainAddress(socket.remoteAddress ?? '')
      const nonce = nonceOf(request)
      if (nonce === undefined) throw new Problem('not-found') // its time is over since the hook
      // Like the session's, and gone at once: it shows whether cookies get through.
      reply.setCookie(cookieName, nonce, { path: '/', httpOnly: true, sameSite: 'lax', secure: config.isSecure, maxAge: 0 })
      return {
        nonce,
        version,
        method,
        peer,
        is_peer_trusted: isTrusted(peer),
        x_forwarded_for: asText(headers['x-forwarded-for']),
        address: addressOf(request),
        has_authorization: headers.authorization === 'Doctor test',
        user,
        settings,
      }
    },
  })
}

/** Node joins repeated headers of these names with commas. */
const asText = (header: string | readonly string[] | undefined): string | null => typeof header === 'string' ? header : null
