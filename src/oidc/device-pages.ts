/**
 * The pages of the device flow: for the code that a device shows, and for the person's decision. Whoever sends somebody a code of their own device gets into that
 * person's account (RFC 8628 §5.4), so the pages name app, device and place, and warn before both steps.
 */
import type { ClientMetadata, errors, KoaContextWithOIDC } from 'oidc-provider'
import { networkOf } from '../domain/address.ts'
import { describeBrowser } from '../domain/browser.ts'
import { html, type Html } from '../domain/html.ts'
import { plainText } from '../domain/text.ts'
import type { Places } from '../login/ports.ts'
import type { Language } from '../../static/scan-login/words.js'
import type { OidcClient } from './client.ts'
import { heading, type PageContent } from './page-frame.ts'
import { pageWords, withApp, type CodeFault } from './page-words.ts'

type Context = KoaContextWithOIDC

/** What is known of the device that asked for a code. */
export type DeviceInfo = Readonly<Record<'ip' | 'ua', string>>

/** Describes the device of a call. */
export const deviceInfoOf = (context: Context): DeviceInfo => ({ ip: context.ip, ua: context.get('user-agent').slice(0, 512) })

export interface DevicePages {
  /** Asks for the code that a device shows. */
  readonly userCodeInput: (context: Context, form: string, out?: object, error?: Error | errors.OIDCProviderError) => void
  /** Asks whether the device with this code may log in. */
  readonly userCodeConfirm: (context: Context, form: string, client: ClientMetadata | object, deviceInfo: object, userCode: string) => void
  readonly deviceSuccess: (context: Context) => void
}

export interface DevicePageDeps {
  readonly show: (context: Context, content: PageContent) => void
  readonly languageOf: (context: Context) => Language
  readonly actionOf: (context: Context, route: string) => string
  readonly secretOf: (context: Context) => string
  readonly clientOf: (context: Context) => Pick<OidcClient, 'name' | 'url'> | null
  readonly places: Places
}

/** Faults of a code, by the names of the provider's errors. */
const faults: Readonly<Record<string, CodeFault>> = {
  NoCodeError: 'unknown',
  NotFoundError: 'unknown',
  ExpiredError: 'expired',
  AlreadyUsedError: 'used',
  InvalidGrant: 'used', // another person was faster
  InvalidRequest: 'stale', // the form's secret
  SessionNotFound: 'stale',
}

export const createDevicePages = ({ show, languageOf, actionOf, secretOf, clientOf, places }: DevicePageDeps): DevicePages => {
  const deviceOf = (ua: string): string => {
    const { name, system } = describeBrowser(ua)
    const known = [name, system].filter((text) => !text.startsWith('Unknown '))
    return known.length > 0 ? known.join(' · ') : plainText(ua, 60)
  }

  const placeOf = (ip: string, language: Language): string => {
    const place = places.placeOf(ip)
    return [place === null ? null : language === 'en' ? place.en : place.zh, networkOf(ip)].filter((text) => text !== null).join(' · ')
  }

  const showTexts = (context: Context, language: Language, texts: { readonly line: string, readonly help: string }): void => {
    show(context, { language, title: texts.line, main: heading(texts) })
  }

  return {
    userCodeInput: (context, _form, _out, error) => {
      const language = languageOf(context)
      const { code, codeFaults, deviceRefused, deviceNotAdmitted } = pageWords[language]
      if (error?.name === 'AbortedError') return showTexts(context, language, error.cause === undefined ? deviceRefused : deviceNotAdmitted)
      const fault = error === undefined ? null : codeFaults[faults[error.name] ?? 'failed']
      const action = actionOf(context, 'code_verification')
      show(context, {
        language,
        title: code.line,
        formUris: [action],
        main: html`
  <h2 class="name">${code.line}</h2>
  <form method="post" action="${action}">
    <input type="hidden" name="xsrf" value="${secretOf(context)}">
    <label class="line" for="user-code">${code.help}</label>
    <input class="user-code" id="user-code" name="user_code" aria-describedby="code-note" maxlength="24" autocomplete="off" autocapitalize="characters" autocorrect="off" spellcheck="false" autofocus required>
    ${fault === null ? null : html`<p class="note trouble" role="alert">${fault}</p>`}
    <button class="main">${code.goOn}</button>
  </form>
  <p class="note" id="code-note">${code.warning}</p>`,
      })
    },
    userCodeConfirm: (context, _form, _client, deviceInfo, userCode) => {
      const language = languageOf(context)
      const { device } = pageWords[language]
      const client = clientOf(context)
      const { ip = '', ua = '' } = deviceInfo as Partial<DeviceInfo>
      const action = actionOf(context, 'code_verification')
      const line = withApp(device.line, client?.name ?? '')
      const row = (name: string, text: string): Html => html`<dt>${name}</dt><dd>${text === '' ? device.unknown : text}</dd>`
      show(context, {
        language,
        title: line,
        formUris: [action],
        main: html`
  <h2 class="name">${line}</h2>
  <p class="line">${device.compare}</p>
  <p class="user-code" lang="en">${userCode}</p>
  <dl>
    ${row(device.app, client === null ? '' : new URL(client.url).host)}
    ${row(device.device, deviceOf(ua))}
    ${row(device.place, placeOf(ip, language))}
  </dl>
  <p class="note trouble">${device.warning}</p>
  <form method="post" action="${action}">
    <input type="hidden" name="xsrf" value="${secretOf(context)}">
    <input type="hidden" name="user_code" value="${userCode}">
    <button class="outlined" name="confirm" value="yes">${device.allow}</button>
    <button class="outlined" name="abort" value="yes">${device.notMe}</button>
  </form>`,
      })
    },
    deviceSuccess: (context) => {
      const language = languageOf(context)
      showTexts(context, language, pageWords[language].deviceDone)
    },
  }
}
