/** Reports how logins at apps end, by the events of the provider. */
import type { KoaContextWithOIDC, default as Provider } from 'oidc-provider'
import type { OnAppLogin } from '../login/ports.ts'

/** Grants that end a login; a refreshed token is none. */
const loginGrants: ReadonlySet<unknown> = new Set(['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'])

/** A device asks again and again until its person has answered; an app with `prompt=none` asks whether somebody is logged in. */
const isNoEnd: ReadonlySet<string> = new Set(['authorization_pending', 'slow_down', 'login_required', 'interaction_required'])

export const watchLogins = (provider: Provider, onLogin: OnAppLogin): void => {
  /** Calls in the name of no app that is configured are left out: anybody can make them, with any name. */
  const report = ({ oidc: { client } }: KoaContextWithOIDC, outcome: Parameters<OnAppLogin>[1]): void => {
    if (client !== undefined) onLogin(client.clientId, outcome)
  }
  const isLogin = ({ oidc: { params } }: KoaContextWithOIDC): boolean => loginGrants.has(params?.['grant_type'])
  provider.on('grant.success', (context) => { if (isLogin(context)) report(context, 'ok') })
  provider.on('grant.error', (context, { message }) => { if (isLogin(context) && !isNoEnd.has(message)) report(context, 'failed') })
  provider.on('authorization.error', (context, { message }) => { if (!isNoEnd.has(message)) report(context, 'refused') })
}
