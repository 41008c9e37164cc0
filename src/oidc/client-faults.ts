/** Log lines for the owner where an app is set up wrongly: the app hears a short code, its people see an error, and neither says what to mend. */
import type { errors, KoaContextWithOIDC, default as Provider } from 'oidc-provider'
import type { LogCode } from '../log-codes.ts'
import { createLogLimit } from '../log-limit.ts'
import type { Clock, Log } from '../login/ports.ts'

/** Lines a minute for each app and kind of fault; strangers can cause them. */
const linesPerMinute = 3

/** Lines a minute about calls that couldn't be answered, each with a stack: without the store that is every call. */
const failuresPerMinute = 20

interface Fault {
  readonly code: Extract<LogCode<'warn'>, `oidc-${string}`>
  readonly text: string
}

/** What a stranger may have written, short and in quotes. */
const quoted = (text: unknown): string => JSON.stringify(String(text ?? '').slice(0, 200))

/** The client id of `Authorization: Basic`. */
const basicUser = (context: KoaContextWithOIDC): string => Buffer.from(/^Basic (\S+)$/i.exec(context.get('authorization'))?.[1] ?? '', 'base64').toString().split(':')[0] ?? ''

const faultOf = (context: KoaContextWithOIDC, { name, message, error_detail: detail, error_description: description }: errors.OIDCProviderError, file: string): Fault | null => {
  const { client, params = {} } = context.oidc
  const who = `client ${quoted(client?.clientId ?? params['client_id'] ?? basicUser(context))}`
  if (client === undefined && /client not found/.test(detail ?? '')) return { code: 'oidc-unknown-client', text: `an app calls itself ${who}, which ${file} doesn't have: compare its client id there and at the app` }
  if (detail === 'invalid secret provided') return { code: 'oidc-wrong-secret', text: `${who} sent another secret than the one in ${file}: enter the right one at the app, or make a new one with "npm run clients"` }
  if (/mechanism does not match/.test(detail ?? '')) return { code: 'oidc-wrong-secret', text: `${who} ${client?.clientAuthMethod === 'none' ? `sent a secret, and ${file} says that it is public and has none` : 'sent no secret: enter it at the app'}` }
  if (name === 'InvalidRedirectUri') return { code: 'oidc-wrong-redirect-uri', text: `${who} wants its people back at ${quoted(params['redirect_uri'])}, which is not in its redirect_uris in ${file}: they are compared character by character, with the query` }
  if (/post_logout_redirect_uri not registered/.test(description ?? '')) return { code: 'oidc-wrong-redirect-uri', text: `${who} wants its people at ${quoted(params['post_logout_redirect_uri'])} after the logout, which is not in its post_logout_redirect_uris in ${file}` }
  // Codes that are used twice or too late, and people who may not log in, are no mistakes of the set-up.
  if (['invalid_grant', 'login_required', 'access_denied', 'interaction_required', 'invalid_token', 'authorization_pending', 'slow_down', 'expired_token', 'temporarily_unavailable'].includes(message)) return null
  return { code: 'oidc-refused', text: `a call of ${who} was refused: ${message}${description === undefined ? '' : ` (${description})`}${detail === undefined ? '' : `, ${detail}`}` }
}

const events = ['authorization.error', 'grant.error', 'device_authorization.error', 'end_session.error', 'revocation.error', 'userinfo.error'] as const

/** Logs faults of apps, a few a minute. Returns a function that ends it. */
export const createClientFaults = (file: string, { clock, log }: { readonly clock: Clock, readonly log: Log }) => {
  const lines = createLogLimit<Fault['code']>(clock, (code, client, repeated) => { log.warn({ code, client, repeated }, 'further faults of this app were not logged') })
  const failures = createLogLimit<'oidc-failed'>(clock, (code, _client, repeated) => { log.error({ code, repeated }, 'further failures of the OpenID Provider were not logged') })

  const report = (context: KoaContextWithOIDC, error: errors.OIDCProviderError): void => {
    const fault = faultOf(context, error, file)
    const client = context.oidc.client?.clientId ?? 'unknown'
    if (fault !== null && lines.allows(fault.code, client, linesPerMinute)) log.warn({ code: fault.code, client }, fault.text)
  }

  const fail = (error: Error): void => {
    if (failures.allows('oidc-failed', 'anybody', failuresPerMinute)) log.error({ code: 'oidc-failed', err: error }, 'the OpenID Provider could not answer. The store has failed, or it is a bug: then please report it')
  }

  return {
    watch: (provider: Provider): void => {
      for (const event of events) provider.on(event as 'grant.error', report) // the types have an overload for each
      provider.on('server_error', (_context, error) => { fail(error) })
      const koa: NodeJS.EventEmitter = provider
      koa.on('error', fail) // without a listener Koa writes the stack to the console
    },
    stop: () => {
      lines.flush()
      failures.flush()
    },
  }
}
