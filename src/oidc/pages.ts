/** The provider's own pages. None needs a script. */
import type { IncomingMessage } from 'node:http'
import type { KoaContextWithOIDC } from 'oidc-provider'
import { html, type Html } from '../domain/html.ts'
import type { Places } from '../login/ports.ts'
import type { Language } from '../../static/scan-login/words.js'
import type { OidcClient } from './client.ts'
import { createDevicePages, type DevicePages } from './device-pages.ts'
import { createPageFrame, heading, type FrameOptions, type Page, type PageContent } from './page-frame.ts'
import { localesIn, pageLanguage } from './page-language.ts'
import { createPageMiddleware, type Middleware } from './page-middleware.ts'
import { pageWords, withApp, type StopKind } from './page-words.ts'

type Context = KoaContextWithOIDC
type ShownClient = Pick<OidcClient, 'name' | 'url' | 'loginUrl'>

export interface ProviderPages extends DevicePages {
  /** Asks whether to log out. */
  readonly logout: (context: Context, form: string) => void
  readonly loggedOut: (context: Context) => void
  readonly error: (context: Context, out: { readonly error: string, readonly error_description?: string | undefined }, error: Error) => void
  /** Tells why a login can't go on; `client` is null where it isn't known. */
  readonly stopped: (request: IncomingMessage, kind: StopKind, client: ShownClient | null) => Page
  readonly middleware: Middleware
}

export interface ProviderPageDeps extends FrameOptions {
  readonly clients: { find (id: string): ShownClient | undefined }
  readonly places: Places
}

/** Errors of an app or of its owner: the person can't mend them. */
const ownersErrors = /^invalid_|^unauthorized_client$|^unsupported_|^unmet_/

export const createProviderPages = ({ clients, places, ...options }: ProviderPageDeps): ProviderPages => {
  const frame = createPageFrame(options)
  const { basePath } = options

  const show = (context: Context, content: PageContent): void => {
    const page = frame(content)
    context.set(page.headers)
    context.body = page.html
  }

  const languageOf = (context: Context): Language => pageLanguage(context.req, context.query['ui_locales'], context.oidc.params?.['ui_locales'])

  /** The address of a form, which keeps the language that the app has asked for. */
  const actionOf = (context: Context, route: string): string => {
    const url = new URL(context.oidc.urlFor(route))
    const locales = [context.query['ui_locales'], context.oidc.params?.['ui_locales']].flatMap(localesIn)
    if (locales.length > 0) url.searchParams.set('ui_locales', locales.join(' '))
    return url.href
  }

  const secretOf = (context: Context): string => String(context.oidc.session?.state?.['secret'])

  const clientOf = (context: Context): ShownClient | null => {
    const { client, entities } = context.oidc
    const id = client?.clientId ?? entities.Interaction?.params['client_id']
    return typeof id === 'string' ? clients.find(id) ?? null : null
  }

  const stop = (language: Language, kind: StopKind, client: ShownClient | null, details: Html | null): PageContent => {
    const words = pageWords[language]
    const { line, help } = words.stops[kind]
    const texts = kind === 'late' && client === null ? words.stops.gone : { line, help: withApp(help, client?.name ?? '') }
    return { language, title: texts.line, main: html`${heading(texts)}${wayOn(language, kind, client)}${details}` }
  }

  const wayOn = (language: Language, kind: StopKind, client: ShownClient | null): Html | null => {
    const { startAgain, goToLogout } = pageWords[language]
    if (kind === 'logout') return html`\n  <a class="main" href="${`${basePath}/me`}">${goToLogout}</a>`
    return client === null || kind === 'not-admitted' ? null : html`\n  <a class="main" href="${client.loginUrl}">${withApp(startAgain, client.name)}</a>`
  }

  const kindOf = (context: Context, error: string, cause: Error): StopKind => {
    if (context.status >= 500) return 'failed'
    if (/^end_session/.test(context.oidc.route ?? '')) return 'logout'
    if (cause.name === 'SessionNotFound') return 'gone'
    return error === 'access_denied' ? 'not-admitted' : ownersErrors.test(error) ? 'set-up' : 'failed'
  }

  return {
    logout: (context) => {
      const language = languageOf(context)
      const { line, help, helpFor, logOut, stay } = pageWords[language].logout
      const client = clientOf(context)
      const action = actionOf(context, 'end_session_confirm')
      const next = context.oidc.params?.['post_logout_redirect_uri']
      show(context, {
        language,
        title: line,
        formUris: [action, ...typeof next === 'string' ? [next] : []],
        main: html`${heading({ line, help: client === null ? help : withApp(helpFor, client.name) })}
  <form method="post" action="${action}">
    <input type="hidden" name="xsrf" value="${secretOf(context)}">
    <button class="main" name="logout" value="yes">${logOut}</button>
    <button class="outlined">${stay}</button>
  </form>`,
      })
    },
    loggedOut: (context) => {
      const language = languageOf(context)
      const client = clientOf(context) // only of those who have stayed
      const { loggedOut, stayed } = pageWords[language]
      show(context, client === null
        ? { language, title: loggedOut.line, main: html`${heading(loggedOut)}\n  <a class="outlined" href="${`${basePath}/login`}">${loggedOut.logIn}</a>` }
        : { language, title: stayed.line, main: html`${heading(stayed)}\n  <a class="main" href="${client.url}">${withApp(stayed.back, client.name)}</a>` })
    },
    error: (context, out, cause) => {
      const language = languageOf(context)
      if (context.status < 400) context.status = 400 // a redirect that leads nowhere
      const kind = kindOf(context, out.error, cause)
      const code = [out.error, out.error_description?.slice(0, 300)].filter((text) => text !== undefined).join(': ')
      const details = kind === 'not-admitted' ? null : html`\n  <p class="note">${pageWords[language].forOwner}<code>${code}</code></p>`
      show(context, stop(language, kind, clientOf(context), details))
    },
    ...createDevicePages({ show, languageOf, actionOf, secretOf, clientOf, places }),
    middleware: createPageMiddleware(options),
    stopped: (request, kind, client) => frame(stop(pageLanguage(request), kind, client, null)),
  }
}
