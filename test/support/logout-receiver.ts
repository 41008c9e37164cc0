/** A site that takes back-channel logouts on this machine: validates the tokens with `jose`, by Back-Channel Logout 1.0 §2.6, and answers as a test says. */
import { createServer, type ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTPayload } from 'jose'
import { listen } from './listen.ts'
import type { TeardownScope } from './teardown-scope.ts'

export interface Logout {
  readonly clientId: string
  readonly sub: string
  readonly sid: string
  readonly jti: string
  readonly alg: string
}

export type LogoutAnswer = number | 'hang' | 'reset' | ((response: ServerResponse) => void)

export interface LogoutReceiver {
  readonly origin: string
  /** The address for a client: `/<client id>`. */
  uriOf (clientId: string): string
  /** Every call whose token is valid, in the order of arrival. */
  readonly tries: Logout[]
  /** Those that were answered with 2xx, with repetitions. */
  readonly heard: Logout[]
  /** What was wrong with calls. */
  readonly invalid: string[]
  answerWith (answer: (logout: Logout) => LogoutAnswer | Promise<LogoutAnswer>): void
}

export interface ReceiverKeys {
  /** Read for each call: a service may get its address later. */
  readonly issuer: string
  /** Asks for the provider's public keys. */
  readonly keys: () => Promise<JSONWebKeySet>
}

export const startLogoutReceiver = async (scope: TeardownScope, provider: ReceiverKeys): Promise<LogoutReceiver> => {
  const jtis = new Set<string>()
  let answerOf: (logout: Logout) => LogoutAnswer | Promise<LogoutAnswer> = () => 200
  const [tries, heard, invalid] = [[] as Logout[], [] as Logout[], [] as string[]]

  const server = createServer((request, response) => {
    const receive = async (): Promise<void> => {
      const clientId = (request.url ?? '').slice(1)
      const form = new URLSearchParams(await text(request))
      let logout: Logout
      try {
        if (request.method !== 'POST' || request.headers['content-type'] !== 'application/x-www-form-urlencoded') throw new Error('no form was posted')
        const { payload, protectedHeader } = await jwtVerify(form.get('logout_token') ?? '', createLocalJWKSet(await provider.keys()), { issuer: provider.issuer, audience: clientId, typ: 'logout+jwt', requiredClaims: ['iat', 'exp', 'jti', 'events', 'sub', 'sid'], maxTokenAge: 130 })
        assertLogout(payload, jtis)
        logout = { clientId, sub: String(payload.sub), sid: String(payload['sid']), jti: String(payload.jti), alg: protectedHeader.alg }
      } catch (error) {
        invalid.push(String(error))
        response.writeHead(400).end()
        return
      }
      tries.push(logout)
      const answer = await answerOf(logout)
      if (answer === 'hang') return
      if (answer === 'reset') {
        request.socket.resetAndDestroy()
        return
      }
      if (typeof answer === 'function') {
        answer(response)
        return
      }
      if (answer >= 200 && answer < 300) heard.push(logout)
      response.writeHead(answer, { 'cache-control': 'no-store' }).end()
    }
    receive().catch(() => {}) // a call that was given up
  })
  const origin = await listen(scope, server)
  return { origin, uriOf: (clientId) => `${origin}/${clientId}`, tries, heard, invalid, answerWith: (answer) => { answerOf = answer } }
}

const assertLogout = ({ events, nonce, jti }: JWTPayload, jtis: Set<string>): void => {
  const event = (events as Record<string, unknown> | undefined)?.['http://schemas.openid.net/event/backchannel-logout']
  if (typeof event !== 'object' || event === null) throw new Error('the event is missing')
  if (nonce !== undefined) throw new Error('a nonce is not allowed')
  if (jti === undefined || jtis.has(jti)) throw new Error('a jti comes twice')
  jtis.add(jti)
}
