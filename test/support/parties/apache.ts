/** Apache with mod_auth_openidc in front of an app that knows nothing of logins: it reads who is there from the headers that Apache sets. */
import { chmodSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { installed } from '../installed.ts'
import { listen } from '../listen.ts'
import { makeFolder } from '../service-process.ts'
import type { Party, PartySettings } from './party.ts'
import { startServer } from './start-server.ts'

const modules = ['mpm_event', 'authn_core', 'authz_core', 'authz_user', 'alias', 'proxy', 'proxy_http', 'headers', 'auth_openidc']

/** The part that an owner writes. */
const protection = ({ issuer, url, clientId, clientSecret }: PartySettings, app: string): string => `
OIDCProviderMetadataURL ${issuer}/.well-known/openid-configuration
OIDCClientID ${clientId}
OIDCClientSecret ${clientSecret}
OIDCRedirectURI ${url}/protected/callback
OIDCCryptoPassphrase "a secret of the website"
OIDCScope "openid profile email groups"
OIDCPKCEMethod S256
OIDCRemoteUserClaim preferred_username
OIDCPassClaimsAs headers
OIDCCacheType shm
OIDCSessionType server-cache
OIDCDefaultLoggedOutURL ${url}/

<Location /protected>
    AuthType openid-connect
    Require valid-user
</Location>
<Location />
    ProxyPass ${app}/
</Location>
`

const serverConfig = (folder: string, settings: PartySettings, app: string): string => `
ServerRoot ${folder}
PidFile ${join(folder, 'pid')}
ErrorLog ${join(folder, 'error.log')}
LogLevel warn
DefaultRuntimeDir ${folder}
Listen ${new URL(settings.url).host}
ServerName ${new URL(settings.url).host}
DocumentRoot ${folder}
User www-data
Group www-data
${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
${protection(settings, app)}`

/** mod_auth_openidc's names for claims; all of them are strings. */
const claimsIn = (headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, unknown> | null => {
  const claims = Object.entries(headers).flatMap(([name, value]) => name.startsWith('oidc_claim_') ? [[name.slice('oidc_claim_'.length), Buffer.from(String(value), 'latin1').toString()]] : [])
  return claims.length === 0 ? null : { ...Object.fromEntries(claims) as Record<string, unknown>, remote_user: headers['x-remote-user'] }
}

export const apache: Party = {
  name: 'mod_auth_openidc',
  paths: {
    home: '/protected/', login: '/protected/', callback: '/protected/callback', logout: '/protected/callback?logout=', afterLogout: '/', backchannel: '/protected/callback?logout=backchannel',
  },
  open: async (t, settings) => {
    const app = await listen(t, createServer(({ headers }, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ claims: claimsIn(headers), userinfo: null }))
    }))
    const folder = makeFolder(t)
    chmodSync(folder, 0o777) // Apache switches to a user of its own
    const file = join(folder, 'apache.conf')
    writeFileSync(file, serverConfig(folder, settings, app))
    return await startServer(t, installed('apache'), ['-DFOREGROUND', '-f', file], { url: settings.url })
  },
}
