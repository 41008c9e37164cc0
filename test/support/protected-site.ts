/** A service, and an app that shows what it gets, behind a proxy that asks the service. */
import type { Test } from 'tap'
import { appHost, loginHost, openProtectedApp, type RecipeKind, type RecipeOptions } from './recipes.ts'
import { valuesOf, type ShownRequest } from './shown-app.ts'
import { callSite, type SiteCall } from './site-caller.ts'
import { openTestService, type Answer } from './test-service.ts'

export const navigation = { 'sec-fetch-mode': 'navigate', accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }
export const script = { 'sec-fetch-mode': 'cors', accept: 'application/json' }

/** Opens a service, and an app behind a proxy with the recipe. The app answers with what it was sent. */
export const openSite = async (t: Test, kind: RecipeKind, options: RecipeOptions & { readonly env?: Record<string, string> } = {}) => {
  const env = options.isSameOrigin === true
    ? { PUBLIC_URL: `https://${appHost}/auth` }
    : { PUBLIC_URL: `https://${loginHost}`, COOKIE_DOMAIN: 'example.com', ALLOWED_ORIGINS: `https://${appHost}` }
  const service = await openTestService(t, { env: { ...env, TRUST_PROXY: '127.0.0.1', ...options.env } })
  const upstream = new URL(await service.app.listen({ host: '127.0.0.1', port: 0 })).host
  const { address, app } = await openProtectedApp(t, kind, upstream, options)
  const call = (call: Omit<SiteCall, 'host'> & { readonly host?: string }): Promise<Answer> => callSite(address, { host: appHost, ...call })
  return { service, app, address, call }
}

export const shownBy = (answer: Answer): ShownRequest => answer.json as ShownRequest // the app's answer
export const identityIn = (shown: Pick<ShownRequest, 'rawHeaders'>): unknown =>
  Object.fromEntries(['user', 'name', 'email', 'groups'].map((part) => [part, valuesOf(shown, `remote-${part}`).join('|')]))

/** Where an answer leads back to after the login. */
export const wayBack = ({ headers: { location = '' } }: Answer): string | null => URL.parse(String(location))?.searchParams.get('return_to') ?? null
