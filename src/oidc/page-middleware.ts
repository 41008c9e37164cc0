/** What the provider leaves out of its answers: the policy of the forms that it writes itself, the language of the page after a logout, and a device's interval. */
import type { KoaContextWithOIDC } from 'oidc-provider'
import { firstIntervalSeconds } from './device-polls.ts'
import { localesIn } from './page-language.ts'
import { pagePolicy, withFormUris, type PolicyOptions } from './page-policy.ts'

export type Middleware = (context: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>

const policyHeader = 'content-security-policy'

/** The address of a form that the provider sends by its own script: to an app (`response_mode=form_post`), or to its next page. */
const actionIn = (body: unknown): string | undefined => typeof body === 'string' ? /<form method="post" action="([^"]*)"/.exec(body)?.[1]?.replaceAll('&amp;', '&') : undefined

/** Where the answer to such a form leads on to. */
const nextUris = ({ oidc: { route, session, entities } }: KoaContextWithOIDC): readonly string[] => {
  const next = route === 'end_session' ? session?.state?.['postLogoutRedirectUri'] : route === 'resume' ? entities.Interaction?.params['redirect_uri'] : undefined
  return typeof next === 'string' ? [next] : []
}

export const createPageMiddleware = (options: PolicyOptions): Middleware => {
  const policy = pagePolicy([], options)
  return async (context, next) => {
    context.set(policyHeader, policy) // the provider adds its script's hash to what it finds
    await next()
    if (context.type !== 'text/html') context.remove(policyHeader)
    else if (context.response.get(policyHeader).includes("'sha256-")) {
      const action = actionIn(context.body)
      context.set(policyHeader, withFormUris(context.response.get(policyHeader), action === undefined ? [] : [action, ...nextUris(context)]))
    }
    const { route } = context.oidc as KoaContextWithOIDC['oidc'] | undefined ?? {} // nothing on a path that isn't the provider's
    if (route === 'device_authorization' && context.status === 200) context.body = { ...context.body as object, interval: firstIntervalSeconds } // RFC 8628 §3.2
    if (route === 'end_session_confirm') keepLanguage(context)
  }
}

/** The page after a logout knows no app, and so not which language the app has asked for. */
const keepLanguage = (context: KoaContextWithOIDC): void => {
  const location = context.response.get('location')
  const locales = localesIn(context.query['ui_locales'])
  if (locales.length === 0 || !location.startsWith(context.oidc.urlFor('end_session_success'))) return
  const url = new URL(location)
  url.searchParams.set('ui_locales', locales.join(' '))
  context.set('location', url.href)
}
