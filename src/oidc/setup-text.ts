/** What to enter at an app, as text for a terminal. */
import type { OidcClient } from './client.ts'
import { issuerOf, oidcRoutes } from './endpoints.ts'
import type { SetupPart, SetupValues, Words } from './presets/preset.ts'
import { presets } from './presets/presets.ts'

export type SetupLanguage = keyof Words

/** Collects what the app of a client needs to know. `secret` stands where the secret belongs; '' for a public client. */
export const setupValues = (client: Pick<OidcClient, 'clientId' | 'url' | 'redirectUris'>, publicUrl: string, secret: string): SetupValues => {
  const issuer = issuerOf(publicUrl)
  return {
    issuer,
    discovery: `${issuer}/.well-known/openid-configuration`,
    authorization: issuer + oidcRoutes.authorization,
    token: issuer + oidcRoutes.token,
    userinfo: issuer + oidcRoutes.userinfo,
    jwks: issuer + oidcRoutes.jwks,
    endSession: issuer + oidcRoutes.end_session,
    clientId: client.clientId,
    clientSecret: secret,
    url: client.url,
    redirectUris: client.redirectUris,
  }
}

/** Writes what is done at the app of a client, in a language. */
export const setupText = (client: Pick<OidcClient, 'app'>, values: SetupValues, language: SetupLanguage): string =>
  presets[client.app].setup(values).map((part) => partText(part, language)).join('\n')

const partText = (part: SetupPart, language: SetupLanguage): string => {
  if ('fields' in part) {
    const width = Math.max(...part.fields.map(([label]) => label.length))
    return part.fields.map(([label, value]) => `  ${label.padEnd(width)}  ${value}\n`).join('')
  }
  return 'lines' in part ? part.lines.map((line) => `  ${line}\n`).join('') : `${part[language]}\n`
}
